// SPDX-License-Identifier: Apache-2.0
// Which manifests are merged, and how entries go into new ones.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "iceframe/format/data_file.h"
#include "iceframe/table/commit.h"
#include "iceframe/table/manifest_files.h"

namespace iceframe::internal {

struct MergePolicy {
  bool is_enabled = true;
  int64_t min_count_to_merge = 100;
  int64_t target_size_bytes = int64_t{8} << 20;
};

/// The properties commit.manifest-merge.enabled, commit.manifest.min-count-to-merge and
/// commit.manifest.target-size-bytes. Errors: InvalidArgument naming the property.
Result<MergePolicy> ReadMergePolicy(const TableMetadata& metadata);

/// Divides manifests into bins of one content and spec each, every one of at most the target size
/// unless it holds a single manifest. Order is kept within a spec, and packing begins at the old
/// end, so that the bin which is not full is the newest one: only that changes with each commit.
std::vector<std::vector<ManifestFile>> PackManifests(const std::vector<ManifestFile>& manifests,
                                                     const MergePolicy& policy);

/// Writes the live entries of `bin` into new manifests; those that this snapshot added stay
/// added, the others become existing.
Result<std::vector<ManifestFile>> MergeManifests(const CommitAttempt& attempt,
                                                 SnapshotId snapshot_id,
                                                 const std::vector<ManifestFile>& bin,
                                                 ManifestFilesWriter* writer);

/// Writes `files` as added by `snapshot_id`, each spec's into manifests of its own.
Result<std::vector<ManifestFile>> WriteAddedFiles(
    const std::vector<DataFile>& files, SnapshotId snapshot_id,
    const std::function<Result<ManifestFilesWriter>(PartitionSpecId)>& make_writer);

}  // namespace iceframe::internal
