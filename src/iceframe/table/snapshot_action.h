// SPDX-License-Identifier: Apache-2.0
// What all actions that make a snapshot have in common.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "iceframe/base/properties.h"
#include "iceframe/format/data_file.h"
#include "iceframe/format/manifest_file.h"
#include "iceframe/table/commit.h"
#include "iceframe/table/manifest_files.h"
#include "iceframe/table/snapshot_summary.h"

namespace iceframe {

struct SnapshotActionOptions {
  /// The branch that the snapshot goes on; one that is not there is made, from main's snapshot.
  std::string target_ref = kMainBranch;
  /// Summary keys of the caller's; those of streams and writers (stream_positions.h) are kept as
  /// table properties too.
  Properties summary;
  /// Run on every attempt's base; an error ends the commit.
  std::function<Status(const TableMetadata& base)> validator;
  /// Table properties to set and to remove in the same commit.
  Properties set_properties;
  std::vector<std::string> removed_properties;
  /// More summary keys, made anew on every attempt's base.
  std::function<Result<Properties>(const TableMetadata& base)> summary_on;
};

/// Makes one snapshot whose id and new manifests stay the same over all attempts, while sequence
/// number, manifest list and summary are made anew on each base.
class SnapshotAction : public TableAction {
 public:
  Status WriteAhead(const CommitAttempt& attempt) final;
  Result<CommitRequest> Prepare(const CommitAttempt& attempt) final;
  std::optional<SnapshotId> snapshot_id() const final { return snapshot_id_; }
  std::vector<std::string> UnusedFiles(const TableMetadata* saved) const final;

 protected:
  /// What the next snapshot is made of.
  struct Content {
    /// "append", "overwrite", "delete" or "replace".
    std::string operation;
    std::vector<ManifestFile> manifests;
    FileChanges changes;
  };
  /// Where an attempt starts: the branch's snapshot (nullptr: none) and its manifests.
  struct Parent {
    const Snapshot* snapshot = nullptr;
    std::vector<ManifestFile> manifests;
  };

  SnapshotAction(const Table& table, std::vector<DataFile> added_files,
                 SnapshotActionOptions options);

  /// Computes the content on the attempt's base, new_manifests() among it. Manifests that are new
  /// have kUnassignedSequenceNumber and this action's snapshot id.
  virtual Result<Content> MakeContent(const CommitAttempt& attempt, const Parent& parent) = 0;

  SnapshotId id() const { return snapshot_id_; }
  const SnapshotActionOptions& options() const { return options_; }
  const std::vector<DataFile>& added_files() const { return added_files_; }
  /// The table that the action was made for.
  const TableMetadata& made_for() const { return *made_for_; }
  /// The manifests of the added files: written once, the same in all attempts.
  const std::vector<ManifestFile>& new_manifests() const { return new_manifests_; }
  /// Returns a writer of new manifests of a spec; what it writes is deleted when not needed.
  /// `target_size_bytes`: default: as the table's properties say.
  Result<ManifestFilesWriter> NewManifestWriter(const CommitAttempt& attempt,
                                                PartitionSpecId spec_id,
                                                std::optional<int64_t> target_size_bytes = {});

 private:
  struct WrittenList {
    std::string path;
    std::vector<std::string> manifest_paths;
  };
  /// Whether the base still means the same by the ids that the added files were written with.
  Status CheckFilesFit(const CommitAttempt& attempt) const;
  Result<std::optional<SnapshotId>> RefSnapshotId(const TableMetadata& base) const;
  CommitRequest RequestFor(const LoadedTable& table, std::optional<SnapshotId> ref_id,
                           Snapshot snapshot) const;
  Result<std::string> WriteManifestList(const CommitAttempt& attempt, const Snapshot& snapshot,
                                        const std::vector<ManifestFile>& manifests);

  const std::shared_ptr<const TableMetadata> made_for_;
  const std::vector<DataFile> added_files_;
  SnapshotActionOptions options_;
  bool has_new_manifests_ = false;
  std::vector<ManifestFile> new_manifests_;
  SnapshotId snapshot_id_;
  std::string commit_uuid_;
  int next_manifest_number_ = 0;
  /// Counts lists, not attempts: a catalog may ask for a rebase again within one attempt.
  int next_list_number_ = 0;
  std::vector<std::string> written_files_;
  std::vector<WrittenList> written_lists_;
};

/// Tells manifests apart for what is made of them: one that the same commit writes is another on
/// each base, since its entries inherit other numbers.
std::string ManifestKey(const ManifestFile& manifest);

/// Returns the path of a file's partition, which tells changed partitions apart.
std::string PartitionKeyOf(const TableMetadata& metadata, const DataFile& file);

}  // namespace iceframe
