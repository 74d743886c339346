// SPDX-License-Identifier: Apache-2.0
// What catalogs count: how long each operation took, and how commits ended.
#pragma once

#include <chrono>
#include <cstdint>

#include "iceframe/catalog/catalog.h"

namespace iceframe {

enum class CatalogOperation : uint8_t {
  kListNamespaces,
  kLoadNamespace,
  kChangeNamespace,
  kListTables,
  kCreateTable,
  kLoadTable,
  kDropTable,
  kRenameTable,
  kRegisterTable,
  kCommitTable,
  kNumOperations,
};

/// Observes iceframe_catalog_operation_seconds{operation="…"} when it goes out of scope.
class CatalogTimer {
 public:
  explicit CatalogTimer(CatalogOperation operation)
      : operation_(operation), start_(std::chrono::steady_clock::now()) {}
  CatalogTimer(const CatalogTimer&) = delete;
  CatalogTimer& operator=(const CatalogTimer&) = delete;
  ~CatalogTimer();

 private:
  CatalogOperation operation_;
  std::chrono::steady_clock::time_point start_;
};

/// Counts iceframe_catalog_commits_total{outcome="…"} and the operation's attempts.
void CountCommit(CommitOutcomeKind outcome);

}  // namespace iceframe
