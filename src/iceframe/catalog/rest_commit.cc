// SPDX-License-Identifier: Apache-2.0
// Commits to a REST catalog: one request, sent once. What its answer doesn't prove is unknown.
#include <algorithm>
#include <utility>

#include "iceframe/catalog/catalog_errors_internal.h"
#include "iceframe/catalog/catalog_metrics_internal.h"
#include "iceframe/catalog/rest_catalog_internal.h"
#include "iceframe/catalog/rest_messages_internal.h"

namespace iceframe {

namespace {

CommitOutcome Outcome(CommitOutcomeKind kind, Status status) {
  CommitOutcome outcome;
  outcome.kind = kind;
  outcome.status = std::move(status);
  return outcome;
}

CommitOutcome Rejected(Status status) {
  return Outcome(CommitOutcomeKind::kRejected, std::move(status));
}

CommitOutcome Unknown(const TableIdentifier& identifier, const Status& why) {
  return Outcome(CommitOutcomeKind::kUnknown,
                 Error(ErrorKind::kCommitStateUnknown, "commit may or may not have landed: ",
                       identifier.ToString(), ": ", why.message()));
}

bool MakesTable(const CommitRequest& request) {
  return std::any_of(request.requirements.begin(), request.requirements.end(),
                     [](const TableRequirement& requirement) {
                       return std::holds_alternative<AssertCreate>(requirement);
                     });
}

CommitOutcome ByAnswer(const CommitRequest& request, const RestRequest& ask, HttpAnswer answer) {
  const TableIdentifier& identifier = request.identifier;
  if (answer.status >= 200 && answer.status < 300) {
    Result<LoadedTable> table = ReadLoadedTable(identifier, std::move(answer.body));
    // It may have come from something between us and the server.
    if (!table.ok()) return Unknown(identifier, table.status());
    CommitOutcome outcome;
    outcome.kind = CommitOutcomeKind::kCommitted;
    outcome.table = *std::move(table);
    return outcome;
  }
  const Status status = ErrorOfRestAnswer(ask, answer);
  if (answer.status == 409) {
    if (ErrorTypeOf(answer) == "AlreadyExistsException" && MakesTable(request)) {
      return Rejected(TableIsThere(identifier));
    }
    return Outcome(CommitOutcomeKind::kConflict,
                   Error(ErrorKind::kCommitConflict, "another writer has committed first: ",
                         identifier.ToString(), ": ", status.message()));
  }
  if (answer.status == 404 && KindOf(status) == ErrorKind::kNotFound) {
    return Rejected(NoTable(identifier));
  }
  // Of 5xx only this one says that nothing was begun. A 408 is a server that stopped waiting, for
  // what may have come in full.
  const bool is_open = (answer.status >= 500 && answer.status != 501) || answer.status == 408;
  if (is_open) return Unknown(identifier, status);
  if (KindOf(status) != ErrorKind::kInvalidArgument) return Rejected(status);
  return Rejected(Error(ErrorKind::kCommitRejected, status.message()));
}

}  // namespace

CommitOutcome RestCatalog::CommitTable(const OperationContext& context,
                                       const CommitRequest& request) {
  const CatalogTimer timer(CatalogOperation::kCommitTable);
  CommitOutcome outcome = TryCommit(context, request);
  CountCommit(outcome.kind);
  return outcome;
}

CommitOutcome RestCatalog::TryCommit(const OperationContext& context,
                                     const CommitRequest& request) {
  const TableIdentifier& identifier = request.identifier;
  const Status named =
      MakesTable(request) ? CheckNewIdentifier(identifier) : CheckIdentifier(identifier);
  if (!named.ok()) return Rejected(named);
  const auto config = Config(context);
  if (!config.ok()) return Rejected(config.status());
  // From here on the table may name what was written.
  if (const Status durable = context.RunDeferredSyncs(); !durable.ok()) return Rejected(durable);
  RestRequest ask;
  ask.method = "POST";
  ask.path = PathOf(identifier, (*config)->options.namespace_separator);
  ask.body = CommitTableBody(request);
  RestExchange exchange = server_->Send(context, **config, leased_, ask);
  if (exchange.status.ok()) return ByAnswer(request, ask, std::move(exchange.answer));
  if (exchange.may_be_done) return Unknown(identifier, exchange.status);
  return Rejected(exchange.status);
}

}  // namespace iceframe
