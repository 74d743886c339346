// SPDX-License-Identifier: Apache-2.0
// The process's metrics, for tests and exporters.
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "iceframe/runtime/metrics_registry.h"
#include "iceframe/services/metrics_text.h"

#include "bindings.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

using Sample = std::tuple<std::string, std::map<std::string, std::string>, double>;

Sample ToSample(const MetricSample& sample) {
  return {sample.name, std::map(sample.labels.begin(), sample.labels.end()), sample.value};
}

std::vector<Sample> Metrics() {
  std::vector<Sample> samples;
  for (const MetricSample& sample : MetricsRegistry::Process().Collect()) {
    samples.push_back(ToSample(sample));
  }
  return samples;
}

// Name, kind, help, samples.
using Family = std::tuple<std::string, std::string, std::string, std::vector<Sample>>;

std::string KindName(MetricKind kind) {
  switch (kind) {
    case MetricKind::kCounter:
      return "counter";
    case MetricKind::kGauge:
      return "gauge";
    case MetricKind::kHistogram:
      return "histogram";
  }
  return "unknown";
}

std::vector<Family> MetricFamilies() {
  std::vector<Family> families;
  for (const MetricFamily& family : CollectMetricFamilies()) {
    std::vector<Sample> samples;
    samples.reserve(family.samples.size());
    for (const MetricSample& sample : family.samples) samples.push_back(ToSample(sample));
    families.emplace_back(family.name, KindName(family.kind), std::string(family.help),
                          std::move(samples));
  }
  return families;
}

}  // namespace

void BindMetrics(nb::module_& module) {
  module.def("metrics", &Metrics, "The process's metrics now: name, labels and value of each.");
  module.def("metric_families", &MetricFamilies,
             "The same by metric: name, kind, help, and its samples.");
  module.def(
      "metrics_text", [] { return MetricsText(CollectMetricFamilies()); },
      "The same as text for scrapers.");
}

}  // namespace iceframe::python
