// SPDX-License-Identifier: Apache-2.0
// Lets the n-th allocation below all budgets fail.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include <arrow/memory_pool.h>

#include "iceframe/runtime/backing_pool_internal.h"

namespace iceframe {

/// Stands before the process's pool while it lives; nothing may allocate when it comes or goes.
class FailingPool final : public arrow::MemoryPool {
 public:
  FailingPool() : below_(internal::ReplaceBackingPool(this)) {}
  ~FailingPool() override { internal::ReplaceBackingPool(below_); }
  FailingPool(const FailingPool&) = delete;
  FailingPool& operator=(const FailingPool&) = delete;

  /// The allocation after `num_good` more fails; with `persists`, all from then on.
  void FailAfter(int64_t num_good, bool persists) {
    num_left_ = num_good;
    persists_ = persists;
    num_failed_ = 0;
  }
  void StopFailing() { num_left_ = INT64_MAX; }
  int64_t num_failed() const { return num_failed_; }

  using MemoryPool::Allocate;
  using MemoryPool::Free;
  using MemoryPool::Reallocate;
  arrow::Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override {
    ARROW_RETURN_NOT_OK(Fail(size));
    return below_->Allocate(size, alignment, out);
  }
  arrow::Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                           uint8_t** ptr) override {
    // What gets smaller is not refused by any allocator.
    if (new_size > old_size) ARROW_RETURN_NOT_OK(Fail(new_size));
    return below_->Reallocate(old_size, new_size, alignment, ptr);
  }
  void Free(uint8_t* buffer, int64_t size, int64_t alignment) override {
    below_->Free(buffer, size, alignment);
  }
  int64_t bytes_allocated() const override { return below_->bytes_allocated(); }
  int64_t total_bytes_allocated() const override { return below_->total_bytes_allocated(); }
  int64_t num_allocations() const override { return below_->num_allocations(); }
  std::string backend_name() const override { return below_->backend_name(); }

 private:
  arrow::Status Fail(int64_t size) {
    const int64_t left = num_left_.fetch_sub(1);
    if (left > 0 || (left < 0 && !persists_)) return arrow::Status::OK();
    ++num_failed_;
    return arrow::Status::OutOfMemory("malloc of size ", size, " failed");
  }

  arrow::MemoryPool* below_;
  std::atomic<int64_t> num_left_{INT64_MAX};
  std::atomic<bool> persists_{false};
  std::atomic<int64_t> num_failed_{0};
};

}  // namespace iceframe
