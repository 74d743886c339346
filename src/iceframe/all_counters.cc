// SPDX-License-Identifier: Apache-2.0
#include "iceframe/all_counters.h"

#include "iceframe/catalog/catalog_counters.h"
#include "iceframe/datafile/datafile_counters.h"
#include "iceframe/execution/execution_counters.h"
#include "iceframe/io/io_counters.h"
#include "iceframe/planning/planning_counters.h"
#include "iceframe/runtime/runtime_counters.h"
#include "iceframe/table/table_counters.h"

namespace iceframe {

std::span<const OperationCount> AllCounters() {
  static constexpr auto kCounters = JoinCounters<RuntimeCount, IoCount, CatalogCount, DataFileCount,
                                                 TableCount, PlanningCount, ExecutionCount>();
  return kCounters;
}

}  // namespace iceframe
