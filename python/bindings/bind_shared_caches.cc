// SPDX-License-Identifier: Apache-2.0
// All caches of the process, and what they may hold together.
#include <cstdint>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include "iceframe/runtime/cache_capacity.h"
#include "iceframe/runtime/shared_cache.h"

#include "bindings.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

nb::dict DescribeCache(const NamedCacheStats& cache) {
  const SharedCacheStats& stats = cache.stats;
  nb::dict described;
  described["name"] = cache.name;
  described["entries"] = stats.num_entries;
  described["bytes"] = stats.num_bytes;
  described["hits"] = stats.hits;
  described["misses"] = stats.misses;
  described["coalesced"] = stats.coalesced;
  described["evictions"] = stats.evictions.total();
  described["refused"] = stats.refusals.total();
  return described;
}

nb::dict Report() {
  nb::list caches;
  for (const NamedCacheStats& cache : AllSharedCacheStats()) caches.append(DescribeCache(cache));
  nb::dict report;
  report["bytes"] = CacheCapacity::Process()->used_bytes();
  report["max_bytes"] = CacheCapacity::Process()->max_bytes();
  report["caches"] = caches;
  return report;
}

}  // namespace

void BindSharedCaches(nb::module_& module) {
  module.def("shared_caches", &Report, nb::sig("def shared_caches() -> dict[str, object]"),
             "All caches of the process.");
  module.def(
      "set_shared_cache_bytes",
      [](int64_t max_bytes) { CacheCapacity::Process()->set_max_bytes(max_bytes); },
      nb::arg("max_bytes"), "What they may hold together.");
  module.def("clear_shared_caches", &ClearSharedCaches, "Empties them all.");
}

}  // namespace iceframe::python
