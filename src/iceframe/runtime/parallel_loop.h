// SPDX-License-Identifier: Apache-2.0
// Many calls of one function on the threads of a pool.
#pragma once

#include <cstdint>
#include <functional>

#include <arrow/util/thread_pool.h>

#include "iceframe/base/result.h"
#include "iceframe/runtime/cancel_token.h"

namespace iceframe {

/// Calls `task(0) … task(count - 1)` on the threads of `pool` and the calling one, which helps: it
/// gets through alone where no thread is free, so it is safe from inside a task. Returns the first
/// error by index after all started calls ended; once one failed or `cancel` was cancelled no more
/// are started (Cancelled if any was left out). At most `max_parallel` at once (0: no bound).
Status RunParallelLoop(arrow::internal::Executor* pool, int64_t count,
                       const std::function<Status(int64_t)>& task, const CancelToken& cancel,
                       int max_parallel = 0);

}  // namespace iceframe
