// SPDX-License-Identifier: Apache-2.0
// What an operation counts in tables: manifests read, commits tried.
#pragma once

#include "iceframe/runtime/operation_counters.h"

namespace iceframe {

enum class TableCount : uint8_t {
  kManifestListsRead,
  kManifestsRead,
  kManifestsFromCache,
  kCommitAttempts,
  kNumCounts
};

template <>
struct LayerCounters<TableCount> {
  static constexpr int kBlock = 3;
  static constexpr auto kDefinitions = std::to_array<CounterDefinition>({
      {"manifest_lists_read", "iceframe_manifest_lists_read_total"},
      {"manifests_read", "iceframe_manifests_total", {{{"result", "read"}}}},
      {"manifests_from_cache", "iceframe_manifests_total", {{{"result", "cached"}}}},
      {"commit_attempts", "iceframe_commit_attempts_total"},
  });
};

}  // namespace iceframe
