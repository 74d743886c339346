// SPDX-License-Identifier: Apache-2.0
// Rows in the order of a Z curve, so that files have narrow bounds in several columns at once.
#pragma once

#include <memory>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// Returns the positions of the rows in the order of the Z curve through `columns`, equal ones in
/// the order they have.
///
/// A value counts by its rank among all rows, nulls first, so that columns of any type, range and
/// distribution have equal weight: the highest bits of all ranks come first, then the next ones.
/// 64 bits are shared by the columns. Memory: about 24 bytes a row.
/// Errors: InvalidArgument for no columns or more than 16; Unsupported for nested ones.
Result<std::shared_ptr<arrow::Array>> ZOrder(
    const OperationContext& context, const std::vector<std::shared_ptr<arrow::Array>>& columns);

}  // namespace iceframe
