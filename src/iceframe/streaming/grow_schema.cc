// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/grow_schema.h"

#include <utility>
#include <variant>

#include "iceframe/table/schema_sync.h"
#include "iceframe/table/update_schema_action.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe {

namespace {

bool IsAllowed(const SchemaChange& change, SchemaEvolution evolution) {
  if (std::holds_alternative<AddColumn>(change)) return evolution != SchemaEvolution::kOff;
  return std::holds_alternative<PromoteColumn>(change) && evolution == SchemaEvolution::kWiden;
}

/// The changes for the table as it is.
Result<std::vector<SchemaChange>> ChangesFor(const TableMetadata& metadata,
                                             const arrow::Schema& rows, SchemaEvolution evolution) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto wanted, FromArrowSchema(rows, metadata.format_version));
  ICEFRAME_ASSIGN_OR_RETURN(SchemaSync sync, SyncSchema(*metadata.current_schema(), wanted,
                                                        metadata.format_version, false));
  std::erase_if(sync.changes,
                [&](const SchemaChange& change) { return !IsAllowed(change, evolution); });
  return std::move(sync.changes);
}

}  // namespace

std::string_view ToString(SchemaEvolution evolution) {
  switch (evolution) {
    case SchemaEvolution::kAddColumns:
      return "add_columns";
    case SchemaEvolution::kWiden:
      return "widen";
    case SchemaEvolution::kOff:
      break;
  }
  return "off";
}

Result<SchemaEvolution> ParseSchemaEvolution(std::string_view text) {
  for (const auto evolution :
       {SchemaEvolution::kOff, SchemaEvolution::kAddColumns, SchemaEvolution::kWiden}) {
    if (text == ToString(evolution)) return evolution;
  }
  return Error(ErrorKind::kInvalidArgument,
               "schema_evolution is one of off, add_columns and widen, got '", text, "'");
}

Result<std::shared_ptr<const Table>> GrowSchema(const OperationContext& context,
                                                std::shared_ptr<const Table> table,
                                                const arrow::Schema& rows,
                                                SchemaEvolution evolution) {
  if (evolution == SchemaEvolution::kOff) return table;
  ICEFRAME_ASSIGN_OR_RETURN(auto changes, ChangesFor(*table->metadata(), rows, evolution));
  if (changes.empty()) return table;
  UpdateSchemaAction action(std::move(changes));
  const auto report = CommitAction(context, table, action);
  if (report.ok()) return report->table;
  // Another writer may have met the same column; what is missing then is the rest.
  ICEFRAME_ASSIGN_OR_RETURN(auto newer, table->Refresh(context));
  if (newer->metadata_location() == table->metadata_location()) return report.status();
  ICEFRAME_ASSIGN_OR_RETURN(auto rest, ChangesFor(*newer->metadata(), rows, evolution));
  if (rest.empty()) return newer;
  UpdateSchemaAction again(std::move(rest));
  ICEFRAME_ASSIGN_OR_RETURN(const auto second, CommitAction(context, newer, again));
  return second.table;
}

}  // namespace iceframe
