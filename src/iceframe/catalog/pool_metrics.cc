// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/pool_metrics_internal.h"

namespace iceframe {

const PoolMetrics& PoolMetrics::Get() {
  static const PoolMetrics metrics = [] {
    MetricsRegistry& registry = MetricsRegistry::Process();
    return PoolMetrics{registry.gauge("iceframe_pool_connections", {{"state", "used"}}),
                       registry.gauge("iceframe_pool_connections", {{"state", "idle"}}),
                       registry.gauge("iceframe_pool_pending_requests"),
                       registry.histogram("iceframe_pool_wait_duration_seconds"),
                       registry.histogram("iceframe_pool_use_duration_seconds"),
                       registry.histogram("iceframe_pool_create_duration_seconds"),
                       registry.counter("iceframe_pool_timeouts_total"),
                       registry.counter("iceframe_pool_connect_failures_total"),
                       registry.counter("iceframe_pool_leaks_total")};
  }();
  return metrics;
}

}  // namespace iceframe
