// SPDX-License-Identifier: Apache-2.0
// What a caller says about the commit of a change.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/table/commit_watch.h"
#include "iceframe/table/stream_positions.h"

namespace iceframe {

struct SnapshotActionOptions;

struct CommitOptions {
  /// The branch that the snapshot goes to.
  std::string branch = kMainBranch;
  /// Extra entries of the snapshot's summary. Keys that are computed ("added-records" …) and those
  /// under "iceframe.stream." and "iceframe.writer." are refused with InvalidArgument before
  /// anything is written.
  Properties summary;
  /// Re-run on the table as it is at each attempt; an error, of whatever kind, ends the commit.
  std::function<Status(const TableMetadata&)> validator;
  /// Says whether the commit's request is under way; nullptr: nobody asks.
  std::shared_ptr<CommitWatch> watch;
  /// How far streams and writers are with this commit; one that moves any makes a snapshot even
  /// without a row. To commit only where nobody else moved them: RequirePosition as the validator.
  std::vector<PositionUpdate> positions;
  /// One more, made on the table as it is at each attempt: of a stream whose members each move a
  /// part of it. Empty: none.
  std::function<Result<PositionUpdate>(const TableMetadata& base)> position_on;
  /// Table properties to set and to remove in the same commit.
  Properties set_properties;
  std::vector<std::string> removed_properties;

  /// Whether the commit says how far any stream or writer is.
  bool MovesPositions() const { return !positions.empty() || position_on != nullptr; }
  /// Errors: InvalidArgument naming a key that a caller can't set.
  Status Check() const;
  /// The part that is the action's.
  SnapshotActionOptions ForAction() const;
};

}  // namespace iceframe
