// SPDX-License-Identifier: Apache-2.0
// Commits of a catalog of metadata files: the file is written first, then the pointer is swapped
// in one transaction. Until the transaction's end is sent nothing can have landed.
#include <algorithm>
#include <utility>

#include "iceframe/catalog/catalog_errors_internal.h"
#include "iceframe/catalog/catalog_metrics_internal.h"
#include "iceframe/catalog/identifier.h"
#include "iceframe/catalog/metadata_file_catalog_internal.h"

namespace iceframe {

namespace {

// Proved not to have landed.
CommitOutcome NotLanded(Status status) {
  CommitOutcome outcome;
  outcome.kind = KindOf(status) == ErrorKind::kCommitConflict ? CommitOutcomeKind::kConflict
                                                              : CommitOutcomeKind::kRejected;
  outcome.status = std::move(status);
  return outcome;
}

CommitOutcome Landed(const TableIdentifier& identifier, const StagedMetadata& staged) {
  CommitOutcome outcome;
  outcome.kind = CommitOutcomeKind::kCommitted;
  outcome.table = LoadedTable{identifier, staged.location, staged.metadata, {}};
  return outcome;
}

CommitOutcome Unknown(const TableIdentifier& identifier, const StagedMetadata& staged,
                      const Status& why) {
  CommitOutcome outcome;
  outcome.kind = CommitOutcomeKind::kUnknown;
  outcome.status = Error(ErrorKind::kCommitStateUnknown,
                         "commit may or may not have landed: ", identifier.ToString(), " with ",
                         staged.location, ": ", why.message());
  return outcome;
}

// The location that the updates of a create-table commit ask for; empty if none does.
std::string LocationIn(const std::vector<TableUpdate>& updates) {
  std::string location;
  for (const TableUpdate& update : updates) {
    if (const auto* set = std::get_if<SetLocation>(&update)) location = set->location;
  }
  while (location.size() > 1 && location.back() == '/') location.pop_back();
  return location;
}

// An UPDATE from what is replaced, or an INSERT where there is nothing.
Status Point(PointerTransaction& transaction, const TableIdentifier& identifier,
             const std::optional<LoadedTable>& current, const std::string& location) {
  if (current) {
    ICEFRAME_ASSIGN_OR_RETURN(const bool swapped,
                              transaction.Swap(identifier, current->metadata_location, location));
    if (swapped) return Status::OK();
    return Error(ErrorKind::kCommitConflict,
                 "another writer has committed to the table first: ", identifier.ToString());
  }
  ICEFRAME_ASSIGN_OR_RETURN(const bool exists, transaction.NamespaceExists(identifier.name_space));
  if (!exists) return NoNamespace(identifier.name_space);
  const Status status = transaction.Insert(identifier, location);
  if (status.ok() || KindOf(status) != ErrorKind::kAlreadyExists) return status;
  return TableIsThere(identifier);
}

}  // namespace

Result<MetadataFileCatalog::Attempt> MetadataFileCatalog::Stage(
    const OperationContext& context, const CommitRequest& request,
    std::optional<LoadedTable> current) const {
  Attempt attempt;
  attempt.identifier = request.identifier;
  attempt.current = std::move(current);
  if (!attempt.current) ICEFRAME_RETURN_NOT_OK(CheckNewIdentifier(request.identifier));
  const std::string root = attempt.current ? TableRootOf(attempt.current->metadata_location)
                                           : LocationIn(request.updates);
  if (root.empty() && !attempt.current) return NoTable(request.identifier);
  ICEFRAME_ASSIGN_OR_RETURN(attempt.io, warehouse_.FileIOBelow(root));
  const LoadedTable* base = attempt.current ? &*attempt.current : nullptr;
  ICEFRAME_ASSIGN_OR_RETURN(attempt.staged, StageMetadata(context, *attempt.io, base, request));
  return attempt;
}

Result<TransactionEnd> MetadataFileCatalog::SwapPointer(const OperationContext& context,
                                                        const Attempt& attempt) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto transaction, store_->Write(context));
  ICEFRAME_RETURN_NOT_OK(
      Point(*transaction, attempt.identifier, attempt.current, attempt.staged.location));
  return transaction->Commit();
}

