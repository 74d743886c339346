// SPDX-License-Identifier: Apache-2.0
#include "iceframe/maintenance/rewrite_data_files.h"
#include "iceframe/streaming/auto_compaction_internal.h"

namespace iceframe::internal {

Status CompactSmallFiles(const OperationContext& context,
                         const std::shared_ptr<const Table>& table) {
  RewriteDataFilesOptions options;
  // Compactions come again and again: each would write all rows of a table that is still small.
  options.by_size = true;
  return RewriteDataFiles(context, table, options).status();
}

}  // namespace iceframe::internal
