// SPDX-License-Identifier: Apache-2.0
// What the keys of one side of a join say about the other side.
#pragma once

#include <vector>

#include "iceframe/execution/columns_internal.h"

namespace iceframe {

/// A predicate over plain columns among `left_keys` that every row with a partner satisfies: the
/// keys themselves if there are few, else their range. `keys`: the distinct right keys, a column
/// per key. True if nothing can be said. Ends when the operation is cancelled.
Result<Expression> FilterOfKeys(const std::vector<Expression>& left_keys,
                                const std::vector<Expression>& right_keys,
                                const arrow::ArrayVector& keys, const OperationContext& context);

}  // namespace iceframe