// The transaction must be gone: the store is looked at again.
CommitOutcome MetadataFileCatalog::Conclude(const OperationContext& context, const Attempt& attempt,
                                            const Result<TransactionEnd>& end) const {
  const Status status = end.ok() ? end->status : end.status();
  const bool may_have_landed = end.ok() && end->may_have_landed;
  if (!status.ok() && !may_have_landed) {
    if (attempt.io != nullptr) DiscardStaged(context, *attempt.io, attempt.staged);
    return NotLanded(status);
  }
  // Not to be found is not the proof of a failure: a commit record may be in a database's log
  // although its sync failed, and come to life when the log is recovered.
  if (!status.ok() && !HasLanded(context, attempt)) {
    return Unknown(attempt.identifier, attempt.staged, status);
  }
  if (attempt.current) {
    DeleteForgottenMetadata(context, *attempt.io, *attempt.current->metadata, attempt.staged);
  }
  return Landed(attempt.identifier, attempt.staged);
}

bool MetadataFileCatalog::HasLanded(const OperationContext& context, const Attempt& attempt) const {
  const auto table = FindAndLoad(context.ForCleanup(), attempt.identifier);
  if (!table.ok() || !*table) return false;
  if ((*table)->metadata_location == attempt.staged.location) return true;
  // Others may have committed on top of it.
  const auto& log = (*table)->metadata->metadata_log;
  return std::any_of(log.begin(), log.end(), [&](const MetadataLogEntry& entry) {
    return entry.metadata_file == attempt.staged.location;
  });
}

CommitOutcome MetadataFileCatalog::CommitTable(const OperationContext& context,
                                               const CommitRequest& request) {
  const CatalogTimer timer(CatalogOperation::kCommitTable);
  CommitOutcome outcome = TryCommit(context, request);
  CountCommit(outcome.kind);
  return outcome;
}

CommitOutcome MetadataFileCatalog::TryCommit(const OperationContext& context,
                                             const CommitRequest& request) {
  const TableIdentifier& identifier = request.identifier;
  if (const Status status = CheckIdentifier(identifier); !status.ok()) return NotLanded(status);
  auto current = FindAndLoad(context, identifier);
  if (!current.ok()) return NotLanded(current.status());
  const auto attempt = Stage(context, request, *std::move(current));
  if (!attempt.ok()) return NotLanded(attempt.status());
  if (attempt->staged.is_unchanged) return Landed(identifier, attempt->staged);
  return Conclude(context, *attempt, SwapPointer(context, *attempt));
}

CommitOutcome MetadataFileCatalog::CommitTableLocked(const OperationContext& context,
                                                     const TableIdentifier& identifier,
                                                     const RebaseFunction& rebase) {
  if (!supports_locked_commit()) return Catalog::CommitTableLocked(context, identifier, rebase);
  const CatalogTimer timer(CatalogOperation::kCommitTable);
  CommitOutcome outcome = TryCommitLocked(context, identifier, rebase);
  CountCommit(outcome.kind);
  return outcome;
}

CommitOutcome MetadataFileCatalog::TryCommitLocked(const OperationContext& context,
                                                   const TableIdentifier& identifier,
                                                   const RebaseFunction& rebase) {
  if (const Status status = CheckIdentifier(identifier); !status.ok()) return NotLanded(status);
  Attempt attempt;
  const auto commit_under_lock = [&]() -> Result<TransactionEnd> {
    ICEFRAME_ASSIGN_OR_RETURN(const auto transaction, store_->Write(context));
    ICEFRAME_ASSIGN_OR_RETURN(const auto location, transaction->Find(identifier));
    if (!location) return NoTable(identifier);
    ICEFRAME_ASSIGN_OR_RETURN(LoadedTable current, LoadAt(context, identifier, *location));
    ICEFRAME_ASSIGN_OR_RETURN(const CommitRequest request, rebase(current));
    if (request.identifier != identifier) {
      return Error(ErrorKind::kInvalidArgument,
                   "commit names another table than it locked: ", request.identifier.ToString());
    }
    ICEFRAME_ASSIGN_OR_RETURN(attempt, Stage(context, request, std::move(current)));
    if (attempt.staged.is_unchanged) return TransactionEnd{};
    ICEFRAME_RETURN_NOT_OK(
        Point(*transaction, identifier, attempt.current, attempt.staged.location));
    return transaction->Commit();
  };
  return Conclude(context, attempt, commit_under_lock());
}

}  // namespace iceframe
