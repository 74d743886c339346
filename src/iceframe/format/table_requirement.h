// SPDX-License-Identifier: Apache-2.0
// What must hold of a table for a commit to go in, as the REST spec names them.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "iceframe/base/json.h"
#include "iceframe/base/result.h"
#include "iceframe/base/strong_id.h"

namespace iceframe {

struct TableMetadata;

struct AssertCreate {};
struct AssertTableUuid {
  std::string uuid;
};
struct AssertRefSnapshotId {
  std::string ref;
  /// nullopt: the ref must not exist.
  std::optional<SnapshotId> snapshot_id;
};
struct AssertLastAssignedFieldId {
  FieldId last_assigned_field_id = 0;
};
struct AssertCurrentSchemaId {
  SchemaId current_schema_id;
};
struct AssertLastAssignedPartitionId {
  FieldId last_assigned_partition_id = 0;
};
struct AssertDefaultSpecId {
  PartitionSpecId default_spec_id;
};
struct AssertDefaultSortOrderId {
  SortOrderId default_sort_order_id;
};

using TableRequirement =
    std::variant<AssertCreate, AssertTableUuid, AssertRefSnapshotId, AssertLastAssignedFieldId,
                 AssertCurrentSchemaId, AssertLastAssignedPartitionId, AssertDefaultSpecId,
                 AssertDefaultSortOrderId>;

/// Checks a requirement against the table (nullptr: there is none).
/// Errors: CommitConflict saying what was wanted and what is.
Status CheckRequirement(const TableRequirement& requirement, const TableMetadata* base);

Json TableRequirementToJson(const TableRequirement& requirement);
Result<TableRequirement> TableRequirementFromJson(const Json& json);

}  // namespace iceframe
