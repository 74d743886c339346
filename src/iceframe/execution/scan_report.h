// SPDX-License-Identifier: Apache-2.0
// What the planning of one scan came to, as a detail of the operation that it is part of.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "iceframe/base/strong_id.h"
#include "iceframe/expression/expression.h"
#include "iceframe/runtime/operation_observer.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// Told once planning is over: at the scan's end, or where a limit or its reader ended it.
struct ScanReport final : OperationDetail {
  /// By its full name.
  std::string table;
  /// nullopt: the table has no snapshot.
  std::optional<SnapshotId> snapshot_id;
  /// What the filter is bound to.
  std::shared_ptr<const Schema> schema;
  /// Those that are read; nullptr: files were planned, and are not read.
  std::shared_ptr<const Schema> columns;
  Expression filter;
  /// Of all its steps.
  std::chrono::nanoseconds planning{0};
  /// What was counted meanwhile, of this scan.
  CounterValues counters;
};

}  // namespace iceframe
