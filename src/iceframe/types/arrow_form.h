// SPDX-License-Identifier: Apache-2.0
// Arrow arrays of any type, extension types inside of nested ones included, which Arrow's own
// builders and kernels refuse.
#pragma once

#include <memory>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"

namespace iceframe {

/// No values of a type.
Result<std::shared_ptr<arrow::Array>> EmptyArray(const std::shared_ptr<arrow::DataType>& type,
                                                 arrow::MemoryPool* pool);
/// No rows of a schema.
Result<std::shared_ptr<arrow::RecordBatch>> EmptyRecordBatch(std::shared_ptr<arrow::Schema> schema,
                                                             arrow::MemoryPool* pool);

/// The same values under another type of the same layout: names, nullability and metadata of fields
/// below may differ, and extension types against their storage.
std::shared_ptr<arrow::Array> WithType(const std::shared_ptr<arrow::Array>& array,
                                       const std::shared_ptr<arrow::DataType>& type);

}  // namespace iceframe
