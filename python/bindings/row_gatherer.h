// SPDX-License-Identifier: Apache-2.0
// Rows of single calls, gathered in the columns of a table.
#pragma once

#include <cstdint>
#include <memory>

#include <arrow/type_fwd.h>
#include <nanobind/nanobind.h>

#include "iceframe/base/result.h"
#include "iceframe/types/schema.h"

#include "column_builder.h"

namespace iceframe::python {

/// Takes rows one by one; one that is refused leaves no trace. Not thread-safe.
class RowGatherer {
 public:
  /// Needs the GIL. Errors: Unsupported for types that have no Arrow form.
  static Result<std::unique_ptr<RowGatherer>> Make(std::shared_ptr<const Schema> schema,
                                                   arrow::MemoryPool* pool);

  /// Appends a mapping, model, data class or named tuple. Needs the GIL.
  /// Errors: SchemaMismatch naming column, type and value; PythonRaised.
  Status Append(PyObject* row);
  /// Returns the rows since the last call, nullptr if there are none. Needs no GIL.
  Result<std::shared_ptr<arrow::RecordBatch>> Finish();

  const std::shared_ptr<const Schema>& schema() const { return schema_; }
  int64_t num_rows() const { return num_rows_; }
  int64_t num_bytes() const { return place_.num_bytes; }

 private:
  RowGatherer() = default;

  std::shared_ptr<const Schema> schema_;
  std::shared_ptr<arrow::Schema> arrow_schema_;
  RowPlace place_;
  std::unique_ptr<StructBuilder> rows_;
  int64_t num_rows_ = 0;
  // Rows from before one that was refused.
  std::shared_ptr<arrow::RecordBatch> finished_;
};

}  // namespace iceframe::python
