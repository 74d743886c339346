// SPDX-License-Identifier: Apache-2.0
// Rows in the form in which Polars holds text.
#pragma once

#include <memory>

#include <arrow/type_fwd.h>

#include "iceframe/runtime/operation_context.h"

namespace iceframe::python {

/// The same rows with columns of text and bytes as views, over the same text. Polars takes views as
/// they are; of other text it would make them itself, on one thread and with the GIL. Text inside
/// of structs, lists and maps stays as it is.
std::shared_ptr<arrow::RecordBatchReader> WithTextViews(
    const OperationContext& context, std::shared_ptr<arrow::RecordBatchReader> rows);

}  // namespace iceframe::python
