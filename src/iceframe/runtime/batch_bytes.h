// SPDX-License-Identifier: Apache-2.0
// How long the text of one batch may get.
#pragma once

#include <cstdint>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// The setting execution.batch_bytes: rows are a batch's target, this cuts it sooner.
/// Errors: InvalidArgument if it can't be read.
Result<int64_t> BatchBytes(const OperationContext& context);

}  // namespace iceframe
