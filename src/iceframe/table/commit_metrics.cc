// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "iceframe/runtime/metrics_registry.h"
#include "iceframe/table/commit_metrics_internal.h"

namespace iceframe::internal {

namespace {

Counter& CommitsOf(std::string_view operation, std::string_view outcome) {
  return MetricsRegistry::Process().counter(
      "iceframe_commits_total",
      {{"operation", std::string(operation)}, {"outcome", std::string(outcome)}});
}

Counter& Retries() {
  static Counter& retries = MetricsRegistry::Process().counter("iceframe_commit_retries_total");
  return retries;
}

Histogram& Durations() {
  static Histogram& durations =
      MetricsRegistry::Process().histogram("iceframe_commit_duration_seconds");
  return durations;
}

std::string_view OutcomeOf(const Status& status) {
  if (status.ok()) return "committed";
  switch (KindOf(status)) {
    case ErrorKind::kCommitConflict:
      return "conflict";
    case ErrorKind::kCommitStateUnknown:
      return "unknown";
    default:
      return "rejected";
  }
}

}  // namespace

void CountCommit(std::string_view operation, const Status& status, std::chrono::nanoseconds took) {
  CommitsOf(operation, OutcomeOf(status)).Increment();
  Durations().Observe(std::chrono::duration<double>(took).count());
}

void CountCommitRetry() { Retries().Increment(); }

void PrepareCommitMetrics() {
  for (const std::string_view operation : {"append", "overwrite", "commit"}) {
    for (const std::string_view outcome : {"committed", "conflict", "rejected", "unknown"}) {
      CommitsOf(operation, outcome);
    }
  }
  Retries();
  Durations();
}

}  // namespace iceframe::internal
