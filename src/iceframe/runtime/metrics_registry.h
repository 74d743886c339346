// SPDX-License-Identifier: Apache-2.0
// Counters, gauges and histograms of the process, by Prometheus' naming rules.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace iceframe {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

/// Only goes up. Increment costs one relaxed atomic add.
class Counter {
 public:
  void Increment(int64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

/// Goes up and down. Whole numbers are exact up to 2^53.
class Gauge {
 public:
  template <typename Number>
  void Set(Number value) {
    value_.store(static_cast<double>(value), std::memory_order_relaxed);
  }
  template <typename Number>
  void Add(Number by) {
    value_.fetch_add(static_cast<double>(by), std::memory_order_relaxed);
  }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

/// Seconds in the buckets .001 .005 .01 .05 .1 .5 1 5 10 30 60 300 +Inf.
class Histogram {
 public:
  static constexpr double kBounds[] = {0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300};
  static constexpr int kNumBuckets = 13;
  void Observe(double seconds);
  int64_t count() const;
  double sum_seconds() const;
  /// Not cumulative; the last one is +Inf.
  int64_t bucket(int index) const { return buckets_[index].load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> buckets_[kNumBuckets] = {};
  std::atomic<int64_t> sum_nanoseconds_{0};
};

enum class MetricKind : uint8_t { kCounter, kGauge, kHistogram };

struct MetricSample {
  std::string name;
  MetricLabels labels;
  double value = 0;
  MetricKind kind = MetricKind::kCounter;
};

/// Hands out metrics by name and labels; what it handed out lives as long as the process.
/// Thread-safe; look a metric up once, outside of hot loops. At most 200 label sets per name,
/// after which "other" stands for the rest.
///
/// Whatever it is asked for, what Collect tells can be exported: counters end in "_total" and no
/// other metric does, names and labels are of letters, digits and '_', those of one name have one
/// kind and the same labels. A metric that breaks this counts, and is not told of; that it was
/// asked for is (iceframe_metrics_refused_total).
class MetricsRegistry {
 public:
  static MetricsRegistry& Process();
  virtual ~MetricsRegistry() = default;
  virtual Counter& counter(std::string_view name, const MetricLabels& labels = {}) = 0;
  virtual Gauge& gauge(std::string_view name, const MetricLabels& labels = {}) = 0;
  virtual Histogram& histogram(std::string_view name, const MetricLabels& labels = {}) = 0;
  /// Everything now, sorted by name and labels; histograms as cumulative _bucket, _sum, _count.
  virtual std::vector<MetricSample> Collect() const = 0;
};

}  // namespace iceframe
