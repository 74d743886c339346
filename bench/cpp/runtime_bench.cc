// SPDX-License-Identifier: Apache-2.0
// What accounting, counting and handing out work cost.
#include <benchmark/benchmark.h>

#include "iceframe/runtime/executor.h"
#include "iceframe/runtime/memory_manager.h"
#include "iceframe/runtime/metrics_registry.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/runtime/shared_cache.h"

namespace iceframe {
namespace {

void BM_CounterIncrement(benchmark::State& state) {
  Counter& counter = MetricsRegistry::Process().counter("bench_total");
  for (auto _ : state) counter.Increment();
}
BENCHMARK(BM_CounterIncrement)->Threads(1)->Threads(2);

void BM_HistogramObserve(benchmark::State& state) {
  Histogram& histogram = MetricsRegistry::Process().histogram("bench_seconds");
  double seconds = 0;
  for (auto _ : state) histogram.Observe(seconds += 1e-6);
}
BENCHMARK(BM_HistogramObserve)->Threads(1)->Threads(2);

void BM_OperationCounter(benchmark::State& state) {
  OperationCounters counters;
  for (auto _ : state) counters.Add(OperationCount::kFilesScanned);
}
BENCHMARK(BM_OperationCounter);

void BM_ContextCheck(benchmark::State& state) {
  OperationContext context;
  if (state.range(0) != 0) {
    context.deadline = std::chrono::steady_clock::now() + std::chrono::hours(1);
  }
  for (auto _ : state) benchmark::DoNotOptimize(context.Check().ok());
}
BENCHMARK(BM_ContextCheck)->ArgName("deadline")->Arg(0)->Arg(1);

/// Through process, session, operation and operator.
void BM_ReserveAndRelease(benchmark::State& state) {
  static const auto session = MemoryBudget::Process()->MakeChild("session", int64_t{1} << 40);
  auto budget = session->MakeChild("operation")->MakeChild("operator");
  for (auto _ : state) {
    benchmark::DoNotOptimize(budget->Reserve(4096).ok());
    budget->Release(4096);
  }
}
BENCHMARK(BM_ReserveAndRelease)->Threads(1)->Threads(2);

void BM_PoolAllocateAndFree(benchmark::State& state) {
  static const auto session = MemoryBudget::Process()->MakeChild("session", int64_t{1} << 40);
  auto budget = session->MakeChild("operation")->MakeChild("operator");
  arrow::MemoryPool* pool = state.range(1) != 0 ? budget->pool() : arrow::default_memory_pool();
  const int64_t size = state.range(0);
  for (auto _ : state) {
    uint8_t* memory = nullptr;
    benchmark::DoNotOptimize(pool->Allocate(size, &memory).ok());
    pool->Free(memory, size);
  }
}
BENCHMARK(BM_PoolAllocateAndFree)
    ->ArgNames({"bytes", "ours"})
    ->ArgsProduct({{4096, 1 << 20}, {0, 1}});

void BM_ParallelForOfNothing(benchmark::State& state) {
  const CancelToken cancel;
  const std::function<Status(int64_t)> task = [](int64_t) { return Status::OK(); };
  for (auto _ : state) {
    benchmark::DoNotOptimize(Executor::Process().ParallelFor(state.range(0), task, cancel).ok());
  }
}
BENCHMARK(BM_ParallelForOfNothing)->Arg(1)->Arg(100)->UseRealTime();

void BM_SharedCacheHit(benchmark::State& state) {
  static SharedCache<int> cache({.name = "bench", .capacity_bytes = 1 << 20});
  cache.Put("/warehouse/db/table/metadata/manifest.avro", {std::make_shared<int>(1), 4});
  const OperationContext context;
  const std::string key = "/warehouse/db/table/metadata/manifest.avro";
  const auto loader = []() -> Result<CacheValue<int>> { return Status::UnknownError("no"); };
  for (auto _ : state) benchmark::DoNotOptimize(cache.GetOrLoad(context, key, loader).ok());
}
BENCHMARK(BM_SharedCacheHit)->Threads(1)->Threads(2);

}  // namespace
}  // namespace iceframe
