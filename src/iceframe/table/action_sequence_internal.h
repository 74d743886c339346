// SPDX-License-Identifier: Apache-2.0
// Several actions as one: each is prepared on the table as those before it leave it.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "iceframe/table/commit.h"

namespace iceframe::internal {

/// Folds actions over a table that changes with each. On a base that the fold stands on already
/// nothing is done again; on another one all of it is replayed.
///
///   base ── action 1 ──▶ metadata' ── action 2 ──▶ metadata'' …     updates: 1 then 2
///     └── requirements of all actions, as the base meets them
class ActionSequence final : public TableAction {
 public:
  explicit ActionSequence(const LoadedTable& base);

  /// Prepares `action` on the table as it is after those before, and adds it; on error it is not
  /// added, and the files it wrote are still there.
  Status Add(const OperationContext& context, FileIO& io, std::unique_ptr<TableAction>* action);

  /// The table as the actions so far leave it.
  const LoadedTable& now() const { return now_; }
  const std::vector<SnapshotId>& snapshot_ids() const { return earlier_.snapshot_ids; }

  Result<CommitRequest> Prepare(const CommitAttempt& attempt) override;
  std::optional<SnapshotId> snapshot_id() const override;
  std::vector<std::string> UnusedFiles(const TableMetadata* saved) const override;

 private:
  void StartOn(const LoadedTable& base);
  Status Step(const CommitAttempt& attempt, TableAction& action);
  void Require(const TableRequirement& requirement);

  std::vector<std::unique_ptr<TableAction>> actions_;
  LoadedTable base_;
  LoadedTable now_;
  EarlierActions earlier_;
  /// What stands already, by kind and ref.
  std::set<std::pair<size_t, std::string>> required_;
  CommitRequest request_;
};

}  // namespace iceframe::internal
