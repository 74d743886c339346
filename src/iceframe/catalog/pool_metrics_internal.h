// SPDX-License-Identifier: Apache-2.0
// What pools of connections count, over all pools of the process.
#pragma once

#include "iceframe/runtime/metrics_registry.h"

namespace iceframe {

struct PoolMetrics {
  static const PoolMetrics& Get();

  /// iceframe_pool_connections{state="used|idle"}.
  Gauge& used;
  Gauge& idle;
  /// iceframe_pool_pending_requests.
  Gauge& pending;
  /// iceframe_pool_{wait,use,create}_duration_seconds.
  Histogram& wait;
  Histogram& use;
  Histogram& create;
  /// iceframe_pool_timeouts_total, …_connect_failures_total, …_leaks_total.
  Counter& timeouts;
  Counter& connect_failures;
  Counter& leaks;
};

}  // namespace iceframe
