// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>

#include "iceframe/runtime/backing_pool_internal.h"

namespace iceframe::internal {

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

/// Plain malloc: the sanitizers see every allocation, which they don't inside libarrow.
class MallocPool final : public arrow::MemoryPool {
 public:
  using MemoryPool::Allocate;
  using MemoryPool::Free;
  using MemoryPool::Reallocate;

  arrow::Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override {
    void* memory = nullptr;
    const size_t num_bytes = size > 0 ? static_cast<size_t>(size) : 1;
    if (posix_memalign(&memory, static_cast<size_t>(alignment), num_bytes) != 0) {
      return arrow::Status::OutOfMemory("malloc of size ", size, " failed");
    }
    *out = static_cast<uint8_t*>(memory);
    return arrow::Status::OK();
  }

  arrow::Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                           uint8_t** ptr) override {
    uint8_t* moved = nullptr;
    ARROW_RETURN_NOT_OK(Allocate(new_size, alignment, &moved));
    std::memcpy(moved, *ptr, static_cast<size_t>(std::min(old_size, new_size)));
    std::free(*ptr);
    *ptr = moved;
    return arrow::Status::OK();
  }

  void Free(uint8_t* buffer, int64_t, int64_t) override { std::free(buffer); }
  int64_t bytes_allocated() const override { return 0; }
  int64_t total_bytes_allocated() const override { return 0; }
  int64_t num_allocations() const override { return 0; }
  std::string backend_name() const override { return "system"; }
};

arrow::MemoryPool* MakeBackingPool() { return new MallocPool; }
arrow::MemoryPool* MakeTightPool() { return BackingPool(); }

#else

arrow::MemoryPool* MakeBackingPool() { return arrow::MemoryPool::CreateDefault().release(); }

// How long freed memory stays with the process. By default a second, in which a sort's input, just
// freed, was still there beside its result; at 0 a scan takes twice the time.
constexpr int kDecayMs = 100;

arrow::MemoryPool* MakeTightPool() {
  arrow::MemoryPool* pool = nullptr;
  if (!arrow::jemalloc_memory_pool(&pool).ok()) return BackingPool();
  return arrow::jemalloc_set_decay_ms(kDecayMs).ok() ? pool : BackingPool();
}

#endif

std::atomic<arrow::MemoryPool*>& CurrentPool() {
  static std::atomic<arrow::MemoryPool*> pool = MakeBackingPool();
  return pool;
}

}  // namespace

arrow::MemoryPool* BackingPool() { return CurrentPool().load(std::memory_order_relaxed); }

arrow::MemoryPool* TightPool() {
  static arrow::MemoryPool* pool = MakeTightPool();
  return pool;
}

arrow::MemoryPool* ReplaceBackingPool(arrow::MemoryPool* pool) {
  return CurrentPool().exchange(pool);
}

}  // namespace iceframe::internal
