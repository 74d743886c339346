// SPDX-License-Identifier: Apache-2.0
// Commits of the SQL catalog: the metadata file is written first, then the row is swapped in one
// transaction. Until COMMIT is sent nothing can have landed.
#include <algorithm>
#include <utility>

#include "iceframe/catalog/catalog_metrics_internal.h"
#include "iceframe/catalog/identifier.h"
#include "iceframe/catalog/metadata_files.h"
#include "iceframe/catalog/sql_catalog_internal.h"

namespace iceframe {

namespace {

Status AnotherWriterWasFirst(const TableIdentifier& identifier) {
  return Error(ErrorKind::kCommitConflict,
               "another writer has committed to the table first: ", identifier.ToString());
}

}  // namespace

Status SqlCatalog::Swap(const SqlCatalogRows& rows, const TableIdentifier& identifier,
                        const LoadedTable* current, const StagedMetadata& staged) const {
  const std::string name_space = iceframe::ToString(identifier.name_space);
  if (current != nullptr) {
    ICEFRAME_ASSIGN_OR_RETURN(const bool swapped,
                              rows.SwapMetadata(name_space, identifier.name,
                                                current->metadata_location, staged.location));
    return swapped ? Status::OK() : AnotherWriterWasFirst(identifier);
  }
  ICEFRAME_ASSIGN_OR_RETURN(const bool exists, rows.NamespaceExists(name_space));
  if (!exists) {
    return Error(ErrorKind::kNotFound, "namespace does not exist: ", name_space);
  }
  const Status status = rows.InsertTable(name_space, identifier.name, staged.location);
  if (KindOf(status) != ErrorKind::kAlreadyExists || status.ok()) return status;
  return Error(ErrorKind::kAlreadyExists, "table exists already: ", identifier.ToString());
}

CommitOutcome SqlCatalog::SwapInTransaction(const OperationContext& context, FileIO& io,
                                            const TableIdentifier& identifier,
                                            const LoadedTable* current,
                                            const StagedMetadata& staged) {
  const auto swap = [&]() -> Result<SqliteCommit> {
    ICEFRAME_ASSIGN_OR_RETURN(const Session session, OpenSession(context));
    ICEFRAME_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::Begin(session.use.get()));
    ICEFRAME_RETURN_NOT_OK(Swap(session.rows, identifier, current, staged));
    return transaction.Commit();
  };
  const Result<SqliteCommit> commit = swap();
  const SqliteCommit not_sent{commit.status(), false};
  return AfterCommit(context, io, identifier, current, staged, commit.ok() ? *commit : not_sent);
}

CommitOutcome SqlCatalog::AfterCommit(const OperationContext& context, FileIO& io,
                                      const TableIdentifier& identifier, const LoadedTable* current,
                                      const StagedMetadata& staged, const SqliteCommit& commit) {
  if (!commit.status.ok() && !commit.may_have_landed) {
    DiscardStaged(context, io, staged);
    return NotLanded(commit.status);
  }
  if (!commit.status.ok() && !HasLanded(context, identifier, staged)) {
    // A commit record may be in the log although its sync failed: it could come to life when the
    // log is recovered. So this is not the proof of a failure.
    CommitOutcome outcome;
    outcome.kind = CommitOutcomeKind::kUnknown;
    outcome.status = Error(ErrorKind::kCommitStateUnknown,
                           "commit may or may not have landed: ", identifier.ToString(), " with ",
                           staged.location, ": ", commit.status.message());
    return outcome;
  }
  if (current != nullptr) DeleteForgottenMetadata(context, io, *current->metadata, staged);
  return Landed(identifier, staged);
}

bool SqlCatalog::HasLanded(const OperationContext& context, const TableIdentifier& identifier,
                           const StagedMetadata& staged) {
  OperationContext look = context;
  look.cancel = CancelToken();
  look.is_cleanup = true;
  const auto table = FindAndLoad(look, identifier);
  if (!table.ok() || !*table) return false;
  if ((*table)->metadata_location == staged.location) return true;
  // Others may have committed on top of it.
  const auto& log = (*table)->metadata->metadata_log;
  return std::any_of(log.begin(), log.end(), [&](const MetadataLogEntry& entry) {
    return entry.metadata_file == staged.location;
  });
}

