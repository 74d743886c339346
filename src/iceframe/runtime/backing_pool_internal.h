// SPDX-License-Identifier: Apache-2.0
// Where the bytes of every budget come from.
#pragma once

#include <arrow/memory_pool.h>

namespace iceframe::internal {

/// Returns the allocator below all budgets: Arrow's allocator of choice as an instance of our own,
/// so that nothing is counted in Arrow's default pool. Lives as long as the process.
arrow::MemoryPool* BackingPool();

/// Returns the allocator below budgets with a limit: Arrow's jemalloc, which holds on to less of
/// what was freed (with mimalloc a process took 100 MB beyond what was reserved), for some more CPU
/// time. Where Arrow has none, BackingPool().
arrow::MemoryPool* TightPool();

/// Puts another pool in its place, for tests that let allocations fail: one that hands on to the
/// pool that was there, which is returned and must still free what it allocated.
arrow::MemoryPool* ReplaceBackingPool(arrow::MemoryPool* pool);

}  // namespace iceframe::internal
