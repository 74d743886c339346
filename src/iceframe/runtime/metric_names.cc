// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "iceframe/base/utf8.h"
#include "iceframe/runtime/metric_names_internal.h"

namespace iceframe::internal {

namespace {

constexpr std::string_view kTotal = "_total";
// What a histogram's series are called, and a counter's in exporters.
constexpr std::array<std::string_view, 4> kSuffixes = {"_bucket", "_count", "_sum", "_created"};

std::string_view WithoutSuffix(std::string_view name, std::string_view suffix) {
  return name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : name;
}

}  // namespace

std::string PlainMetricName(std::string_view name) {
  std::string plain(name);
  for (char& c : plain) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!is_plain) c = '_';
  }
  if (plain.empty() || (plain[0] >= '0' && plain[0] <= '9')) plain.insert(0, "_");
  return plain;
}

MetricLabels PlainLabels(const MetricLabels& labels) {
  MetricLabels plain;
  plain.reserve(labels.size());
  for (const auto& [name, value] : labels) {
    std::string key = PlainMetricName(name);
    if (key == "le" || key == "quantile" || key.starts_with("__")) key.insert(0, "label_");
    plain.emplace_back(std::move(key), EscapeInvalidUtf8(value));
  }
  std::sort(plain.begin(), plain.end());
  return plain;
}

bool MetricNames::Claim(const std::string& name, MetricKind kind, const MetricLabels& labels) {
  std::vector<std::string> label_names;
  label_names.reserve(labels.size());
  for (const auto& label : labels) label_names.push_back(label.first);
  const bool has_doubles =
      std::adjacent_find(label_names.begin(), label_names.end()) != label_names.end();
  // Exporters add the suffix, so that one without it would meet one with it.
  const bool is_total = name.ends_with(kTotal);
  if (has_doubles || is_total != (kind == MetricKind::kCounter)) return false;
  const std::string base(WithoutSuffix(name, kTotal));
  if (const auto found = claimed_.find(base); found != claimed_.end()) {
    return found->second.kind == kind && found->second.labels == label_names;
  }
  for (const std::string_view suffix : kSuffixes) {
    if (base.ends_with(suffix) && claimed_.contains(std::string(WithoutSuffix(base, suffix)))) {
      return false;
    }
    if (claimed_.contains(base + std::string(suffix))) return false;
  }
  claimed_.emplace(base, Claimed{kind, std::move(label_names)});
  return true;
}

}  // namespace iceframe::internal
