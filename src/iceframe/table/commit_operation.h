// SPDX-License-Identifier: Apache-2.0
// What a commit is, where no other operation makes it.
#pragma once

#include "iceframe/runtime/operation_observer.h"

namespace iceframe {

inline constexpr OperationKind kCommitOperation{"commit"};

}  // namespace iceframe
