// SPDX-License-Identifier: Apache-2.0
#include <unordered_set>

#include "iceframe/format/table_metadata_check_internal.h"

namespace iceframe::internal {

namespace {

template <typename T, typename Id>
Status CheckUnique(const std::vector<T>& items, std::string_view what, const Id& id_of) {
  std::unordered_set<decltype(id_of(items.front()).value())> ids;
  ids.reserve(items.size());
  for (const T& item : items) {
    if (!ids.insert(id_of(item).value()).second) {
      return Error(ErrorKind::kInvalidMetadata, "table metadata lists one id twice: ", what, " ",
                   id_of(item));
    }
  }
  return Status::OK();
}

Status CheckCurrentIds(const TableMetadata& metadata) {
  if (metadata.current_schema() == nullptr) {
    return Error(ErrorKind::kInvalidMetadata,
                 "current-schema-id is not among the schemas: ", metadata.current_schema_id);
  }
  if (metadata.default_spec() == nullptr) {
    return Error(ErrorKind::kInvalidMetadata,
                 "default-spec-id is not among the partition specs: ", metadata.default_spec_id);
  }
  if (metadata.default_sort_order() == nullptr) {
    return Error(
        ErrorKind::kInvalidMetadata,
        "default-sort-order-id is not among the sort orders: ", metadata.default_sort_order_id);
  }
  if (metadata.last_column_id < 0 || metadata.last_sequence_number < SequenceNumber(0) ||
      metadata.next_row_id < 0) {
    return Error(ErrorKind::kInvalidMetadata,
                 "last-column-id, last-sequence-number or next-row-id is negative");
  }
  return Status::OK();
}

Status CheckSnapshots(const TableMetadata& metadata) {
  std::unordered_set<int64_t> ids;
  ids.reserve(metadata.snapshots.size());
  for (const auto& snapshot : metadata.snapshots) {
    ids.insert(snapshot->snapshot_id().value());
    if (metadata.format_version >= 2 &&
        snapshot->sequence_number() > metadata.last_sequence_number) {
      return Error(
          ErrorKind::kInvalidMetadata,
          "snapshot's sequence number is above last-sequence-number: ", snapshot->snapshot_id(),
          ", ", snapshot->sequence_number(), " > ", metadata.last_sequence_number);
    }
  }
  for (const auto& [name, ref] : metadata.refs) {
    if (ids.count(ref.snapshot_id.value()) == 0) {
      return Error(ErrorKind::kInvalidMetadata, "ref names a snapshot that is not there: ", name,
                   " -> ", ref.snapshot_id);
    }
  }
  auto main = metadata.refs.find(kMainBranch);
  if (main != metadata.refs.end() && main->second.kind != SnapshotRefKind::kBranch) {
    return Error(ErrorKind::kInvalidMetadata, "main is not a branch");
  }
  if (!metadata.current_snapshot_id && main != metadata.refs.end()) {
    return Error(ErrorKind::kInvalidMetadata,
                 "branch main is there, but current-snapshot-id is not set");
  }
  if (metadata.current_snapshot_id && main != metadata.refs.end() &&
      main->second.snapshot_id != *metadata.current_snapshot_id) {
    return Error(ErrorKind::kInvalidMetadata,
                 "current-snapshot-id is not main's snapshot: ", *metadata.current_snapshot_id,
                 ", main ", main->second.snapshot_id);
  }
  // Others are parsed when they are asked for; this one nearly everyone asks for.
  if (!metadata.current_snapshot_id) return Status::OK();
  return metadata.FindSnapshot(*metadata.current_snapshot_id).status();
}

}  // namespace

Status CheckConsistency(const TableMetadata& metadata) {
  ICEFRAME_RETURN_NOT_OK(CheckUnique(metadata.schemas, "schema",
                                     [](const auto& schema) { return schema->schema_id(); }));
  ICEFRAME_RETURN_NOT_OK(CheckUnique(metadata.partition_specs, "partition spec",
                                     [](const PartitionSpec& spec) { return spec.spec_id; }));
  ICEFRAME_RETURN_NOT_OK(CheckUnique(metadata.sort_orders, "sort order",
                                     [](const SortOrder& order) { return order.order_id; }));
  ICEFRAME_RETURN_NOT_OK(CheckUnique(metadata.snapshots, "snapshot",
                                     [](const auto& snapshot) { return snapshot->snapshot_id(); }));
  ICEFRAME_RETURN_NOT_OK(CheckCurrentIds(metadata));
  return CheckSnapshots(metadata);
}

}  // namespace iceframe::internal
