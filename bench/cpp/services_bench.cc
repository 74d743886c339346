// SPDX-License-Identifier: Apache-2.0
// What a kept answer costs: found by its key alone, and with the catalog asked before. What advice
// on a table of 100 000 data files costs.
#include <filesystem>

#include <arrow/api.h>
#include <benchmark/benchmark.h>

#include "iceframe/catalog/memory_catalog.h"
#include "iceframe/catalog/sql_catalog.h"
#include "iceframe/expression/parse_expression.h"
#include "iceframe/runtime/running_operation.h"
#include "iceframe/services/query_advisor.h"
#include "iceframe/services/query_cache.h"
#include "iceframe/services/query_collector.h"
#include "iceframe/services/query_log.h"
#include "iceframe/services/trace_recorder.h"
#include "iceframe/table/manifest_files.h"

#include "many_files_table.h"

namespace iceframe {
namespace {

// As long as those of plain queries are.
std::string KeyOf(int i) { return std::string(600, 'k') + std::to_string(i); }

std::shared_ptr<arrow::RecordBatchReader> Rows(int64_t num_rows) {
  arrow::Int64Builder ids(arrow::system_memory_pool());
  arrow::StringBuilder names(arrow::system_memory_pool());
  for (int64_t i = 0; i < num_rows; ++i) {
    (void)ids.Append(i);
    (void)names.Append("a customer's name of some length " + std::to_string(i));
  }
  auto schema =
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8())});
  auto batch = arrow::RecordBatch::Make(schema, num_rows,
                                        {*std::move(ids.Finish()), *std::move(names.Finish())});
  return *arrow::RecordBatchReader::Make({batch}, schema);
}

std::shared_ptr<QueryCache> FilledCache() {
  auto cache = QueryCache::Make();
  for (int i = 0; i < 64; ++i) {
    ResultRequest request;
    request.key = KeyOf(i);
    // A megabyte under the first key.
    (void)cache->GetOrCompute(OperationContext(), request,
                              [i] { return Result(Rows(i == 0 ? 15'000 : 10)); });
  }
  return cache;
}

void BM_LookUp(benchmark::State& state) {
  static const auto cache = FilledCache();
  const std::string key = KeyOf(static_cast<int>(state.thread_index()));
  for (auto _ : state) benchmark::DoNotOptimize(cache->Find(key, {}));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_LookUp)->Threads(1)->Threads(2)->UseRealTime();

void BM_HitWithTheCatalogAsked(benchmark::State& state) {
  const std::string folder = std::filesystem::temp_directory_path() / "iceframe_services_bench";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  SqlCatalogOptions options;
  options.uri = "sqlite:///" + folder + "/catalog.db";
  options.properties["warehouse"] = "file://" + folder;
  const OperationContext context;
  const auto catalog = *MakeSqlCatalog(context, options);
  const TableIdentifier table{{"default"}, "t"};
  (void)catalog->CreateNamespace(context, table.name_space, {});
  CreateTableRequest request;
  request.identifier = table;
  request.schema = *Schema::Make(SchemaId(0), {NestedField::Optional(1, "id", Type::Long())});
  (void)catalog->CreateTable(context, request);
  const auto cache = FilledCache();
  const ResultCaching caching{.ttl = {}, .scope = {}, .as_views = true};
  for (auto _ : state) {
    benchmark::DoNotOptimize(catalog->FindMetadataLocation(context, table));
    const auto reader = ReadKeptRows(context, cache->Find(KeyOf(0), caching), true);
    benchmark::DoNotOptimize(reader->ToRecordBatches());
  }
  std::filesystem::remove_all(folder);
}
BENCHMARK(BM_HitWithTheCatalogAsked);

TableState StateOfManyFiles() {
  MemoryCatalogOptions options;
  options.wrap_file_io = [](const std::shared_ptr<FileIO>&) { return ManyFilesTable::Get().io(); };
  LoadedTable loaded;
  loaded.identifier = {{"default"}, "events"};
  loaded.metadata = ManyFilesTable::Get().metadata();
  loaded.metadata_location = loaded.metadata->location + "/metadata/v1.metadata.json";
  auto table = Table::Make(*MakeMemoryCatalog(options), std::move(loaded));
  return *ResolveTable(*std::move(table), {});
}

void Advise(benchmark::State& state, bool is_cold) {
  const TableState table = StateOfManyFiles();
  QueryExpressions query;
  query.select = {Col("c3"), Col("count(*)")};
  query.group_by = {Col("c3")};
  query.filters = {*ParseExpression("c4 > 500.0 AND c5 = 17 AND year(ts) = 2024")};
  for (auto _ : state) {
    if (is_cold) {
      state.PauseTiming();
      ClearManifestCaches();
      state.ResumeTiming();
    }
    const auto analysis = AnalyzeOnTable(OperationContext(), "events", table, query);
    if (!analysis.ok()) state.SkipWithError(analysis.status().ToString().c_str());
    benchmark::DoNotOptimize(analysis);
  }
}
void BM_AdviseCold(benchmark::State& state) { Advise(state, true); }
void BM_AdviseCached(benchmark::State& state) { Advise(state, false); }
BENCHMARK(BM_AdviseCold)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(5);
BENCHMARK(BM_AdviseCached)->Unit(benchmark::kMillisecond)->UseRealTime();

/// An operation's begin and end, told to one observer: by argument nobody, a collector, a log.
void BM_WatchedOperation(benchmark::State& state) {
  OperationContext context;
  context.observers = std::make_shared<OperationObservers>();
  if (state.range(0) == 1) context.observers->Add(std::make_shared<QueryCollector>());
  if (state.range(0) == 2) context.observers->Add(*QueryLog::Open({}));
  if (state.range(0) == 3) context.observers->Add(std::make_shared<TraceRecorder>());
  for (auto _ : state) {
    RunningOperation::Begin(context, {"bench", true}, {"default.t"}).End(Status::OK());
  }
}
BENCHMARK(BM_WatchedOperation)->ArgName("by")->DenseRange(0, 3);

}  // namespace
}  // namespace iceframe
