// SPDX-License-Identifier: Apache-2.0
#include "iceframe/maintenance/rewrite_data_files.h"
#include "iceframe/streaming/streaming_writer.h"

namespace iceframe {

Status StreamingWriter::EnableAutoCompaction(int64_t every_n_flushes) {
  return EnableAutoCompaction(every_n_flushes, [](const OperationContext& context,
                                                  const std::shared_ptr<const Table>& table) {
    return RewriteDataFiles(context, table).status();
  });
}

}  // namespace iceframe
