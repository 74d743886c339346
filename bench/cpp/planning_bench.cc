// SPDX-License-Identifier: Apache-2.0
// Planning a table of 100 000 data files (many_files_table.h).
#include <benchmark/benchmark.h>

#include "iceframe/expression/parse_expression.h"
#include "iceframe/planning/scan_planner.h"
#include "iceframe/table/manifest_files.h"

#include "many_files_table.h"

namespace iceframe {
namespace {

std::vector<ScanTask> Plan(const Expression& filter) {
  ScanPlanOptions options;
  options.metadata = ManyFilesTable::Get().metadata();
  options.rows.filter = filter;
  return PlanFiles(OperationContext(), ManyFilesTable::Get().io(), std::move(options)).ValueOrDie();
}

Expression OneRow() { return Equal(Col("id"), Lit(FirstIdOf(54321) + 5)); }
Expression OneDay() {
  const auto at = [](int64_t day) { return *Lit(Type::Timestamptz(), Value(day * kDayMicros)); };
  return And(GreaterEqual(Col("ts"), at(kFirstDay + 42)), Less(Col("ts"), at(kFirstDay + 43)));
}

void Run(benchmark::State& state, const Expression& filter, bool is_cold, size_t expected) {
  if (Plan(filter).size() != expected) state.SkipWithError("planned another number of files");
  for (auto _ : state) {
    if (is_cold) {
      state.PauseTiming();
      ClearManifestCaches();
      state.ResumeTiming();
    }
    benchmark::DoNotOptimize(Plan(filter));
  }
  state.SetItemsProcessed(state.iterations() * kFiles);
}

void BM_PlanOneRowCold(benchmark::State& state) { Run(state, OneRow(), true, 1); }
void BM_PlanOneRowCached(benchmark::State& state) { Run(state, OneRow(), false, 1); }
void BM_PlanOneDayCold(benchmark::State& state) { Run(state, OneDay(), true, 1000); }
void BM_PlanOneDayCached(benchmark::State& state) { Run(state, OneDay(), false, 1000); }
void BM_PlanAllCached(benchmark::State& state) {
  Run(state, True(), false, static_cast<size_t>(kFiles));
}
BENCHMARK(BM_PlanOneRowCold)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Iterations(5);
BENCHMARK(BM_PlanOneRowCached)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK(BM_PlanOneDayCold)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Iterations(20);
BENCHMARK(BM_PlanOneDayCached)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK(BM_PlanAllCached)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Iterations(2);

}  // namespace
}  // namespace iceframe
