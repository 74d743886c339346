// SPDX-License-Identifier: Apache-2.0
// Brings Arrow data into a table's form, or says which value can't be kept.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/types/offset_reach.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// A cast of batches of one Arrow schema into a table schema, worked out once for a stream.
///
/// Columns and struct fields are matched by name. A missing optional one becomes its
/// write-default or nulls. Casts are checked by value: integers of any width by range, integers
/// to floats and doubles to floats where exact, decimals rescaled where no digit is lost, times
/// and timestamps of any unit where exact, timestamps of any zone as UTC instants (never with to
/// without zone or back), large_, _view, dictionary and run-end encodings to the plain one.
class LosslessCast {
 public:
  /// Errors: SchemaMismatch naming columns that the table lacks or requires, and types that no
  /// lossless cast joins; Unsupported for variant, geometry and geography columns.
  static Result<LosslessCast> Make(const arrow::Schema& from, std::shared_ptr<const Schema> to,
                                   arrow::MemoryPool* pool);

  /// The form of the results: ToArrowSchema of the table schema.
  const std::shared_ptr<arrow::Schema>& output_schema() const { return output_schema_; }

  /// How many of the batch's rows from `begin` on, at least one and at most `max_rows`, can be cast
  /// at once: no column's text or lists get over `max_bytes` (offset_reach.h).
  int64_t NumRowsWithin(const arrow::RecordBatch& batch, int64_t begin, int64_t max_rows,
                        int64_t max_bytes) const;

  /// Returns the batch in output_schema's form; columns that are in it already are shared, not
  /// copied. `first_row` is added to the row numbers in errors.
  /// Errors: SchemaMismatch naming column, types, value and row; InvalidArgument naming the column
  /// whose text or lists get over `max_bytes`; ResourceExhausted from `pool`.
  Result<std::shared_ptr<arrow::RecordBatch>> Apply(const arrow::RecordBatch& batch,
                                                    arrow::MemoryPool* pool, int64_t first_row = 0,
                                                    int64_t max_bytes = kMaxOffset) const;

 private:
  LosslessCast() = default;

  std::shared_ptr<const Schema> schema_;
  std::shared_ptr<arrow::Schema> input_schema_;
  std::shared_ptr<arrow::Schema> output_schema_;
  // The batch's column for each of the table's; -1 where it is missing.
  std::vector<int> sources_;
  // Of the defaults that missing columns get.
  int64_t longest_default_ = 0;
};

/// Casts a single batch, whose text and lists 32-bit offsets must reach; LosslessCast says how.
Result<std::shared_ptr<arrow::RecordBatch>> CastLossless(const arrow::RecordBatch& batch,
                                                         const Schema& schema,
                                                         arrow::MemoryPool* pool);

}  // namespace iceframe
