// SPDX-License-Identifier: Apache-2.0
// Data that is no Arrow stream yet: rows, columns or batches of Python, read by a table's schema.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <arrow/type_fwd.h>
#include <nanobind/nanobind.h>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/types/schema.h"

#include "engine_call.h"

namespace iceframe::python {

/// How much of the input is converted at once.
struct RowLimits {
  int64_t max_rows = 64 * 1024;
  /// About as many bytes; a row that is longer is a batch of its own.
  int64_t max_bytes = 16 << 20;
};

/// One column: a list or tuple of Python values, or an object of the Arrow protocol.
struct InputColumn {
  std::string name;
  nanobind::object values;
  bool is_arrow = false;
  /// NaN stands for null, as pandas has it.
  bool nan_is_null = false;
};

/// What is read row by row: an iterator of mappings, models, data classes or named tuples.
struct InputRows {
  nanobind::object iterator;
};
/// An iterator of objects of the Arrow protocol, each with its own schema.
struct InputBatches {
  nanobind::object iterator;
};
using InputColumns = std::vector<InputColumn>;

/// Input of one write; read once. Needs the GIL but in the readers, which take it.
class RowInput {
 public:
  RowInput(std::variant<InputRows, InputBatches, InputColumns> source, RowLimits limits)
      : source_(std::move(source)), limits_(limits) {}

  /// Returns a reader that makes batches as they are asked for, on the thread that asks, which must
  /// be one that Python knows. Exceptions of the user's own iterators are left as Python errors.
  /// Errors: SchemaMismatch naming columns that differ in length or that the table lacks; while
  /// reading, SchemaMismatch naming column, row and value.
  Result<std::shared_ptr<arrow::RecordBatchReader>> Open(std::shared_ptr<const Schema> table_schema,
                                                         const OperationContext& context) const;

 private:
  std::variant<InputRows, InputBatches, InputColumns> source_;
  RowLimits limits_;
};

/// Opens what a user handed in: a RowInput, or anything with __arrow_c_stream__. `table_schema` is
/// asked for where the rows have no types of their own. Needs the GIL.
Result<std::shared_ptr<arrow::RecordBatchReader>> OpenInput(
    nanobind::handle data, const Operation& operation,
    const std::function<Result<std::shared_ptr<const Schema>>()>& table_schema);

}  // namespace iceframe::python
