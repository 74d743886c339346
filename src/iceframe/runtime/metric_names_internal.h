// SPDX-License-Identifier: Apache-2.0
// Which names metrics may have, so that no exporter or scraper stumbles over them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/runtime/metrics_registry.h"

namespace iceframe::internal {

/// Letters, digits and '_' of a name, other characters as '_': names that would clash once an
/// exporter does so are one name from the start.
std::string PlainMetricName(std::string_view name);
/// Labels by plain names, none that scrapers use themselves ("le", "__…"), values in UTF-8; sorted.
MetricLabels PlainLabels(const MetricLabels& labels);

/// The names that are given out. Not thread-safe.
class MetricNames {
 public:
  /// Whether a metric may have that name and those labels: no other kind has it, nor a histogram's
  /// series, and all of one name have the same labels. The name is its kind's from then on.
  bool Claim(const std::string& name, MetricKind kind, const MetricLabels& labels);

 private:
  struct Claimed {
    MetricKind kind;
    std::vector<std::string> labels;
  };
  // By what an exporter calls it: without "_total".
  std::map<std::string, Claimed> claimed_;
};

}  // namespace iceframe::internal
