// SPDX-License-Identifier: Apache-2.0
// What a caller says about the commit of a change.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/table/commit_watch.h"

namespace iceframe {

struct SnapshotActionOptions;

struct CommitOptions {
  /// The branch that the snapshot goes to.
  std::string branch = kMainBranch;
  /// Extra entries of the snapshot's summary. Keys that are computed ("added-records" …) and those
  /// under "iceframe.stream." are refused with InvalidArgument before anything is written.
  Properties summary;
  /// Re-run on the table as it is at each attempt; an error rejects the commit.
  std::function<Status(const TableMetadata&)> validator;
  /// Says whether the commit's request is under way; nullptr: nobody asks.
  std::shared_ptr<CommitWatch> watch;

  /// The part that is the action's.
  SnapshotActionOptions ForAction() const;
};

}  // namespace iceframe
