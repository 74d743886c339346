// SPDX-License-Identifier: Apache-2.0
// The one interface of all query operators: batches are pulled from the top.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/execution/file_stream.h"
#include "iceframe/execution/first_rows.h"
#include "iceframe/expression/expression.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// What one operator did, its inputs' work not counted in.
struct OperatorMetrics {
  int64_t num_rows = 0;
  int64_t num_batches = 0;
  /// Wall clock within this operator and its inputs.
  std::chrono::nanoseconds total_time{0};
  int64_t peak_bytes = 0;
};

/// Is told by a scan of its files as they go by.
class FileListener {
 public:
  virtual ~FileListener() = default;
  /// All rows of a file came. `key`: under which its answer may be kept; empty: it may not.
  virtual Status EndFile(const std::string& key) = 0;
  /// A file's answer, which takes the place of its rows.
  virtual Status TakeAnswer(const KeptAnswer& answer) = 0;
};

/// An operator and its inputs. Open is called once, then Next to the end; one thread at a time.
///
/// Opening may read inputs to their end (what a join builds of, what a sort sorts), and hand
/// filters to inputs that are not open yet. Memory is taken from a budget of the operator's own
/// below that of the operation.
class Operator {
 public:
  /// `schema`: the columns that come out, under their ids in the plan.
  /// Errors: Unsupported for a type that Arrow has not (variant, geometry).
  Operator(std::string name, std::shared_ptr<const Schema> schema,
           std::vector<std::unique_ptr<Operator>> inputs);
  virtual ~Operator() = default;
  Operator(const Operator&) = delete;
  Operator& operator=(const Operator&) = delete;

  Status Open(const OperationContext& context);
  /// The next batch, never an empty one, or nullptr at the end. Its fields carry their ids.
  Result<std::shared_ptr<arrow::RecordBatch>> Next();
  /// Rows for which a predicate over this operator's columns is not true will not be missed. To be
  /// called before Open; ignored where it is of no use.
  virtual void OfferFilter(const Expression& predicate);
  /// Tells that only the first rows in an order, and ties with the last one, are needed. To be
  /// called before Open; ignored where it is of no use.
  virtual void OfferFirstRows(const FirstRows& first);
  /// To be called before Open: `listener`, which outlives the operator's use, is told of the files
  /// of the one scan whose rows these are, row by row, within the calls of Next. Files with answers
  /// that are wanted give no rows. Returns false, and does nothing, where rows don't come so.
  virtual bool ListenToFiles(FileListener* listener, const WantedAnswers& answers);

  /// One line for people: the operation.
  const std::string& name() const { return name_; }
  const std::shared_ptr<const Schema>& schema() const { return schema_; }
  const std::vector<std::unique_ptr<Operator>>& inputs() const { return inputs_; }
  const OperatorMetrics& metrics() const { return metrics_; }
  /// What was counted below this operator alone (files and row groups of a scan); nullptr: nothing.
  virtual const OperationCounters* counters() const { return nullptr; }

 protected:
  virtual Status DoOpen() = 0;
  virtual Result<std::shared_ptr<arrow::RecordBatch>> DoNext() = 0;

  Operator& input(size_t i = 0) { return *inputs_[i]; }
  /// The operation's context with the operator's own budget.
  const OperationContext& context() const { return context_; }
  arrow::MemoryPool* pool() const { return context_.pool(); }
  /// The setting execution.batch_bytes: no column of a batch reaches farther
  /// (types/offset_reach.h), but for one of a single row.
  int64_t batch_bytes() const { return batch_bytes_; }
  /// Opens all inputs.
  Status OpenInputs();
  /// Columns in the schema's order, in any equal physical form (wide ones too), as a batch of the
  /// arrow schema. Errors: ResourceExhausted if 32-bit offsets don't reach.
  Result<std::shared_ptr<arrow::RecordBatch>> MakeBatch(
      int64_t num_rows, std::vector<std::shared_ptr<arrow::Array>> columns) const;

 private:
  std::string name_;
  std::shared_ptr<const Schema> schema_;
  std::shared_ptr<arrow::Schema> arrow_schema_;
  std::vector<std::unique_ptr<Operator>> inputs_;
  OperationContext context_;
  OperatorMetrics metrics_;
  int64_t batch_bytes_ = 0;
  bool is_done_ = false;
};

using OperatorPtr = std::unique_ptr<Operator>;

}  // namespace iceframe
