// SPDX-License-Identifier: Apache-2.0
// Which data files of a table are rewritten together: a pure choice by their sizes.
#pragma once

#include <cstdint>
#include <vector>

#include "iceframe/planning/scan_task.h"

namespace iceframe {

struct FileGroupOptions {
  /// What a file should be like.
  int64_t target_file_size_bytes = int64_t{512} << 20;
  /// So many files of a partition that are too small make it worth while; below two, two do.
  int min_input_files = 5;
  /// A larger group is divided.
  int64_t max_group_bytes = int64_t{10} << 30;
  /// Takes all files, also those of a good size, and single ones.
  bool all_files = false;
  /// Puts only files of about the same size together, the largest at most four times the smallest:
  /// what was joined is not written again before there are enough of its like. With this, a row is
  /// written again only as often as its file's size goes up fourfold on its way to the target.
  bool by_size = false;
  /// Puts all files into one group, those of all partitions.
  bool one_group = false;
  /// The spec that files are written in: one of another spec is rewritten whatever its size.
  PartitionSpecId spec_id;
};

/// Files of one partition that become fewer, or other, files.
struct FileGroup {
  std::vector<ScanTask> tasks;
  int64_t num_bytes = 0;
  int64_t num_rows = 0;
  /// What to write: the files' bytes divided evenly, so that no small rest is left over.
  int64_t file_size_bytes = 0;
};

/// Divides files into the groups worth rewriting, in the order of `tasks` within each.
///
/// A file is of a good size from 3/4 to 9/5 of the target. Others are rewritten where the partition
/// has min_input_files of them, or more bytes than the target; a single one only if it is too large
/// or of another spec. Files of other specs, whose partitions say nothing of the present spec, make
/// groups of their own. What came of a group makes none again.
std::vector<FileGroup> GroupFiles(std::vector<ScanTask> tasks, const FileGroupOptions& options);

}  // namespace iceframe
