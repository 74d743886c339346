// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <utility>

#include "iceframe/base/uuid.h"
#include "iceframe/catalog/metadata_files.h"
#include "iceframe/catalog/staged_metadata_internal.h"
#include "iceframe/runtime/settings.h"

namespace iceframe {

namespace {

constexpr std::string_view kComponent = "catalog";

// A requirement that a retry on a newer version of this table could meet is a conflict; another
// uuid means another table of the same name, where a retry would write into the wrong one.
Status CheckRequirements(const CommitRequest& request, const TableMetadata* base) {
  for (const TableRequirement& requirement : request.requirements) {
    const Status status = CheckRequirement(requirement, base);
    if (status.ok()) continue;
    const auto* uuid = std::get_if<AssertTableUuid>(&requirement);
    if (uuid != nullptr && base != nullptr) {
      return Error(
          ErrorKind::kCommitRejected,
          "another table has taken the name since it was loaded: ", request.identifier.ToString());
    }
    return status;
  }
  return Status::OK();
}

bool IsCreate(const CommitRequest& request) {
  return std::any_of(request.requirements.begin(), request.requirements.end(),
                     [](const TableRequirement& requirement) {
                       return std::holds_alternative<AssertCreate>(requirement);
                     });
}

// From here on the swap may name the file and, through it, all others of the commit.
Result<StagedMetadata> Durable(const OperationContext& context, FileIO& io, StagedMetadata staged) {
  const Status status = context.RunDeferredSyncs();
  if (status.ok()) return staged;
  DiscardStaged(context, io, staged);
  return status;
}

}  // namespace

Result<StagedMetadata> StageMetadata(const OperationContext& context, FileIO& io,
                                     const LoadedTable* current, const CommitRequest& request) {
  const TableMetadata* base = current == nullptr ? nullptr : current->metadata.get();
  if (base == nullptr && !IsCreate(request)) {
    return Error(ErrorKind::kNotFound, "table does not exist: ", request.identifier.ToString());
  }
  ICEFRAME_RETURN_NOT_OK(CheckRequirements(request, base));
  ApplyOptions options;
  options.timestamp_ms = context.clock->SystemNowMs();
  StagedMetadata staged;
  if (base == nullptr) {
    ICEFRAME_ASSIGN_OR_RETURN(staged.metadata,
                              ApplyUpdates(TableMetadata{}, request.updates, options));
    ICEFRAME_ASSIGN_OR_RETURN(staged.location,
                              WriteTableMetadata(context, io, staged.metadata, ""));
    return Durable(context, io, std::move(staged));
  }
  if (request.updates.empty()) {
    return StagedMetadata{current->metadata, current->metadata_location, true};
  }
  options.base_metadata_location = current->metadata_location;
  ICEFRAME_ASSIGN_OR_RETURN(staged.metadata, ApplyUpdates(*base, request.updates, options));
  ICEFRAME_ASSIGN_OR_RETURN(staged.location, WriteTableMetadata(context, io, staged.metadata,
                                                                current->metadata_location));
  return Durable(context, io, std::move(staged));
}

Result<StagedMetadata> StageNewTable(const OperationContext& context, FileIO& io,
                                     const CreateTableRequest& request,
                                     const std::string& location) {
  NewTable table;
  table.table_uuid = NewUuid();
  table.location = location;
  table.schema = request.schema;
  table.spec = request.spec;
  table.sort_order = request.sort_order;
  table.properties = request.properties;
  table.format_version = request.format_version;
  table.timestamp_ms = context.clock->SystemNowMs();
  StagedMetadata staged;
  ICEFRAME_ASSIGN_OR_RETURN(staged.metadata, MakeTableMetadata(table));
  ICEFRAME_ASSIGN_OR_RETURN(staged.location, WriteTableMetadata(context, io, staged.metadata, ""));
  return staged;
}

Result<StagedMetadata> StageExisting(const OperationContext& context, FileIO& io,
                                     const std::string& location) {
  StagedMetadata staged;
  // Not ours to delete, whatever happens.
  staged.is_unchanged = true;
  staged.location = location;
  ICEFRAME_ASSIGN_OR_RETURN(staged.metadata, ReadTableMetadata(context, io, location));
  return staged;
}

void DiscardStaged(const OperationContext& context, FileIO& io, const StagedMetadata& staged) {
  if (staged.is_unchanged || staged.location.empty()) return;
  ForgetTableMetadata(staged.location);
  // The operation may be over (cancelled, past its deadline); its own file goes all the same.
  const OperationContext cleanup = context.ForCleanup();
  const Status status = io.Delete(cleanup, staged.location);
  if (status.ok()) return;
  context.Log(LogLevel::kWarning, kComponent,
              "metadata file of a failed commit is left behind: ", staged.location, ": ",
              status.message());
}

void DeleteForgottenMetadata(const OperationContext& context, FileIO& io,
                             const TableMetadata& before, const StagedMetadata& after) {
  const auto property =
      after.metadata->properties.find("write.metadata.delete-after-commit.enabled");
  if (property == after.metadata->properties.end()) return;
  const auto enabled = ParseBool(property->second);
  if (!enabled.ok()) {
    context.Log(LogLevel::kWarning, kComponent, "table property is ignored: ", property->first,
                ": ", enabled.status().message());
    return;
  }
  if (!*enabled) return;
  std::set<std::string> forgotten;
  for (const MetadataLogEntry& entry : before.metadata_log) forgotten.insert(entry.metadata_file);
  for (const MetadataLogEntry& entry : after.metadata->metadata_log) {
    forgotten.erase(entry.metadata_file);
  }
  const std::string folder = after.location.substr(0, after.location.rfind('/') + 1);
  for (const std::string& file : forgotten) {
    const bool is_ours = file.starts_with(folder) && MetadataVersionOf(file) >= 0 &&
                         file.find('/', folder.size()) == std::string::npos &&
                         file != after.location;
    if (!is_ours) continue;
    const Status status = io.Delete(context, file);
    if (status.ok()) continue;
    context.Log(LogLevel::kWarning, kComponent, "old metadata file is left behind: ", file, ": ",
                status.message());
  }
}

}  // namespace iceframe
