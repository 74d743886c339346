// SPDX-License-Identifier: Apache-2.0
// What writes of rows are, where no other operation makes them.
#pragma once

#include "iceframe/runtime/operation_observer.h"

namespace iceframe {

inline constexpr OperationKind kAppendOperation{"append"};
inline constexpr OperationKind kOverwriteOperation{"overwrite"};

}  // namespace iceframe
