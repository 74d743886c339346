// SPDX-License-Identifier: Apache-2.0
// Groups and their aggregates under way, which can be kept and merged.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "iceframe/execution/aggregate_state_internal.h"
#include "iceframe/execution/evaluated_parts_internal.h"
#include "iceframe/execution/group_ids_internal.h"
#include "iceframe/execution/nested_key_internal.h"
#include "iceframe/query/logical_plan.h"

namespace iceframe {

/// What an AggregateNode makes of rows: groups in order of first appearance, with their states.
class GroupedAggregates {
 public:
  static Result<std::unique_ptr<GroupedAggregates>> Make(const AggregateNode& node,
                                                         std::shared_ptr<MemoryBudget> memory,
                                                         int64_t batch_bytes);
  /// Whether what it saw can be exported: no nested keys, no count_distinct.
  static bool CanExport(const AggregateNode& node);
  /// The keys, then the operands of the calls that have one: the values of parts.
  static std::vector<Expression> Operands(const AggregateNode& node);

  Status Consume(const EvaluatedPart& part);
  /// Rows of another file follow.
  void StartFile();
  int64_t num_groups() const;

  /// A row per group, of keys and states (AggregateState::Export), in batches within the batch
  /// bytes. Of no rows: no groups, or one without keys. To be called once, at the end.
  Result<arrow::RecordBatchVector> Export(const OperationContext& context);
  /// Takes a batch of what others exported.
  Status Merge(const arrow::RecordBatch& exported);
  /// A row per group, of keys and values, perhaps in wide columns; nullptr if there are keys and
  /// nothing came. To be called once, at the end.
  Result<std::shared_ptr<arrow::RecordBatch>> Finish(const OperationContext& context);

 private:
  GroupedAggregates(const AggregateNode& node, std::shared_ptr<MemoryBudget> memory,
                    int64_t batch_bytes);
  /// The group of each row, and room in the states for all groups.
  Status FindGroups(const arrow::ArrayVector& keys, int64_t num_rows);

  AggregateNode node_;
  std::shared_ptr<MemoryBudget> memory_;
  int64_t batch_bytes_;
  GroupIds groups_;
  NestedKeyValues nested_keys_;
  std::vector<std::unique_ptr<AggregateState>> states_;
  std::vector<uint32_t> zeros_;
  /// Of the part that is being consumed.
  std::span<const uint32_t> ids_;
  std::shared_ptr<arrow::UInt32Array> held_ids_;
};

}  // namespace iceframe
