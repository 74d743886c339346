// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/read_log.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <utility>

#include "iceframe/execution/relation_source.h"
#include "iceframe/execution/scan_operator.h"
#include "iceframe/services/plan_scans_internal.h"

namespace iceframe {

namespace {

// Larger queries, such as those that look for thousands of keys, are not worth the memory.
constexpr int64_t kMaxNodes = 500;

int64_t CountNodes(const Expression& expression) {
  int64_t count = 1;
  if (const auto* in = expression.as<InNode>()) count += static_cast<int64_t>(in->values.size());
  for (const Expression& operand : expression.operands()) {
    if (count > kMaxNodes) break;
    count += CountNodes(operand);
  }
  return count;
}

int64_t CountNodes(const PlanNode& plan) {
  int64_t count = 1;
  VisitExpressions(plan.operation, [&](const Expression& expression) {
    if (count <= kMaxNodes) count += CountNodes(expression);
  });
  for (const PlanPtr& input : plan.inputs) {
    if (count > kMaxNodes) break;
    count += CountNodes(*input);
  }
  return count;
}

}  // namespace

ReadLog& ReadLog::Process() {
  static auto* instance = new ReadLog;
  return *instance;
}

void ReadLog::Add(LoggedRead read) {
  // Freed behind the lock.
  std::optional<LoggedRead> oldest;
  const std::lock_guard lock(mutex_);
  if (reads_.size() >= kMaxReads) {
    oldest = std::move(reads_.front());
    reads_.pop_front();
  }
  reads_.push_back(std::move(read));
}

void ReadLog::AddPlan(const PlanPtr& plan, bool is_cached) {
  if (CountNodes(*plan) > kMaxNodes) return;
  std::vector<const PlanNode*> scans;
  internal::AppendScans(*plan, &scans);
  std::optional<size_t> query;
  for (const PlanNode* node : scans) {
    const auto* scan = node->as<ScanNode>();
    const auto* source = scan->relation->source.get();
    const TableState* state = source == nullptr ? nullptr : source->table();
    if (state == nullptr) continue;
    auto read = ToRelationRead(*scan, node->schema);
    if (!read.ok()) continue;
    if (!query) query = std::hash<std::string>()(CanonicalForm(plan));
    LoggedRead logged;
    logged.table_uuid = state->table->metadata()->table_uuid;
    if (state->snapshot != nullptr) logged.snapshot_id = state->snapshot->snapshot_id;
    logged.filter = read->rows.filter;
    for (const NestedField& field : read->columns->fields()) logged.columns.insert(field.id);
    logged.query = *query;
    logged.is_cached = is_cached;
    Add(std::move(logged));
  }
}

std::vector<LoggedRead> ReadLog::ReadsOf(const std::string& table_uuid) const {
  std::vector<LoggedRead> found;
  const std::lock_guard lock(mutex_);
  for (const LoggedRead& read : reads_) {
    if (read.table_uuid == table_uuid) found.push_back(read);
  }
  return found;
}

}  // namespace iceframe
