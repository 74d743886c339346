// SPDX-License-Identifier: Apache-2.0
// How a table's rows are divided into partitions. Spec: "Partitioning".
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/base/strong_id.h"
#include "iceframe/types/schema.h"
#include "iceframe/types/transform.h"

namespace iceframe {

/// The first id that partition fields get.
inline constexpr FieldId kFirstPartitionFieldId = 1000;

struct PartitionField {
  /// The columns the transform reads: one, but v3 allows several.
  std::vector<FieldId> source_ids;
  /// Unique among all specs of the table.
  FieldId field_id = 0;
  std::string name;
  Transform transform = Transform::Identity();

  FieldId source_id() const { return source_ids.empty() ? 0 : source_ids.front(); }
  bool operator==(const PartitionField&) const = default;
};

struct PartitionSpec {
  PartitionSpecId spec_id;
  std::vector<PartitionField> fields;

  /// True if no field divides rows (none at all, or only void ones).
  bool is_unpartitioned() const;
  bool operator==(const PartitionSpec&) const = default;
};

/// Returns the struct type of the spec's partition tuples: one optional field per partition field,
/// in order, with the partition field's id and name. A field whose source column is gone has the
/// type `unknown` unless the transform alone tells it (bucket: int, day: date …).
Result<Type> PartitionType(const PartitionSpec& spec, const Schema& schema);

/// Checks sources, names and transforms against the schema.
/// Errors: InvalidArgument naming the partition field.
Status ValidatePartitionSpec(const PartitionSpec& spec, const Schema& schema);

/// "ts_day=2024-03-01/bucket=3": each part percent-encoded; empty for unpartitioned specs.
std::string PartitionPath(const PartitionSpec& spec, const Schema& schema,
                          const std::vector<Value>& partition);

}  // namespace iceframe
