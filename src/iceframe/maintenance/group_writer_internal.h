// SPDX-License-Identifier: Apache-2.0
// One group of data files in, the files that take their place out.
#pragma once

#include <memory>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/format/data_file.h"
#include "iceframe/maintenance/file_groups.h"
#include "iceframe/maintenance/rewrite_data_files.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/table/table.h"

namespace iceframe::internal {

/// How all groups of one rewrite are written.
struct GroupLayout {
  /// The table's, with the order and the properties that the files are to have.
  TableMetadata metadata;
  /// The columns of a Z order; empty: none.
  std::vector<std::string> z_order_columns;
  /// Whether rows that are there already are left out.
  bool deduplicates = false;
  /// Whether files may name the metadata's sort order as theirs: the table knows it.
  bool keeps_sort_order_id = true;
};

struct WrittenFiles {
  std::vector<DataFile> files;
  int64_t num_removed_rows = 0;
};

/// Errors: InvalidArgument naming an option, column or property.
Result<GroupLayout> MakeGroupLayout(const TableMetadata& metadata,
                                    const RewriteDataFilesOptions& options);

/// Reads a group's rows, all of them, and writes them; after an error no file is left.
/// Errors: InvalidData if a file has another number of rows than its manifest says; those of
/// reading and of TableWriter.
Result<WrittenFiles> WriteGroup(const OperationContext& context, const TableState& state,
                                const FileGroup& group, const GroupLayout& layout);

}  // namespace iceframe::internal
