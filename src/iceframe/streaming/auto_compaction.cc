// SPDX-License-Identifier: Apache-2.0
#include "iceframe/maintenance/rewrite_data_files.h"
#include "iceframe/streaming/auto_compaction_internal.h"

namespace iceframe::internal {

Status CompactSmallFiles(const OperationContext& context,
                         const std::shared_ptr<const Table>& table) {
  return RewriteDataFiles(context, table).status();
}

}  // namespace iceframe::internal
