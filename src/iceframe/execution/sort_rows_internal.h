// SPDX-License-Identifier: Apache-2.0
// The order of rows by key columns.
#pragma once

#include <vector>

#include "iceframe/execution/columns_internal.h"

namespace iceframe {

/// The rows' positions (uint32) in the order of their keys, first key first; stable. Ends when the
/// operation is cancelled. At least one key; all of one length.
Result<ArrayPtr> SortedRows(const arrow::ArrayVector& keys,
                            const std::vector<KeyDirection>& directions,
                            const OperationContext& context);

}  // namespace iceframe
