// SPDX-License-Identifier: Apache-2.0
// Arrow's PyCapsule protocol, both ways: no copy, no pyarrow needed.
#pragma once

#include <memory>

#include <arrow/type_fwd.h>
#include <nanobind/nanobind.h>

#include "iceframe/base/result.h"
#include "iceframe/runtime/cancel_token.h"

namespace iceframe::python {

/// Returns a reader over an object that has `__arrow_c_stream__` (needs the GIL).
/// Errors: InvalidArgument naming the object's type.
Result<std::shared_ptr<arrow::RecordBatchReader>> ImportStream(nanobind::handle object);

/// Returns the schema of an object that has `__arrow_c_schema__` (needs the GIL).
Result<std::shared_ptr<arrow::Schema>> ImportSchema(nanobind::handle object);

/// Returns an "arrow_array_stream" capsule over a reader; reads on the main thread can be
/// interrupted through `cancel`.
Result<nanobind::object> ExportStream(std::shared_ptr<arrow::RecordBatchReader> reader,
                                      const CancelToken& cancel);

/// Returns an "arrow_schema" capsule.
Result<nanobind::object> ExportSchema(const arrow::Schema& schema);

}  // namespace iceframe::python
