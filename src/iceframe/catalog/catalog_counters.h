// SPDX-License-Identifier: Apache-2.0
// What an operation counts in catalogs.
#pragma once

#include "iceframe/runtime/operation_counters.h"

namespace iceframe {

enum class CatalogCount : uint8_t {
  /// Of metadata files, and of the manifest lists and manifests that they lead to.
  kMetadataBytesRead,
  /// Of the same, where they were in memory: as long as the files are.
  kMetadataBytesFromCache,
  kNumCounts
};

template <>
struct LayerCounters<CatalogCount> {
  static constexpr int kBlock = 1;
  static constexpr auto kDefinitions = std::to_array<CounterDefinition>({
      {"metadata_bytes_read",
       "iceframe_scan_bytes_total",
       {{{"kind", "metadata"}, {"source", "remote"}}}},
      {"metadata_bytes_from_cache",
       "iceframe_scan_bytes_total",
       {{{"kind", "metadata"}, {"source", "memory"}}}},
  });
};

}  // namespace iceframe
