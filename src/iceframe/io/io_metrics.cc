// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <map>
#include <string>

#include "iceframe/io/io_counters.h"
#include "iceframe/io/io_metrics_internal.h"
#include "iceframe/runtime/metrics_registry.h"

namespace iceframe::internal {

namespace {

constexpr size_t kNumOps = static_cast<size_t>(IoOp::kNumOps);
constexpr std::array<const char*, kNumOps> kOpNames = {"read", "write", "delete", "head", "list"};

struct OpMetrics {
  Counter* requests;
  Counter* bytes;
  Histogram* duration;
};
using SchemeMetrics = std::array<OpMetrics, kNumOps>;

SchemeMetrics MakeSchemeMetrics(const std::string& scheme) {
  auto& registry = MetricsRegistry::Process();
  SchemeMetrics metrics{};
  for (size_t op = 0; op < kNumOps; ++op) {
    const MetricLabels labels = {{"scheme", scheme}, {"op", kOpNames[op]}};
    metrics[op] = {&registry.counter("iceframe_io_requests_total", labels),
                   &registry.counter("iceframe_io_bytes_total", labels),
                   &registry.histogram("iceframe_io_duration_seconds", labels)};
  }
  return metrics;
}

/// The schemes that are built, looked up once for the process.
const OpMetrics& MetricsOf(std::string_view scheme, IoOp op) {
  static const auto& by_scheme = *new std::map<std::string, SchemeMetrics, std::less<>>{
      {"file", MakeSchemeMetrics("file")},
      {"memory", MakeSchemeMetrics("memory")},
      {"s3", MakeSchemeMetrics("s3")},
      {"other", MakeSchemeMetrics("other")}};
  auto found = by_scheme.find(scheme);
  if (found == by_scheme.end()) found = by_scheme.find("other");
  return found->second[static_cast<size_t>(op)];
}

}  // namespace

void PrepareIoMetrics() {
  MetricsOf("file", IoOp::kRead);
  MetricsRegistry::Process().counter("iceframe_io_retries_total");
}

IoRequest::IoRequest(const OperationContext& context, std::string_view scheme, IoOp op)
    : scheme_(scheme), op_(op), begin_(Clock::System().SteadyNow()) {
  context.counters->Add(IoCount::kIoRequests);
}

IoRequest::~IoRequest() {
  const OpMetrics& metrics = MetricsOf(scheme_, op_);
  metrics.requests->Increment();
  metrics.bytes->Increment(num_bytes_);
  const std::chrono::duration<double> seconds = Clock::System().SteadyNow() - begin_;
  metrics.duration->Observe(seconds.count());
}

}  // namespace iceframe::internal
