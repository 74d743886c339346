// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>
#include <vector>

#include "iceframe/streaming/writer_opening_internal.h"
#include "iceframe/streaming/writer_recovery.h"

namespace iceframe::internal {

namespace {

/// Takes the writer's folder and commits what an earlier run left in it. A numbered folder whose
/// log can't be replayed is passed over: its rows stay until somebody looks after them.
Status TakeSlot(const OperationContext& context, const StreamingWriterOptions& options,
                const std::string& state_folder, OpenedWriter* opened) {
  const std::string table_uuid = opened->table->metadata()->table_uuid;
  std::vector<std::unique_ptr<WriterSlot>> passed_over;
  while (true) {
    ICEFRAME_ASSIGN_OR_RETURN(opened->slot,
                              WriterSlot::Take(state_folder, table_uuid, options.writer_id));
    const auto replayed = ReplayLog(context, opened->table, *opened->slot);
    if (replayed.ok()) {
      opened->table = replayed->table;
      opened->num_recovered_rows += replayed->num_rows;
      return Status::OK();
    }
    if (!opened->slot->is_numbered()) return replayed.status();
    context.Log(LogLevel::kWarning, "streaming", "rows that a writer left behind stay in ",
                opened->slot->folder(), ": ", replayed.status().message());
    passed_over.push_back(std::move(opened->slot));
  }
}

}  // namespace

Result<OpenedWriter> OpenWriter(const OperationContext& context, std::shared_ptr<const Table> table,
                                const StreamingWriterOptions& options) {
  OpenedWriter opened;
  ICEFRAME_ASSIGN_OR_RETURN(opened.table, table->Refresh(context));
  const auto state_folder = options.state_folder.empty()
                                ? StateFolder(context)
                                : Result<std::string>(options.state_folder);
  if (options.durability == Durability::kWal) {
    ICEFRAME_RETURN_NOT_OK(state_folder.status());
    ICEFRAME_RETURN_NOT_OK(TakeSlot(context, options, *state_folder, &opened));
  } else if (!state_folder.ok()) {
    return opened;
  }
  // What could not be replayed has been logged, and is no matter of this writer.
  const auto replayed = ReplayLogs(context, opened.table, *state_folder);
  if (replayed.ok()) {
    opened.num_recovered_rows += replayed->num_rows;
    opened.table = replayed->table;
  }
  return opened;
}

}  // namespace iceframe::internal
