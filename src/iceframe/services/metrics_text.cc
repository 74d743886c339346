// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/metrics_text.h"

#include <array>
#include <charconv>
#include <utility>

#include "iceframe/base/version.h"

namespace iceframe {

namespace {

// The family that a sample is of: a histogram's samples have names of their own.
std::string_view FamilyOf(const MetricSample& sample) {
  std::string_view name = sample.name;
  if (sample.kind != MetricKind::kHistogram) return name;
  for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
    if (name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  }
  return name;
}

MetricFamily BuildInfo() {
  MetricFamily info;
  info.name = "iceframe_build_info";
  info.kind = MetricKind::kGauge;
  info.help = MetricHelp(info.name);
  info.samples.push_back({info.name, {{"version", std::string(kVersion)}}, 1, MetricKind::kGauge});
  return info;
}

std::string_view TypeName(MetricKind kind) {
  switch (kind) {
    case MetricKind::kCounter:
      return "counter";
    case MetricKind::kGauge:
      return "gauge";
    case MetricKind::kHistogram:
      return "histogram";
  }
  return "untyped";
}

void AppendLabelValue(std::string_view value, std::string* text) {
  for (const char c : value) {
    if (c == '\\' || c == '"') *text += '\\';
    if (c == '\n') {
      *text += "\\n";
    } else {
      *text += c;
    }
  }
}

void AppendSample(const MetricSample& sample, std::string* text) {
  *text += sample.name;
  std::string_view separator = "{";
  for (const auto& [name, value] : sample.labels) {
    *text += separator;
    *text += name;
    *text += "=\"";
    AppendLabelValue(value, text);
    *text += '"';
    separator = ",";
  }
  if (!sample.labels.empty()) *text += '}';
  std::array<char, 32> number{};
  const auto end = std::to_chars(number.data(), number.data() + number.size(), sample.value).ptr;
  *text += ' ';
  text->append(number.data(), end);
  *text += '\n';
}

}  // namespace

std::vector<MetricFamily> CollectMetricFamilies() {
  std::vector<MetricFamily> families = {BuildInfo()};
  for (MetricSample& sample : MetricsRegistry::Process().Collect()) {
    const std::string name(FamilyOf(sample));
    if (families.back().name != name) {
      families.push_back({name, sample.kind, MetricHelp(name), {}});
    }
    families.back().samples.push_back(std::move(sample));
  }
  return families;
}

std::string MetricsText(const std::vector<MetricFamily>& families) {
  std::string text;
  for (const MetricFamily& family : families) {
    text += "# HELP " + family.name + " ";
    text += family.help;
    text += "\n# TYPE " + family.name + " ";
    text += TypeName(family.kind);
    text += "\n";
    for (const MetricSample& sample : family.samples) AppendSample(sample, &text);
  }
  return text;
}

}  // namespace iceframe
