// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/catalog.h"

#include <utility>

namespace iceframe {

std::string_view ToString(CommitOutcomeKind kind) {
  switch (kind) {
    case CommitOutcomeKind::kCommitted:
      return "committed";
    case CommitOutcomeKind::kConflict:
      return "conflict";
    case CommitOutcomeKind::kRejected:
      return "rejected";
    case CommitOutcomeKind::kUnknown:
      return "unknown";
  }
  return "unknown";
}

std::string Catalog::identity() const { return instance_; }

Result<std::optional<std::string>> Catalog::FindMetadataLocation(
    const OperationContext& context, const TableIdentifier& identifier) {
  Result<LoadedTable> table = LoadTable(context, identifier);
  if (table.ok()) return std::optional<std::string>(std::move(table->metadata_location));
  if (KindOf(table.status()) == ErrorKind::kNotFound) return std::nullopt;
  return table.status();
}

CommitOutcome Catalog::CommitTableLocked(const OperationContext& /*context*/,
                                         const TableIdentifier& identifier,
                                         const RebaseFunction& /*rebase*/) {
  CommitOutcome outcome;
  outcome.kind = CommitOutcomeKind::kRejected;
  outcome.status =
      Error(ErrorKind::kUnsupported, "catalog can't commit under a lock: ", identifier.ToString());
  return outcome;
}

}  // namespace iceframe
