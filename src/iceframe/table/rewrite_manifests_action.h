// SPDX-License-Identifier: Apache-2.0
// Sorting the entries of manifests anew, so that scans open few of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "iceframe/table/snapshot_action.h"

namespace iceframe {

struct RewriteManifestsOptions : SnapshotActionOptions {
  /// Default: the table's commit.manifest.target-size-bytes, 8 MiB.
  std::optional<int64_t> target_size_bytes;
};

/// Writes the live entries of a snapshot's data manifests into new ones, each spec's by partition,
/// in one snapshot of operation "replace" with the same files.
///
/// Left as they are: delete manifests, a spec's only manifest, those that one commit wrote
/// together, and full ones of an unpartitioned spec. What other writers add meanwhile stays as they
/// wrote it. Where nothing is to be done (any more), the commit ends with CommitRejected.
class RewriteManifestsAction final : public SnapshotAction {
 public:
  /// Errors: InvalidArgument for a size that is not above zero.
  static Result<std::unique_ptr<RewriteManifestsAction>> Make(const Table& table,
                                                              RewriteManifestsOptions options = {});

  /// The manifests, of one content or several, that would be written anew. Errors: InvalidArgument
  /// naming the table's property.
  static Result<std::vector<ManifestFile>> ToRewrite(const TableMetadata& metadata,
                                                     const std::vector<ManifestFile>& manifests,
                                                     std::optional<int64_t> target_size_bytes);

 protected:
  Result<Content> MakeContent(const CommitAttempt& attempt, const Parent& parent) override;

 private:
  RewriteManifestsAction(const Table& table, RewriteManifestsOptions options);
  Status Rewrite(const CommitAttempt& attempt, const std::vector<ManifestFile>& manifests);
  /// Writes the live entries of manifests of one spec, by partition.
  Status Cluster(const CommitAttempt& attempt, const std::vector<ManifestFile>& of_spec);

  const std::optional<int64_t> target_size_bytes_;
  /// The manifests that were rewritten, by their keys, and what came of them: kept for the next
  /// attempt.
  std::vector<std::string> replaced_;
  std::vector<ManifestFile> written_;
};

}  // namespace iceframe
