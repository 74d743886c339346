// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/metrics_registry.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <mutex>

#include "iceframe/runtime/fork.h"
#include "iceframe/runtime/memory_manager.h"
#include "iceframe/runtime/metric_names_internal.h"

namespace iceframe {

namespace {

constexpr size_t kMaxLabelSets = 200;
/// Times that a metric was asked for which can't be exported: so that it is missed.
constexpr const char* kRefused = "iceframe_metrics_refused_total";
constexpr const char* kBoundNames[] = {"0.001", "0.005", "0.01", "0.05", "0.1", "0.5", "1",
                                       "5",     "10",    "30",   "60",   "300", "+Inf"};

/// The metrics of one kind by name, then by label set. What it holds is never removed.
template <typename Metric>
class Family {
 public:
  using ByLabels = std::map<MetricLabels, std::unique_ptr<Metric>>;

  // `labels` are sorted.
  Metric& Get(std::string_view name, MetricLabels labels) {
    auto family = by_name_.find(name);
    if (family == by_name_.end()) {
      family = by_name_.emplace(std::string(name), ByLabels{}).first;
    }
    ByLabels& by_labels = family->second;
    if (by_labels.size() >= kMaxLabelSets && !by_labels.contains(labels)) {
      for (auto& label : labels) label.second = "other";
    }
    std::unique_ptr<Metric>& metric = by_labels[std::move(labels)];
    if (metric == nullptr) metric = std::make_unique<Metric>();
    return *metric;
  }

  template <typename Visitor>
  void ForEach(Visitor&& visit) const {
    for (const auto& [name, by_labels] : by_name_) {
      for (const auto& [labels, metric] : by_labels) visit(name, labels, *metric);
    }
  }

 private:
  std::map<std::string, ByLabels, std::less<>> by_name_;
};

class ProcessMetricsRegistry final : public MetricsRegistry {
 public:
  Counter& counter(std::string_view name, const MetricLabels& labels) override {
    return Get(&counters_, MetricKind::kCounter, name, labels);
  }
  Gauge& gauge(std::string_view name, const MetricLabels& labels) override {
    return Get(&gauges_, MetricKind::kGauge, name, labels);
  }
  Histogram& histogram(std::string_view name, const MetricLabels& labels) override {
    return Get(&histograms_, MetricKind::kHistogram, name, labels);
  }

  std::vector<MetricSample> Collect() const override {
    // Kept by the budget itself, and only looked at here: a gauge on each allocation would cost.
    reserved_bytes_.Set(MemoryBudget::Process()->used_bytes());
    // Histograms go in as a block each, so that their buckets stay in the order of their bounds.
    std::map<std::pair<std::string, MetricLabels>, std::vector<MetricSample>> blocks;
    {
      std::lock_guard lock(mutex_);
      counters_.exported.ForEach([&](const auto& name, const auto& labels, const Counter& counter) {
        blocks[{name, labels}].push_back(
            {name, labels, static_cast<double>(counter.value()), MetricKind::kCounter});
      });
      gauges_.exported.ForEach([&](const auto& name, const auto& labels, const Gauge& gauge) {
        blocks[{name, labels}].push_back({name, labels, gauge.value(), MetricKind::kGauge});
      });
      histograms_.exported.ForEach(
          [&](const auto& name, const auto& labels, const Histogram& histogram) {
            AppendHistogram(name, labels, histogram, &blocks[{name, labels}]);
          });
    }
    blocks[{kRefused, {}}].push_back(
        {kRefused, {}, static_cast<double>(refused_.value()), MetricKind::kCounter});
    std::vector<MetricSample> samples;
    for (auto& [key, block] : blocks) {
      std::move(block.begin(), block.end(), std::back_inserter(samples));
    }
    return samples;
  }

 private:
  template <typename Metric>
  struct Families {
    Family<Metric> exported;
    // Under names that others have: they count, and nobody is told.
    Family<Metric> silent;
  };

  template <typename Metric>
  Metric& Get(Families<Metric>* families, MetricKind kind, std::string_view name,
              const MetricLabels& labels) {
    const std::string plain_name = internal::PlainMetricName(name);
    MetricLabels plain_labels = internal::PlainLabels(labels);
    const std::lock_guard lock(mutex_);
    const bool is_exported = names_.Claim(plain_name, kind, plain_labels);
    if (!is_exported) refused_.Increment();
    return (is_exported ? families->exported : families->silent)
        .Get(plain_name, std::move(plain_labels));
  }

  static void AppendHistogram(const std::string& name, const MetricLabels& labels,
                              const Histogram& histogram, std::vector<MetricSample>* samples) {
    int64_t cumulative = 0;
    for (int i = 0; i < Histogram::kNumBuckets; ++i) {
      cumulative += histogram.bucket(i);
      MetricLabels bucket_labels = labels;
      bucket_labels.emplace_back("le", kBoundNames[i]);
      samples->push_back({name + "_bucket", std::move(bucket_labels),
                          static_cast<double>(cumulative), MetricKind::kHistogram});
    }
    samples->push_back({name + "_sum", labels, histogram.sum_seconds(), MetricKind::kHistogram});
    // The same sum as the last bucket: exporters refuse a histogram where they differ.
    samples->push_back(
        {name + "_count", labels, static_cast<double>(cumulative), MetricKind::kHistogram});
  }

  mutable internal::ForkSafeMutex mutex_;
  internal::MetricNames names_;
  Counter refused_;
  Families<Counter> counters_;
  Families<Gauge> gauges_;
  Families<Histogram> histograms_;
  Gauge& reserved_bytes_ = Get(&gauges_, MetricKind::kGauge, "iceframe_memory_reserved_bytes", {});
};

}  // namespace

void Histogram::Observe(double seconds) {
  if (!(seconds >= 0)) seconds = 0;
  // Prometheus' bounds are inclusive: a value equal to a bound counts in its bucket.
  const auto* bound = std::lower_bound(std::begin(kBounds), std::end(kBounds), seconds);
  buckets_[bound - std::begin(kBounds)].fetch_add(1, std::memory_order_relaxed);
  constexpr double kMaxSeconds = 1e9;
  const double nanoseconds = std::min(seconds, kMaxSeconds) * 1e9;
  sum_nanoseconds_.fetch_add(static_cast<int64_t>(nanoseconds), std::memory_order_relaxed);
}

int64_t Histogram::count() const {
  int64_t total = 0;
  for (int i = 0; i < kNumBuckets; ++i) total += bucket(i);
  return total;
}

double Histogram::sum_seconds() const {
  return static_cast<double>(sum_nanoseconds_.load(std::memory_order_relaxed)) / 1e9;
}

MetricsRegistry& MetricsRegistry::Process() {
  static MetricsRegistry& registry = *new ProcessMetricsRegistry;
  return registry;
}

}  // namespace iceframe
