// SPDX-License-Identifier: Apache-2.0
// Text and bytes as Arrow views: the form in which rows are kept, since who takes views copies
// nothing.
#pragma once

#include <memory>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"

namespace iceframe {

/// The type with string_view and binary_view in the place of strings and binaries, at every depth.
std::shared_ptr<arrow::DataType> ViewTypeOf(const std::shared_ptr<arrow::DataType>& type);
std::shared_ptr<arrow::Schema> ViewSchemaOf(const arrow::Schema& schema);

/// The array under that type. Its text is a copy without gaps, short values within their views;
/// all else is shared. Errors: CapacityError if a column's text does not fit one buffer (2 GiB).
Result<std::shared_ptr<arrow::Array>> ToViews(const std::shared_ptr<arrow::Array>& array,
                                              arrow::MemoryPool* pool);

/// The array, made by ToViews of one of `type`, as one of `type` again: text is copied.
/// Errors: CapacityError if 32-bit offsets don't reach.
Result<std::shared_ptr<arrow::Array>> FromViews(const std::shared_ptr<arrow::Array>& array,
                                                const std::shared_ptr<arrow::DataType>& type,
                                                arrow::MemoryPool* pool);

}  // namespace iceframe
