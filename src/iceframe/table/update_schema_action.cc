// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/update_schema_action.h"

#include <algorithm>
#include <utility>

#include "iceframe/table/manifest_files.h"
#include "iceframe/table/written_columns_internal.h"

namespace iceframe {

namespace {

// Files of the table keep partition values that were made of the old type. Only a date that becomes
// a timestamp gives others than before; years, months and days of it stay what they were.
Status CheckPartitionValuesStay(const TableMetadata& base, const Schema& wanted) {
  for (const PartitionSpec& spec : base.partition_specs) {
    for (const PartitionField& field : spec.fields) {
      const TransformKind kind = field.transform.kind();
      const bool depends_on_type = kind == TransformKind::kIdentity ||
                                   kind == TransformKind::kBucket ||
                                   kind == TransformKind::kUnknown;
      if (!depends_on_type) continue;
      for (const FieldId id : field.source_ids) {
        const NestedField* before = base.current_schema()->FindField(id);
        const NestedField* after = wanted.FindField(id);
        if (before == nullptr || after == nullptr || before->type == after->type) continue;
        if (before->type.id() != TypeId::kDate) continue;
        return Error(ErrorKind::kInvalidArgument,
                     "column type can't be changed, since partition values would change: ",
                     before->name, " from ", before->type.ToString(), " to ",
                     after->type.ToString(), ", partition field ", field.name);
      }
    }
  }
  return Status::OK();
}

bool HasAll(const std::vector<NestedField>& fields, const Schema& wanted) {
  return std::ranges::all_of(fields, [&](const NestedField& field) {
    return wanted.FindField(field.id) != nullptr && HasAll(field.type.fields(), wanted);
  });
}

// New files would have no value to be partitioned or sorted by, neither now nor by what another
// writer makes of the table meanwhile.
Status CheckSourcesStay(const TableMetadata& base, const Schema& wanted,
                        std::vector<TableRequirement>* requirements) {
  if (HasAll(base.current_schema()->fields(), wanted)) return Status::OK();
  requirements->emplace_back(AssertDefaultSpecId{base.default_spec_id});
  requirements->emplace_back(AssertDefaultSortOrderId{base.default_sort_order_id});
  for (const PartitionField& field : base.default_spec()->fields) {
    if (field.transform.kind() == TransformKind::kVoid) continue;
    for (const FieldId id : field.source_ids) {
      if (wanted.FindField(id) != nullptr) continue;
      return Error(ErrorKind::kInvalidArgument, "column can't be dropped, since the table is ",
                   "partitioned by it; drop that partition field first: ",
                   base.current_schema()->FullName(id), ", partition field ", field.name);
    }
  }
  for (const SortField& field : base.default_sort_order()->fields) {
    for (const FieldId id : field.source_ids) {
      if (wanted.FindField(id) != nullptr) continue;
      return Error(
          ErrorKind::kInvalidArgument, "column can't be dropped, since the table is ",
          "sorted by it; replace the sort order first: ", base.current_schema()->FullName(id));
    }
  }
  return Status::OK();
}

// Whether all files of a snapshot say that they hold no null in a column.
Status CheckHoldsNoNulls(const CommitAttempt& attempt, const Snapshot& snapshot, FieldId id,
                         const std::string& name) {
  const TableMetadata& base = *attempt.base.metadata;
  ICEFRAME_ASSIGN_OR_RETURN(auto manifests,
                            ReadManifestList(attempt.context, attempt.io, base, snapshot));
  for (const ManifestFile& manifest : *manifests) {
    if (manifest.content != ManifestContent::kData || !manifest.may_have_live_files()) continue;
    ICEFRAME_ASSIGN_OR_RETURN(auto decoded,
                              ReadManifest(attempt.context, attempt.io, base, manifest));
    for (int64_t i = 0; i < decoded->num_entries(); ++i) {
      if (!decoded->is_live(i)) continue;
      ICEFRAME_ASSIGN_OR_RETURN(const ManifestEntry entry, decoded->Entry(i));
      const auto& counts = entry.data_file.null_value_counts;
      const auto count = counts.find(id);
      if (count != counts.end() && count->second == 0) continue;
      return Error(ErrorKind::kInvalidArgument,
                   count == counts.end()
                       ? "column can't be required, since a file does not tell whether it has nulls"
                       : "column can't be required, since a file has nulls in it",
                   ": ", name, " in ", entry.data_file.file_path);
    }
  }
  return Status::OK();
}

// Rows of every branch have a value in each column that becomes required; the branches have to stay
// what they are then.
Status CheckNewlyRequired(const CommitAttempt& attempt, const Schema& wanted,
                          std::vector<TableRequirement>* requirements) {
  const TableMetadata& base = *attempt.base.metadata;
  const std::vector<FieldId> ids = internal::NewlyRequired(*base.current_schema(), wanted);
  if (ids.empty()) return Status::OK();
  requirements->emplace_back(AssertRefSnapshotId{kMainBranch, base.current_snapshot_id});
  for (const auto& [name, ref] : base.refs) {
    if (ref.kind == SnapshotRefKind::kTag) continue;
    if (name != kMainBranch) requirements->emplace_back(AssertRefSnapshotId{name, ref.snapshot_id});
    ICEFRAME_ASSIGN_OR_RETURN(const Snapshot* snapshot, base.FindSnapshot(ref.snapshot_id));
    if (snapshot == nullptr) continue;
    for (const FieldId id : ids) {
      const std::string column = wanted.FullName(id);
      if (base.current_schema()->FindField(id) == nullptr) {
        return Error(ErrorKind::kInvalidArgument,
                     "a column that is new and required needs a default, since there are rows; add "
                     "it as an optional one, or with a default (format version 3): ",
                     column);
      }
      ICEFRAME_RETURN_NOT_OK(CheckHoldsNoNulls(attempt, *snapshot, id, column));
    }
  }
  return Status::OK();
}

}  // namespace

Result<CommitRequest> UpdateSchemaAction::Prepare(const CommitAttempt& attempt) {
  const TableMetadata& base = *attempt.base.metadata;
  FieldId last_column_id = base.last_column_id;
  ICEFRAME_ASSIGN_OR_RETURN(auto wanted, ChangeSchema(base.current_schema(), changes_,
                                                      base.format_version, &last_column_id));
  ICEFRAME_RETURN_NOT_OK(CheckPartitionValuesStay(base, *wanted));
  CommitRequest request;
  request.identifier = attempt.base.identifier;
  request.requirements = {AssertTableUuid{base.table_uuid},
                          AssertCurrentSchemaId{base.current_schema_id},
                          AssertLastAssignedFieldId{base.last_column_id}};
  ICEFRAME_RETURN_NOT_OK(CheckSourcesStay(base, *wanted, &request.requirements));
  ICEFRAME_RETURN_NOT_OK(CheckNewlyRequired(attempt, *wanted, &request.requirements));
  request.updates = {AddSchema{std::move(wanted), last_column_id}, SetCurrentSchema{}};
  return request;
}

}  // namespace iceframe
