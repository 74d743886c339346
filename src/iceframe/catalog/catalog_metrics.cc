// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "iceframe/catalog/catalog_metrics_internal.h"
#include "iceframe/runtime/metrics_registry.h"

namespace iceframe {

namespace {

constexpr size_t kNumOperations = static_cast<size_t>(CatalogOperation::kNumOperations);
constexpr std::array<std::string_view, kNumOperations> kOperationNames = {
    "list_namespaces", "load_namespace", "change_namespace", "list_tables",    "create_table",
    "load_table",      "drop_table",     "rename_table",     "register_table", "commit_table"};

std::array<Histogram*, kNumOperations> MakeHistograms() {
  std::array<Histogram*, kNumOperations> histograms{};
  for (size_t i = 0; i < kNumOperations; ++i) {
    histograms[i] = &MetricsRegistry::Process().histogram(
        "iceframe_catalog_operation_seconds", {{"operation", std::string(kOperationNames[i])}});
  }
  return histograms;
}

std::array<Counter*, 4> MakeCommitCounters() {
  std::array<Counter*, 4> counters{};
  for (size_t i = 0; i < counters.size(); ++i) {
    const auto outcome = static_cast<CommitOutcomeKind>(i);
    counters[i] = &MetricsRegistry::Process().counter(
        "iceframe_catalog_commits_total", {{"outcome", std::string(ToString(outcome))}});
  }
  return counters;
}

}  // namespace

CatalogTimer::~CatalogTimer() {
  static const std::array<Histogram*, kNumOperations> histograms = MakeHistograms();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start_;
  histograms[static_cast<size_t>(operation_)]->Observe(seconds.count());
}

void CountCommit(CommitOutcomeKind outcome) {
  static const std::array<Counter*, 4> counters = MakeCommitCounters();
  counters[static_cast<size_t>(outcome)]->Increment();
}

}  // namespace iceframe
