// SPDX-License-Identifier: Apache-2.0
// One pass of a rewrite: groups chosen on one state of the table, written, and committed.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/maintenance/file_groups.h"
#include "iceframe/maintenance/group_writer_internal.h"
#include "iceframe/maintenance/rewrite_data_files.h"
#include "iceframe/table/commit.h"

namespace iceframe::internal {

// A group and the files that are to take its place.
struct WrittenGroup {
  const FileGroup* group = nullptr;
  std::vector<DataFile> files;
  int64_t num_removed_rows = 0;
};

/// Used once: Choose, then Run or CountChosen. Adds what it does to `report`.
class RewritePass {
 public:
  /// `state` has a snapshot.
  RewritePass(const OperationContext& context, TableState state,
              const RewriteDataFilesOptions& options, RewriteDataFilesReport* report)
      : context_(context), state_(std::move(state)), options_(options), report_(report) {}

  Status Choose();
  /// Returns whether groups were given up, that might be chosen anew.
  Result<bool> Run();
  /// Counts what Run would rewrite.
  void CountChosen();

 private:
  Result<std::vector<ScanTask>> Tasks() const;
  Result<bool> RunPortion(const GroupLayout& layout, size_t begin, size_t end);
  Result<std::vector<WrittenGroup>> Write(const GroupLayout& layout, size_t begin,
                                          size_t end) const;
  Result<bool> Commit(std::vector<WrittenGroup> written);
  Result<CommitReport> TryCommit(const std::vector<WrittenGroup>& written) const;
  // Deletes the files of groups that can't go in any more; returns how many groups these were.
  Result<int64_t> DropOvertaken(std::vector<WrittenGroup>* written);
  void Delete(const std::vector<WrittenGroup>& written) const;
  void Count(const std::vector<WrittenGroup>& written, const CommitReport& commit);
  void CountRewritten(const std::vector<const FileGroup*>& groups);

  const OperationContext& context_;
  const TableState state_;
  const RewriteDataFilesOptions& options_;
  RewriteDataFilesReport* const report_;
  std::shared_ptr<const Table> latest_ = state_.table;
  std::vector<FileGroup> groups_;
};

}  // namespace iceframe::internal
