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

#include "bindings.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

using Sample = std::tuple<std::string, std::map<std::string, std::string>, double>;

std::vector<Sample> Metrics() {
  std::vector<Sample> samples;
  for (const MetricSample& sample : MetricsRegistry::Process().Collect()) {
    samples.emplace_back(sample.name, std::map(sample.labels.begin(), sample.labels.end()),
                         sample.value);
  }
  return samples;
}

}  // namespace

void BindMetrics(nb::module_& module) {
  module.def("metrics", &Metrics, "The process's metrics now: name, labels and value of each.");
}

}  // namespace iceframe::python
