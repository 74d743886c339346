// SPDX-License-Identifier: Apache-2.0
// Arrow's PyCapsule protocol, both ways: no copy, no pyarrow needed.
#pragma once

#include <memory>
#include <string>

#include <arrow/type_fwd.h>
#include <nanobind/nanobind.h>

#include "iceframe/base/result.h"

#include "engine_call.h"

namespace iceframe::python {

/// Returns a reader over an object that has `__arrow_c_stream__` (needs the GIL).
/// Errors: InvalidArgument naming the object's type; PythonRaised.
Result<std::shared_ptr<arrow::RecordBatchReader>> ImportStream(nanobind::handle object);

/// As ImportStream, also over an object that has `__arrow_c_array__`: one batch.
Result<std::shared_ptr<arrow::RecordBatchReader>> ImportBatches(nanobind::handle object);
/// Returns the column that an object of either method is, which `name` stands for in errors.
Result<std::shared_ptr<arrow::ChunkedArray>> ImportColumn(nanobind::handle object,
                                                          const std::string& name);

/// Returns a reader of the same batches that reads them on the thread that called the engine: it
/// may be Python code that makes them.
std::unique_ptr<arrow::RecordBatchReader> ReadOnCaller(
    std::shared_ptr<arrow::RecordBatchReader> reader, CallerThread& caller);

/// Returns the schema of an object that has `__arrow_c_schema__`, or `__arrow_c_stream__` (needs
/// the GIL). Errors: as ImportStream.
Result<std::shared_ptr<arrow::Schema>> ImportSchema(nanobind::handle object);
/// Returns the type of an object that has `__arrow_c_schema__`, or of a series, as the field
/// `name`.
Result<std::shared_ptr<arrow::Field>> ImportField(nanobind::handle object, const std::string& name);

/// Returns an "arrow_array_stream" capsule over a reader that belongs to `operation`, which Ctrl-C
/// cancels.
Result<nanobind::object> ExportStream(std::shared_ptr<arrow::RecordBatchReader> reader,
                                      const Operation& operation);

/// Returns an "arrow_array_stream" capsule over batches that are there already.
Result<nanobind::object> ExportReader(std::shared_ptr<arrow::RecordBatchReader> reader);

/// Returns a tuple of an "arrow_schema" and an "arrow_array" capsule.
Result<nanobind::object> ExportBatch(const arrow::RecordBatch& batch);

/// Returns an "arrow_schema" capsule.
Result<nanobind::object> ExportSchema(const arrow::Schema& schema);

}  // namespace iceframe::python
