// SPDX-License-Identifier: Apache-2.0
// Replacing whole data files: all of them, or those whose every row a filter takes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "iceframe/expression/expression.h"
#include "iceframe/format/columnar_manifest.h"
#include "iceframe/format/data_file.h"
#include "iceframe/table/file_match.h"
#include "iceframe/table/snapshot_action.h"

namespace iceframe {

enum class IsolationLevel : uint8_t { kSerializable, kSnapshot };

struct OverwriteFilesOptions : SnapshotActionOptions {
  /// What rows go away, unbound; nullopt: all of them.
  std::optional<Expression> filter;
  bool case_sensitive = true;
  /// Reads the rows of files whose partition and bounds leave it open whether all of them match;
  /// without it such a file ends the commit.
  FileRowsMatcher match_rows;
  /// Default: the table's write.update.isolation-level where files are added, else
  /// write.delete.isolation-level; serializable where neither is set.
  std::optional<IsolationLevel> isolation_level;
  /// The snapshot that the change was computed from; default: the branch's as the table has it,
  /// without what the same commit puts on it.
  std::optional<SnapshotId> start_snapshot_id;
};

/// Deletes the data files whose every row matches the filter, and adds others, in one snapshot.
///
/// What partition and bounds leave open, rows tell. A file of which some rows match and others do
/// not ends the commit with Unsupported naming it: its rows would have to be rewritten.
/// Serializable isolation ends it with CommitRejected if a file that may hold matching rows was
/// added since the start snapshot; checked on every attempt. The operation is "delete" without
/// added files, else "overwrite".
class OverwriteFilesAction final : public SnapshotAction {
 public:
  /// Errors: InvalidArgument naming the file (as AppendFilesAction), the filter's column or the
  /// property.
  static Result<std::unique_ptr<OverwriteFilesAction>> Make(const Table& table,
                                                            std::vector<DataFile> added_files,
                                                            OverwriteFilesOptions options = {});

 protected:
  Result<Content> MakeContent(const CommitAttempt& attempt, const Parent& parent) override;

 private:
  OverwriteFilesAction(const Table& table, std::vector<DataFile> added_files,
                       OverwriteFilesOptions options);
  Status CheckNoNewMatches(const CommitAttempt& attempt, const Parent& parent) const;
  /// Reads the files that MatchFiles leaves open.
  Status ProveMatches(const CommitAttempt& attempt, const Expression& filter,
                      const ColumnarManifest& manifest, std::vector<FileMatch>* matches) const;
  /// Returns the manifest as it is, or manifests with the matching files marked deleted.
  Result<std::vector<ManifestFile>> Filter(const CommitAttempt& attempt,
                                           const ManifestFile& manifest, FileChanges* changes);

  OverwriteFilesOptions overwrite_;
  IsolationLevel isolation_level_ = IsolationLevel::kSerializable;
  /// Whether the parent has delete files: then rows that are read may be no rows any more.
  bool has_deletes_ = false;

  /// What became of a manifest, by its key: reused on the next attempt.
  struct Filtered {
    std::vector<ManifestFile> manifests;
    std::vector<DataFile> removed;
  };
  std::map<std::string, Filtered> filtered_;
};

}  // namespace iceframe