CommitOutcome SqlCatalog::CommitTable(const OperationContext& context,
                                      const CommitRequest& request) {
  const CatalogTimer timer(CatalogOperation::kCommitTable);
  CommitOutcome outcome = TryCommit(context, request);
  CountCommit(context, outcome.kind);
  return outcome;
}

CommitOutcome SqlCatalog::TryCommit(const OperationContext& context, const CommitRequest& request) {
  const TableIdentifier& identifier = request.identifier;
  if (const Status status = CheckIdentifier(identifier); !status.ok()) return NotLanded(status);
  const auto loaded = FindAndLoad(context, identifier);
  if (!loaded.ok()) return NotLanded(loaded.status());
  const std::optional<LoadedTable>& found = *loaded;
  const LoadedTable* current = found ? &*found : nullptr;
  if (current == nullptr) {
    if (const Status status = CheckNewIdentifier(identifier); !status.ok()) {
      return NotLanded(status);
    }
  }
  const std::string root =
      current != nullptr ? TableRootOf(current->metadata_location) : LocationIn(request.updates);
  if (root.empty() && current == nullptr) {
    return NotLanded(Error(ErrorKind::kNotFound, "table does not exist: ", identifier.ToString()));
  }
  const auto io = warehouse_.FileIOBelow(root);
  if (!io.ok()) return NotLanded(io.status());
  const auto staged = StageMetadata(context, **io, current, request);
  if (!staged.ok()) return NotLanded(staged.status());
  if (staged->is_unchanged) return Landed(identifier, *staged);
  return SwapInTransaction(context, **io, identifier, current, *staged);
}

CommitOutcome SqlCatalog::CommitTableLocked(const OperationContext& context,
                                            const TableIdentifier& identifier,
                                            const RebaseFunction& rebase) {
  const CatalogTimer timer(CatalogOperation::kCommitTable);
  CommitOutcome outcome = TryCommitLocked(context, identifier, rebase);
  CountCommit(context, outcome.kind);
  return outcome;
}

CommitOutcome SqlCatalog::TryCommitLocked(const OperationContext& context,
                                          const TableIdentifier& identifier,
                                          const RebaseFunction& rebase) {
  if (const Status status = CheckIdentifier(identifier); !status.ok()) return NotLanded(status);
  LoadedTable current;
  std::shared_ptr<FileIO> io;
  StagedMetadata staged;
  const auto commit_under_lock = [&]() -> Result<SqliteCommit> {
    ICEFRAME_ASSIGN_OR_RETURN(const Session session, OpenSession(context));
    ICEFRAME_ASSIGN_OR_RETURN(auto transaction, SqliteTransaction::Begin(session.use.get()));
    ICEFRAME_ASSIGN_OR_RETURN(
        const auto row,
        session.rows.FindTable(iceframe::ToString(identifier.name_space), identifier.name));
    if (!row) {
      return Error(ErrorKind::kNotFound, "table does not exist: ", identifier.ToString());
    }
    ICEFRAME_ASSIGN_OR_RETURN(current, LoadRow(context, identifier, *row));
    ICEFRAME_ASSIGN_OR_RETURN(io, FileIOFor(current));
    ICEFRAME_ASSIGN_OR_RETURN(const CommitRequest request, rebase(current));
    if (request.identifier != identifier) {
      return Error(ErrorKind::kInvalidArgument,
                   "commit names another table than it locked: ", request.identifier.ToString());
    }
    ICEFRAME_ASSIGN_OR_RETURN(staged, StageMetadata(context, *io, &current, request));
    if (staged.is_unchanged) return SqliteCommit{Status::OK(), true};
    ICEFRAME_RETURN_NOT_OK(Swap(session.rows, identifier, &current, staged));
    return transaction.Commit();
  };
  const Result<SqliteCommit> commit = commit_under_lock();
  if (io == nullptr) return NotLanded(commit.status());
  if (commit.ok() && staged.is_unchanged) return Landed(identifier, std::move(staged));
  const SqliteCommit not_sent{commit.status(), false};
  return AfterCommit(context, *io, identifier, &current, staged, commit.ok() ? *commit : not_sent);
}

}  // namespace iceframe
