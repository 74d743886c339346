// SPDX-License-Identifier: Apache-2.0
// Replacing data files by others that hold the same rows. Spec: "Commit Conflict Resolution".
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "iceframe/format/data_file.h"
#include "iceframe/table/snapshot_action.h"

namespace iceframe {

struct RewriteFilesOptions : SnapshotActionOptions {
  /// The snapshot whose files were read; default: the branch's as the table has it.
  std::optional<SnapshotId> start_snapshot_id;
  /// The new files lack rows of the old ones: the operation is "overwrite", for readers of changes.
  bool changes_rows = false;
};

/// Takes data files away and adds those that hold their rows, in one snapshot of operation
/// "replace", which readers of changes pass over.
///
/// Checked on every attempt: each file must still be in the table, and no delete file may have been
/// added since the start snapshot, as it may be about rows that were read before. Else the commit
/// ends with CommitRejected, and the files are to be chosen anew. Files that others add meanwhile
/// stay.
class RewriteFilesAction final : public SnapshotAction {
 public:
  /// `removed` are locations as manifests have them. Errors: InvalidArgument naming a file that is
  /// given twice or both removed and added, or without anything to remove; as AppendFilesAction.
  static Result<std::unique_ptr<RewriteFilesAction>> Make(const Table& table,
                                                          const std::vector<std::string>& removed,
                                                          std::vector<DataFile> added,
                                                          RewriteFilesOptions options = {});

 protected:
  Result<Content> MakeContent(const CommitAttempt& attempt, const Parent& parent) override;

 private:
  RewriteFilesAction(const Table& table, std::set<std::string, std::less<>> removed,
                     std::vector<DataFile> added, RewriteFilesOptions options);
  Status CheckNoNewDeletes(const CommitAttempt& attempt, const Parent& parent) const;
  /// The files of a manifest that are to go; none: it stays as it is.
  Result<const std::vector<DataFile>*> RemovedFrom(const CommitAttempt& attempt,
                                                   const ManifestFile& manifest);
  /// Writes the entries of manifests of one spec, those that are to go as deleted.
  Result<std::vector<ManifestFile>> WithoutRemoved(const CommitAttempt& attempt,
                                                   const std::vector<ManifestFile>& of_spec);

  const std::set<std::string, std::less<>> removed_;
  const std::string operation_;
  /// nullopt: the table had no snapshot.
  const std::optional<SequenceNumber> start_sequence_number_;
  /// By the keys of manifests, for further attempts: what goes from each, and what several became.
  std::map<std::string, std::vector<DataFile>> removed_from_;
  std::map<std::string, std::vector<ManifestFile>> rewritten_;
};

}  // namespace iceframe
