// SPDX-License-Identifier: Apache-2.0
// At the end of every test program: Arrow's process-wide memory pool and threads were left alone.
#include <arrow/device.h>
#include <arrow/memory_pool.h>
#include <arrow/util/thread_pool.h>
#include <gtest/gtest.h>

namespace iceframe {
namespace {

/// What Arrow itself needs for its function registry and the like.
constexpr int64_t kMaxDefaultPoolBytes = 1 << 20;

/// A pool starts its first thread for its first task, and keeps it.
struct ArrowPoolProbe : arrow::internal::ThreadPool {
  static int NumThreads(arrow::internal::ThreadPool* pool) {
    return (pool->*(&ArrowPoolProbe::GetActualCapacity))();
  }
};

class ArrowGlobalsGuard final : public testing::Environment {
 public:
  /// Makes what every buffer refers to before there are threads: libarrow tells TSan of no order
  /// between the one that made it and those that use it.
  void SetUp() override { (void)arrow::default_cpu_memory_manager(); }

  void TearDown() override {
    EXPECT_LT(arrow::default_memory_pool()->max_memory(), kMaxDefaultPoolBytes)
        << "memory was taken from Arrow's default pool; pass a budget's: in tests "
           "MemoryBudget::Process()->pool()";
    EXPECT_EQ(ArrowPoolProbe::NumThreads(arrow::internal::GetCpuThreadPool()), 0)
        << "tasks ran on Arrow's own threads; pass the executor of the operation";
  }
};

[[maybe_unused]] testing::Environment* const registered =
    testing::AddGlobalTestEnvironment(new ArrowGlobalsGuard);

}  // namespace
}  // namespace iceframe
