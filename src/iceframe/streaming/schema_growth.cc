// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/schema_growth.h"

#include <utility>
#include <variant>

#include "iceframe/table/schema_sync.h"
#include "iceframe/table/update_schema_action.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe {

namespace {

bool IsAllowed(const SchemaChange& change, SchemaGrowth growth) {
  if (std::holds_alternative<AddColumn>(change)) return growth != SchemaGrowth::kOff;
  return std::holds_alternative<PromoteColumn>(change) && growth == SchemaGrowth::kWiden;
}

/// The changes for the table as it is.
Result<std::vector<SchemaChange>> ChangesFor(const TableMetadata& metadata,
                                             const arrow::Schema& rows, SchemaGrowth growth) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto wanted, FromArrowSchema(rows, metadata.format_version));
  ICEFRAME_ASSIGN_OR_RETURN(SchemaSync sync, SyncSchema(*metadata.current_schema(), wanted,
                                                        metadata.format_version, false));
  std::erase_if(sync.changes,
                [&](const SchemaChange& change) { return !IsAllowed(change, growth); });
  return std::move(sync.changes);
}

}  // namespace

std::string_view ToString(SchemaGrowth growth) {
  switch (growth) {
    case SchemaGrowth::kAddColumns:
      return "add_columns";
    case SchemaGrowth::kWiden:
      return "widen";
    case SchemaGrowth::kOff:
      break;
  }
  return "off";
}

Result<SchemaGrowth> ParseSchemaGrowth(std::string_view text) {
  for (const auto growth : {SchemaGrowth::kOff, SchemaGrowth::kAddColumns, SchemaGrowth::kWiden}) {
    if (text == ToString(growth)) return growth;
  }
  return Error(ErrorKind::kInvalidArgument,
               "schema_evolution is one of off, add_columns and widen, got '", text, "'");
}

Result<std::shared_ptr<const Table>> GrowSchema(const OperationContext& context,
                                                std::shared_ptr<const Table> table,
                                                const arrow::Schema& rows, SchemaGrowth growth) {
  if (growth == SchemaGrowth::kOff) return table;
  ICEFRAME_ASSIGN_OR_RETURN(auto changes, ChangesFor(*table->metadata(), rows, growth));
  if (changes.empty()) return table;
  UpdateSchemaAction action(std::move(changes));
  const auto report = CommitAction(context, table, action);
  if (report.ok()) return report->table;
  // Another writer may have met the same column; what is missing then is the rest.
  ICEFRAME_ASSIGN_OR_RETURN(auto newer, table->Refresh(context));
  if (newer->metadata_location() == table->metadata_location()) return report.status();
  ICEFRAME_ASSIGN_OR_RETURN(auto rest, ChangesFor(*newer->metadata(), rows, growth));
  if (rest.empty()) return newer;
  UpdateSchemaAction again(std::move(rest));
  ICEFRAME_ASSIGN_OR_RETURN(const auto second, CommitAction(context, newer, again));
  return second.table;
}

}  // namespace iceframe
