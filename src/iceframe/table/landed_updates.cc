// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <variant>

#include "iceframe/table/landed_updates_internal.h"

namespace iceframe::internal {

namespace {

template <typename Map, typename Key>
bool SameEntry(const Map& wanted, const Map& now, const Key& key) {
  const auto left = wanted.find(key);
  const auto right = now.find(key);
  if (left == wanted.end() || right == now.end()) {
    return left == wanted.end() && right == now.end();
  }
  return left->second == right->second;
}

template <typename Files>
bool HasFile(const Files& files, SnapshotId id) {
  return std::ranges::any_of(files, [&](const auto& file) { return file.snapshot_id == id; });
}

// Whether one update's effect is there. What only adds (a schema, a spec) counts when it is made
// the current one.
struct EffectIsThere {
  const TableMetadata& wanted;
  const TableMetadata& now;

  bool operator()(const AssignUuid& update) const { return now.table_uuid == update.uuid; }
  bool operator()(const UpgradeFormatVersion& update) const {
    return now.format_version >= update.format_version;
  }
  bool operator()(const AddSchema&) const { return true; }
  bool operator()(const SetCurrentSchema&) const {
    return now.current_schema()->SameColumns(*wanted.current_schema());
  }
  bool operator()(const AddPartitionSpec&) const { return true; }
  bool operator()(const SetDefaultSpec&) const {
    return now.default_spec()->fields == wanted.default_spec()->fields;
  }
  bool operator()(const AddSortOrder&) const { return true; }
  bool operator()(const SetDefaultSortOrder&) const {
    return now.default_sort_order()->fields == wanted.default_sort_order()->fields;
  }
  bool operator()(const AddSnapshot& update) const {
    return now.HasSnapshot(update.snapshot.snapshot_id);
  }
  bool operator()(const SetSnapshotRef& update) const {
    return SameEntry(wanted.refs, now.refs, update.ref_name);
  }
  bool operator()(const RemoveSnapshots& update) const {
    return std::ranges::none_of(update.snapshot_ids,
                                [&](SnapshotId id) { return now.HasSnapshot(id); });
  }
  bool operator()(const RemoveSnapshotRef& update) const {
    return SameEntry(wanted.refs, now.refs, update.ref_name);
  }
  bool operator()(const SetLocation&) const { return now.location == wanted.location; }
  bool operator()(const SetProperties& update) const {
    return std::ranges::all_of(update.updates, [&](const auto& entry) {
      return SameEntry(wanted.properties, now.properties, entry.first);
    });
  }
  bool operator()(const RemoveProperties& update) const {
    return std::ranges::all_of(update.removals, [&](const std::string& key) {
      return SameEntry(wanted.properties, now.properties, key);
    });
  }
  bool operator()(const SetStatistics& update) const {
    return HasFile(now.statistics, update.statistics.snapshot_id);
  }
  bool operator()(const RemoveStatistics& update) const {
    return !HasFile(now.statistics, update.snapshot_id);
  }
  bool operator()(const SetPartitionStatistics& update) const {
    return HasFile(now.partition_statistics, update.partition_statistics.snapshot_id);
  }
  bool operator()(const RemovePartitionStatistics& update) const {
    return !HasFile(now.partition_statistics, update.snapshot_id);
  }
  bool operator()(const RemovePartitionSpecs& update) const {
    return std::ranges::none_of(
        update.spec_ids, [&](PartitionSpecId id) { return now.FindPartitionSpec(id) != nullptr; });
  }
  bool operator()(const RemoveSchemas& update) const {
    return std::ranges::none_of(update.schema_ids,
                                [&](SchemaId id) { return now.FindSchema(id) != nullptr; });
  }
  bool operator()(const AddEncryptionKey& update) const {
    return std::ranges::count(now.encryption_keys, update.key) != 0;
  }
  bool operator()(const RemoveEncryptionKey&) const {
    return now.encryption_keys == wanted.encryption_keys;
  }
};

}  // namespace

bool HaveLanded(const std::vector<TableUpdate>& updates, const TableMetadata& wanted,
                const TableMetadata& now) {
  bool has_snapshots = false;
  for (const TableUpdate& update : updates) {
    const auto* added = std::get_if<AddSnapshot>(&update);
    if (added == nullptr) continue;
    has_snapshots = true;
    if (!now.HasSnapshot(added->snapshot.snapshot_id)) return false;
  }
  if (has_snapshots) return true;
  const EffectIsThere is_there{wanted, now};
  return std::ranges::all_of(
      updates, [&](const TableUpdate& update) { return std::visit(is_there, update); });
}

}  // namespace iceframe::internal
