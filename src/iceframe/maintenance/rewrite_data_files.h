// SPDX-License-Identifier: Apache-2.0
// Compaction: the rows of many data files in fewer, larger or better ordered ones.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/table/commit_options.h"
#include "iceframe/table/sort_by.h"
#include "iceframe/table/table.h"

namespace iceframe {

enum class RewriteStrategy : uint8_t {
  /// Small files become larger ones, in the table's sort order; files of a good size stay.
  kBinPack,
  /// All files, sorted by `sort_by`, or by the table's sort order where that is empty.
  kSort,
  /// All files, along the Z curve through `z_order_columns`.
  kZOrder,
};

struct RewriteDataFilesOptions : CommitOptions {
  RewriteStrategy strategy = RewriteStrategy::kBinPack;
  std::vector<SortBy> sort_by;
  std::vector<std::string> z_order_columns;
  /// Unbound: only files that may hold matching rows are looked at. All their rows stay.
  Expression filter;
  bool case_sensitive = true;
  /// Default: the table's write.target-file-size-bytes, 512 MiB.
  std::optional<int64_t> target_file_size_bytes;
  /// See FileGroupOptions.
  int min_input_files = 5;
  int64_t max_group_bytes = int64_t{10} << 30;
  bool by_size = false;
  /// Files of a good size too, and single ones; a sort and a Z order always take all.
  bool all_files = false;
  /// Keeps one of several rows that are equal in every column, of all files that the filter leaves.
  /// Where there are any, the snapshot's operation is "overwrite". Rows of one partition are
  /// remembered within the memory limit.
  bool deduplicate = false;
  /// A codec in place of the table's write.parquet.compression-codec.
  std::optional<std::string> compression;
  /// How many groups are written at once.
  int max_parallel_groups = 1;
  /// In how many commits at most: what one has brought in stays if a later one fails.
  int max_commits = 1;
  /// How often groups are chosen anew after other writers took files of them away.
  int num_retries = 3;
  /// Only tells what would be done.
  bool dry_run = false;
};

struct RewriteDataFilesReport {
  /// The table with the rewrite in it (or later).
  std::shared_ptr<const Table> table;
  /// Of the last commit; nullopt: there was none.
  std::optional<SnapshotId> snapshot_id;
  /// Of the table as it was: all that the filter leaves.
  int64_t num_files = 0;
  int64_t num_bytes = 0;
  int64_t num_partitions = 0;
  /// Of those, what was (or in a dry run: would be) rewritten.
  int64_t num_rewritten_files = 0;
  int64_t num_rewritten_bytes = 0;
  int64_t num_rewritten_rows = 0;
  int64_t num_rewritten_partitions = 0;
  /// Rows that were there twice and are gone; 0 in a dry run.
  int64_t num_removed_rows = 0;
  /// What took their place; 0 in a dry run.
  int64_t num_added_files = 0;
  int64_t num_added_bytes = 0;
  int64_t num_commits = 0;
  /// Groups that were left to other writers, who had taken files of them away.
  int64_t num_groups_given_up = 0;
};

/// Rewrites the data files of a table that are worth it (file_groups.h), through a scan and a
/// TableWriter under the operation's memory budget. Rows and values stay as they are, and
/// from format version 3 on the rows' ids and last updates, which are written with them; files of
/// older partition specs come into the present one.
///
/// The commit is a RewriteFilesAction: files that others append meanwhile stay, and it gives way to
/// whoever takes a file of a group away: that group's new files are deleted, the others go in, and
/// groups are chosen anew up to num_retries times. Each group is sorted in runs of what fits an
/// eighth of the memory limit (256 MiB at most).
///
/// Errors: InvalidArgument for options; Unsupported for tables with delete files that apply;
/// InvalidData naming a damaged file;
/// CommitConflict if every attempt met others; those of scanning, TableWriter and CommitAction.
/// After an error the rows are what they were, and the new files are deleted, but after
/// CommitStateUnknown.
Result<RewriteDataFilesReport> RewriteDataFiles(const OperationContext& context,
                                                const std::shared_ptr<const Table>& table,
                                                const RewriteDataFilesOptions& options = {});

}  // namespace iceframe
