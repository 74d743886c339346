// SPDX-License-Identifier: Apache-2.0
// The process's metrics as scrapers read them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "iceframe/runtime/metrics_registry.h"

namespace iceframe {

/// All series of one metric.
struct MetricFamily {
  std::string name;
  MetricKind kind = MetricKind::kCounter;
  /// A sentence on what it is.
  std::string_view help;
  std::vector<MetricSample> samples;
};

/// The metrics of MetricsRegistry::Process(), and iceframe_build_info, by name.
std::vector<MetricFamily> CollectMetricFamilies();

/// Families in the text format of Prometheus, version 0.0.4 ("text/plain; version=0.0.4").
std::string MetricsText(const std::vector<MetricFamily>& families);

/// What a metric is, in a sentence; of one that is not known, that.
std::string_view MetricHelp(std::string_view name);

}  // namespace iceframe
