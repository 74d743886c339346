// SPDX-License-Identifier: Apache-2.0
// What was lately asked of tables: the filters and columns of their reads.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "iceframe/base/strong_id.h"
#include "iceframe/expression/expression.h"
#include "iceframe/query/logical_plan.h"
#include "iceframe/runtime/fork.h"

namespace iceframe {

/// One read of a table, as a part of a query.
struct LoggedRead {
  std::string table_uuid;
  std::optional<SnapshotId> snapshot_id;
  /// Bound to the table's columns and simplified.
  Expression filter;
  /// Top-level columns that are read, the filter's not among them unless they come out.
  std::set<FieldId> columns;
  /// A hash of the query, tables' states included: equal for equal queries on equal rows.
  size_t query = 0;
  /// Whether its answer may come from a cache.
  bool is_cached = false;
};

/// The last reads of the process. Bounded: the oldest goes when a new one comes, and filters of
/// many values are not kept. Thread-safe.
class ReadLog {
 public:
  static ReadLog& Process();

  static constexpr size_t kMaxReads = 1000;

  void Add(LoggedRead read);
  /// Notes the reads of an optimized plan.
  void AddPlan(const PlanPtr& plan, bool is_cached);
  /// Those of one table, the oldest first.
  std::vector<LoggedRead> ReadsOf(const std::string& table_uuid) const;

 private:
  mutable internal::ForkSafeMutex mutex_;
  std::deque<LoggedRead> reads_;
};

}  // namespace iceframe
