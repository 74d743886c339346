// SPDX-License-Identifier: Apache-2.0
// Where the bytes of every budget come from.
#pragma once

#include <arrow/memory_pool.h>

namespace iceframe::internal {

/// Returns the allocator below all budgets: Arrow's allocator of choice as an instance of our own,
/// so that nothing is counted in Arrow's default pool. Lives as long as the process.
arrow::MemoryPool* BackingPool();

}  // namespace iceframe::internal
