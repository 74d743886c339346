// SPDX-License-Identifier: Apache-2.0
// What is found and taken before a writer can write.
#pragma once

#include <cstdint>
#include <memory>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/streaming/streaming_writer.h"
#include "iceframe/streaming/writer_slot.h"
#include "iceframe/table/table.h"

namespace iceframe::internal {

struct OpenedWriter {
  /// The writer's folder; nullptr: it has none, since it keeps no log.
  std::unique_ptr<WriterSlot> slot;
  /// With all rows in it that were left behind and could be committed.
  std::shared_ptr<const Table> table;
  int64_t num_recovered_rows = 0;
};

/// Takes the writer's folder where it needs one, and commits what writers that ended without
/// closing left of the table's rows. What can't be is logged, but for the log of a writer that was
/// asked for by its id: that is an error.
Result<OpenedWriter> OpenWriter(const OperationContext& context, std::shared_ptr<const Table> table,
                                const StreamingWriterOptions& options);

}  // namespace iceframe::internal
