// SPDX-License-Identifier: Apache-2.0
// Adding data files to a table.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "iceframe/format/data_file.h"
#include "iceframe/table/snapshot_action.h"

namespace iceframe {

struct AppendFilesOptions : SnapshotActionOptions {
  /// Never merge manifests, whatever the table's properties say.
  bool fast = false;
};

/// Adds data files; small manifests are merged as commit.manifest-merge.enabled (default true),
/// commit.manifest.min-count-to-merge (100) and commit.manifest.target-size-bytes (8 MiB) say.
/// An append meets no conflict that a retry would not cure.
class AppendFilesAction final : public SnapshotAction {
 public:
  /// Errors: InvalidArgument naming the file: not a data file, of an unknown spec, given twice, or
  /// with a partition of another width than its spec's.
  static Result<std::unique_ptr<AppendFilesAction>> Make(const Table& table,
                                                         std::vector<DataFile> files,
                                                         AppendFilesOptions options = {});

 protected:
  Result<Content> MakeContent(const CommitAttempt& attempt, const Parent& parent) override;

 private:
  AppendFilesAction(const Table& table, std::vector<DataFile> files, AppendFilesOptions options);
  Result<std::vector<ManifestFile>> Merge(const CommitAttempt& attempt,
                                          const std::vector<ManifestFile>& manifests);
  Result<std::vector<ManifestFile>> MergeBin(const CommitAttempt& attempt,
                                             const std::vector<ManifestFile>& bin);

  const bool fast_;
  /// Merged manifests by the keys of those they were made of, reused as long as those stay.
  std::map<std::string, std::vector<ManifestFile>> merged_;
};

/// Checks files that are to be added to a table. Errors: as AppendFilesAction::Make.
Status CheckNewFiles(const TableMetadata& metadata, const std::vector<DataFile>& files);

}  // namespace iceframe
