// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/expire_snapshots_action.h"

#include <algorithm>
#include <limits>
#include <unordered_set>
#include <utility>

#include "iceframe/runtime/settings.h"
#include "iceframe/table/snapshot_ancestry.h"

namespace iceframe {

namespace {

constexpr int64_t kDefaultMaxSnapshotAgeMs = int64_t{5} * 24 * 60 * 60 * 1000;

// The limits that a table's properties and the caller set.
struct Limits {
  int64_t older_than_ms = 0;
  int64_t min_snapshots = 1;
  int64_t max_ref_age_ms = std::numeric_limits<int64_t>::max();
};

Status ReadNumber(const TableMetadata& metadata, const char* name, int64_t* value) {
  const auto property = metadata.properties.find(name);
  if (property == metadata.properties.end()) return Status::OK();
  ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(*value, ParseInteger(property->second), "table property", name);
  if (*value > 0) return Status::OK();
  return Error(ErrorKind::kInvalidArgument, "table property must be above zero: ", name, " = ",
               property->second);
}

int64_t Before(int64_t now_ms, int64_t age_ms) {
  return now_ms < std::numeric_limits<int64_t>::min() + age_ms ? now_ms : now_ms - age_ms;
}

Result<Limits> ReadLimits(const TableMetadata& metadata, const ExpireSnapshotsOptions& options,
                          int64_t now_ms) {
  Limits limits;
  int64_t max_age_ms = kDefaultMaxSnapshotAgeMs;
  ICEFRAME_RETURN_NOT_OK(ReadNumber(metadata, "history.expire.max-snapshot-age-ms", &max_age_ms));
  ICEFRAME_RETURN_NOT_OK(
      ReadNumber(metadata, "history.expire.min-snapshots-to-keep", &limits.min_snapshots));
  ICEFRAME_RETURN_NOT_OK(
      ReadNumber(metadata, "history.expire.max-ref-age-ms", &limits.max_ref_age_ms));
  limits.older_than_ms = options.older_than_ms.value_or(Before(now_ms, max_age_ms));
  if (options.retain_last) limits.min_snapshots = *options.retain_last;
  if (limits.min_snapshots >= 0) return limits;
  return Error(ErrorKind::kInvalidArgument,
               "retain_last must not be below zero: ", limits.min_snapshots);
}

using SnapshotIds = std::unordered_set<SnapshotId>;

// Adds what a branch keeps of its line.
Status KeepOfBranch(const TableMetadata& metadata, const SnapshotRef& branch, const Limits& limits,
                    int64_t now_ms, SnapshotIds* kept) {
  const int64_t min_snapshots =
      std::max<int64_t>(branch.min_snapshots_to_keep.value_or(limits.min_snapshots), 1);
  const int64_t older_than_ms = branch.max_snapshot_age_ms
                                    ? Before(now_ms, *branch.max_snapshot_age_ms)
                                    : limits.older_than_ms;
  ICEFRAME_ASSIGN_OR_RETURN(const auto line, LineOf(metadata, branch.snapshot_id));
  int64_t count = 0;
  for (const Snapshot* snapshot : line) {
    if (count >= min_snapshots && snapshot->timestamp_ms < older_than_ms) break;
    kept->insert(snapshot->snapshot_id);
    ++count;
  }
  return Status::OK();
}

// The age of a ref is that of its snapshot.
Result<bool> IsTooOld(const TableMetadata& metadata, const SnapshotRef& ref, const Limits& limits,
                      int64_t now_ms) {
  ICEFRAME_ASSIGN_OR_RETURN(const Snapshot* snapshot, metadata.FindSnapshot(ref.snapshot_id));
  if (snapshot == nullptr) return true;
  return Before(now_ms, ref.max_ref_age_ms.value_or(limits.max_ref_age_ms)) >
         snapshot->timestamp_ms;
}

// The snapshots that refs which stay lead to.
Result<SnapshotIds> LedTo(const TableMetadata& metadata, const std::vector<std::string>& without) {
  SnapshotIds ids;
  for (const auto& [name, ref] : metadata.refs) {
    if (std::ranges::count(without, name) != 0) continue;
    ICEFRAME_ASSIGN_OR_RETURN(const auto line, LineOf(metadata, ref.snapshot_id));
    for (const Snapshot* snapshot : line) ids.insert(snapshot->snapshot_id);
  }
  return ids;
}

Status TakeAskedFor(const TableMetadata& metadata, const ExpireSnapshotsOptions& options,
                    const std::vector<std::string>& expired_refs, SnapshotIds* kept) {
  for (const SnapshotId id : options.snapshot_ids) {
    if (!metadata.HasSnapshot(id)) {
      return Error(ErrorKind::kInvalidArgument, "snapshot to expire does not exist: ", id);
    }
    for (const auto& [name, ref] : metadata.refs) {
      if (ref.snapshot_id != id || std::ranges::count(expired_refs, name) != 0) continue;
      return Error(ErrorKind::kInvalidArgument, "snapshot to expire is what a ref names: ", id,
                   ", ", name);
    }
    kept->erase(id);
  }
  return Status::OK();
}

}  // namespace

Status CheckMayDeleteFiles(const TableMetadata& metadata) {
  const auto property = metadata.properties.find("gc.enabled");
  if (property == metadata.properties.end()) return Status::OK();
  ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(const bool is_enabled, ParseBool(property->second),
                                    "table property", "gc.enabled");
  if (is_enabled) return Status::OK();
  return Error(ErrorKind::kUnsupported,
               "the table's property gc.enabled is false: its files may "
               "be another table's too, so none is deleted");
}

Result<Expiration> ChooseExpired(const TableMetadata& metadata,
                                 const ExpireSnapshotsOptions& options, int64_t now_ms) {
  ICEFRAME_RETURN_NOT_OK(CheckMayDeleteFiles(metadata));
  ICEFRAME_ASSIGN_OR_RETURN(const Limits limits, ReadLimits(metadata, options, now_ms));
  Expiration expiration;
  SnapshotIds kept;
  for (const auto& [name, ref] : metadata.refs) {
    if (name != kMainBranch) {
      ICEFRAME_ASSIGN_OR_RETURN(const bool is_too_old, IsTooOld(metadata, ref, limits, now_ms));
      if (is_too_old) {
        expiration.refs.push_back(name);
        continue;
      }
    }
    kept.insert(ref.snapshot_id);
    if (ref.kind == SnapshotRefKind::kTag) continue;
    ICEFRAME_RETURN_NOT_OK(KeepOfBranch(metadata, ref, limits, now_ms, &kept));
  }
  if (metadata.current_snapshot_id) kept.insert(*metadata.current_snapshot_id);
  ICEFRAME_ASSIGN_OR_RETURN(const SnapshotIds led_to, LedTo(metadata, expiration.refs));
  for (const auto& snapshot : metadata.snapshots) {
    if (led_to.contains(snapshot->snapshot_id())) continue;
    if (snapshot->timestamp_ms() >= limits.older_than_ms) kept.insert(snapshot->snapshot_id());
  }
  ICEFRAME_RETURN_NOT_OK(TakeAskedFor(metadata, options, expiration.refs, &kept));
  std::vector<const LazySnapshot*> expired;
  for (const auto& snapshot : metadata.snapshots) {
    if (!kept.contains(snapshot->snapshot_id())) expired.push_back(snapshot.get());
  }
  std::ranges::stable_sort(expired, {}, &LazySnapshot::timestamp_ms);
  for (const LazySnapshot* snapshot : expired) {
    expiration.snapshot_ids.push_back(snapshot->snapshot_id());
  }
  return expiration;
}

Result<CommitRequest> ExpireSnapshotsAction::Prepare(const CommitAttempt& attempt) {
  const TableMetadata& base = *attempt.base.metadata;
  base_ = attempt.base.metadata;
  ICEFRAME_ASSIGN_OR_RETURN(expired_,
                            ChooseExpired(base, options_, attempt.context.clock->SystemNowMs()));
  CommitRequest request;
  request.identifier = attempt.base.identifier;
  request.requirements = {AssertTableUuid{base.table_uuid}};
  for (const auto& [name, ref] : base.refs) {
    request.requirements.emplace_back(AssertRefSnapshotId{name, ref.snapshot_id});
  }
  for (const std::string& name : expired_.refs) {
    request.updates.emplace_back(RemoveSnapshotRef{name});
  }
  if (!expired_.snapshot_ids.empty()) {
    request.updates.emplace_back(RemoveSnapshots{expired_.snapshot_ids});
  }
  return request;
}

}  // namespace iceframe
