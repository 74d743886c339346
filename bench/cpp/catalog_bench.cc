// SPDX-License-Identifier: Apache-2.0
// What taking a connection from a pool and giving it back costs.
#include <cstdlib>
#include <filesystem>

#include <benchmark/benchmark.h>

#include "iceframe/catalog/catalog_pool.h"
#include "iceframe/catalog/make_catalog.h"

namespace iceframe {
namespace {

struct Pools {
  Pools() {
    const auto folder = std::filesystem::temp_directory_path() / "iceframe-bench-pool";
    std::filesystem::create_directories(folder);
    const Properties config = {{"uri", "sqlite:///" + folder.string() + "/c.db"},
                               {"warehouse", folder.string()}};
    pool = CatalogPool::Make(*MakeCatalog(OperationContext(), config));
  }
  static Pools& Get() {
    static auto* pools = new Pools;
    return *pools;
  }
  std::shared_ptr<CatalogPool> pool;
};

// As a database's own operations do it.
void BM_LeaseOfConnection(benchmark::State& state) {
  ConnectionPool& connections = *Pools::Get().pool->connections();
  const OperationContext context;
  for (auto _ : state) {
    auto lease = connections.Acquire(context, {});
    benchmark::DoNotOptimize(lease.ok());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_LeaseOfConnection)->ThreadRange(1, 2)->UseRealTime();

// As users do it.
void BM_LeaseOfCatalog(benchmark::State& state) {
  CatalogPool& pool = *Pools::Get().pool;
  const OperationContext context;
  for (auto _ : state) {
    auto lease = pool.Acquire(context);
    benchmark::DoNotOptimize(lease.ok());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_LeaseOfCatalog)->ThreadRange(1, 2)->UseRealTime();

}  // namespace
}  // namespace iceframe
