// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/data_skipper.h"

#include <algorithm>
#include <mutex>

#include "iceframe/execution/execution_counters.h"

namespace iceframe {

const std::shared_ptr<DataSkipper>& DataSkipper::Process() {
  static const auto& skipper = *new std::shared_ptr<DataSkipper>(std::make_shared<DataSkipper>());
  return skipper;
}

SkipCounts DataSkipper::Total() const {
  const std::lock_guard lock(mutex_);
  return SkipCounts::Of(total_.Values());
}

SkipCounts DataSkipper::OfTable(std::string_view table) const {
  const std::lock_guard lock(mutex_);
  const auto known = tables_.find(table);
  return SkipCounts::Of(known == tables_.end() ? CounterValues() : known->second.counters.Values());
}

std::vector<OperationSkips> DataSkipper::Recent(size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<OperationSkips> recent;
  recent.reserve(std::min(limit, operations_.size()));
  for (const Operation& operation : operations_) {
    if (recent.size() == limit) break;
    recent.push_back(
        {operation.id, operation.kind, operation.tables, SkipCounts::Of(operation.counters)});
  }
  return recent;
}

Status DataSkipper::OnEnd(const OperationEnd& end) {
  if (end.counters.Get(ExecutionCount::kTableScans) == 0) return Status::OK();
  const std::lock_guard lock(mutex_);
  total_.Add(end.counters);
  operations_.push_front({end.start.id, end.start.kind.name, end.start.tables, end.counters});
  if (operations_.size() > kMaxOperations) operations_.pop_back();
  for (const TableCounters& table : end.table_counters) AddToTable(table.table, table.counters);
  return Status::OK();
}

void DataSkipper::AddToTable(const std::string& name, const CounterValues& counters) {
  auto [entry, is_new] = tables_.try_emplace(name);
  Table& table = entry->second;
  if (is_new) {
    table.use = uses_.insert(uses_.begin(), entry->first);
  } else {
    uses_.splice(uses_.begin(), uses_, table.use);
  }
  table.counters.Add(counters);
  if (tables_.size() <= kMaxTables) return;
  const auto oldest = tables_.find(uses_.back());
  uses_.pop_back();
  tables_.erase(oldest);
}

}  // namespace iceframe
