// SPDX-License-Identifier: Apache-2.0
// What accounting, counting and handing out work cost.
#include <benchmark/benchmark.h>

#include "iceframe/runtime/executor.h"
#include "iceframe/runtime/memory_manager.h"
#include "iceframe/runtime/metrics_registry.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/runtime/operation_totals.h"
#include "iceframe/runtime/running_operation.h"
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

/// As many as a layer may have.
enum class BenchCount : uint8_t { kFirst, kNumCounts = 16 };

}  // namespace

template <>
struct LayerCounters<BenchCount> {
  static constexpr int kBlock = 0;
  static constexpr auto kDefinitions = std::to_array<CounterDefinition>({
      {"b00", "b00_total"},
      {"b01", "b01_total"},
      {"b02", "b02_total"},
      {"b03", "b03_total"},
      {"b04", "b04_total"},
      {"b05", "b05_total"},
      {"b06", "b06_total"},
      {"b07", "b07_total"},
      {"b08", "b08_total"},
      {"b09", "b09_total"},
      {"b10", "b10_total"},
      {"b11", "b11_total"},
      {"b12", "b12_total"},
      {"b13", "b13_total"},
      {"b14", "b14_total"},
      {"b15", "b15_total"},
  });
};

namespace {

void BM_OperationCounter(benchmark::State& state) {
  OperationCounters counters;
  for (auto _ : state) counters.Add(BenchCount::kFirst);
}
BENCHMARK(BM_OperationCounter);

/// Its begin and its end, told to the totals alone; half of the counters have counted.
void BM_OperationBeginAndEnd(benchmark::State& state) {
  static constexpr OperationKind kKinds[] = {{"bench"}};
  static constexpr auto kCounters = JoinCounters<BenchCount>();
  static const auto observers = [] {
    auto made = std::make_shared<OperationObservers>();
    made->Add(MakeOperationTotals(kKinds, kCounters));
    return made;
  }();
  OperationContext context;
  context.observers = observers;
  for (auto _ : state) {
    RunningOperation operation = RunningOperation::Begin(context, kKinds[0], {"default.t"});
    for (size_t i = 0; i < kCounters.size(); i += 2) {
      operation.context().counters->Add(kCounters[i]);
    }
    operation.End(Status::OK());
  }
}
BENCHMARK(BM_OperationBeginAndEnd)->Threads(1)->Threads(2)->Threads(8);

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
