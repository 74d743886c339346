// SPDX-License-Identifier: Apache-2.0
// What a snapshot says of itself. Spec: Appendix F, "Snapshot Summary Fields".
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/format/data_file.h"
#include "iceframe/format/manifest_file.h"
#include "iceframe/format/snapshot.h"

namespace iceframe {

/// Counts the files that a snapshot adds and removes. A plain value.
class FileChanges {
 public:
  /// `partition_path` tells partitions apart; empty for unpartitioned files.
  void Added(const DataFile& file, const std::string& partition_path);
  void Removed(const DataFile& file, const std::string& partition_path);

  bool has_added() const { return added_.num_files() > 0; }
  bool has_removed() const { return removed_.num_files() > 0; }

  struct Counts {
    int64_t data_files = 0;
    int64_t position_delete_files = 0;
    int64_t equality_delete_files = 0;
    int64_t records = 0;
    int64_t position_deletes = 0;
    int64_t equality_deletes = 0;
    int64_t bytes = 0;

    int64_t delete_files() const { return position_delete_files + equality_delete_files; }
    int64_t num_files() const { return data_files + delete_files(); }
  };
  const Counts& added() const { return added_; }
  const Counts& removed() const { return removed_; }
  int64_t num_changed_partitions() const {
    return static_cast<int64_t>(changed_partitions_.size());
  }

 private:
  Counts added_, removed_;
  std::set<std::pair<PartitionSpecId, std::string>> changed_partitions_;
};

/// Errors: InvalidArgument naming a key of a caller that is computed, or a stream's or writer's
/// own.
Status CheckCallerSummary(const Properties& summary);

/// Returns the summary of a snapshot of `operation` ("append", …) on `parent` (nullptr: none).
///
/// `user` keys are kept, but none takes the place of a computed one. A total is left out where
/// the parent's is missing. `carried` (stream_positions.h) goes on unless `user` sets it.
/// engine-name, engine-version and iceberg-version say who made it.
Properties MakeSnapshotSummary(std::string_view operation, const Properties& user,
                               Properties carried, const FileChanges& changes,
                               const Snapshot* parent);

/// Sets manifests-created, manifests-kept and manifests-replaced: those of the new snapshot that
/// the parent has not, those it has, and the parent's that the new one has not.
void SetManifestCounts(const std::vector<ManifestFile>& parent,
                       const std::vector<ManifestFile>& manifests, Properties* summary);

}  // namespace iceframe
