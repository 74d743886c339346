// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/table.h"

#include <utility>

namespace iceframe {

Result<std::shared_ptr<const Table>> Table::Make(std::shared_ptr<Catalog> catalog,
                                                 LoadedTable loaded) {
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<FileIO> io, catalog->FileIOFor(loaded));
  return std::shared_ptr<const Table>(
      new Table(std::move(catalog), std::move(loaded), std::move(io)));
}

Result<std::shared_ptr<const Table>> Table::Load(const OperationContext& context,
                                                 std::shared_ptr<Catalog> catalog,
                                                 const TableIdentifier& identifier) {
  ICEFRAME_ASSIGN_OR_RETURN(LoadedTable loaded, catalog->LoadTable(context, identifier));
  return Make(std::move(catalog), std::move(loaded));
}

Result<std::shared_ptr<const Table>> Table::Refresh(const OperationContext& context) const {
  return Load(context, catalog_, loaded_.identifier);
}

std::shared_ptr<const Table> Table::With(LoadedTable loaded) const {
  return std::shared_ptr<const Table>(new Table(catalog_, std::move(loaded), io_));
}

Result<const Snapshot*> Table::SnapshotOf(const TableVersion& version) const {
  const int num_given = static_cast<int>(version.snapshot_id.has_value()) +
                        static_cast<int>(version.as_of_timestamp_ms.has_value()) +
                        static_cast<int>(version.ref.has_value());
  if (num_given > 1) {
    return Error(ErrorKind::kInvalidArgument,
                 "give only one of snapshot id, timestamp and ref to say what to read");
  }
  const TableMetadata& metadata = *loaded_.metadata;
  if (version.snapshot_id) {
    ICEFRAME_ASSIGN_OR_RETURN(const Snapshot* snapshot,
                              metadata.FindSnapshot(*version.snapshot_id));
    if (snapshot != nullptr) return snapshot;
    return Error(ErrorKind::kNotFound, "snapshot does not exist in ", identifier().ToString(), ": ",
                 *version.snapshot_id);
  }
  if (version.as_of_timestamp_ms) return SnapshotAsOf(metadata, *version.as_of_timestamp_ms);
  if (version.ref) {
    auto found = metadata.refs.find(*version.ref);
    if (found != metadata.refs.end()) {
      ICEFRAME_ASSIGN_OR_RETURN(const Snapshot* snapshot,
                                metadata.FindSnapshot(found->second.snapshot_id));
      if (snapshot != nullptr) return snapshot;
    } else if (*version.ref == kMainBranch) {
      return metadata.current_snapshot();
    }
    return Error(ErrorKind::kNotFound, "branch or tag does not exist in ", identifier().ToString(),
                 ": ", *version.ref);
  }
  return metadata.current_snapshot();
}

Result<std::shared_ptr<const Schema>> Table::SchemaOf(const TableVersion& version) const {
  ICEFRAME_ASSIGN_OR_RETURN(const Snapshot* snapshot, SnapshotOf(version));
  return SchemaOf(version, snapshot);
}

std::shared_ptr<const Schema> Table::SchemaOf(const TableVersion& version,
                                              const Snapshot* snapshot) const {
  const TableMetadata& metadata = *loaded_.metadata;
  bool is_historic = version.snapshot_id || version.as_of_timestamp_ms;
  if (version.ref) {
    auto found = metadata.refs.find(*version.ref);
    is_historic = found != metadata.refs.end() && found->second.kind == SnapshotRefKind::kTag;
  }
  if (is_historic && snapshot != nullptr) return metadata.SchemaOf(*snapshot);
  return metadata.current_schema();
}

Result<TableState> ResolveTable(std::shared_ptr<const Table> table, const TableVersion& version) {
  TableState state;
  state.table = std::move(table);
  ICEFRAME_ASSIGN_OR_RETURN(state.snapshot, state.table->SnapshotOf(version));
  state.schema = state.table->SchemaOf(version, state.snapshot);
  return state;
}

}  // namespace iceframe
