// SPDX-License-Identifier: Apache-2.0
// A commit that made a snapshot, as a detail of the operation that it is part of.
#pragma once

#include <chrono>
#include <string>

#include "iceframe/base/properties.h"
#include "iceframe/base/strong_id.h"
#include "iceframe/runtime/operation_observer.h"

namespace iceframe {

struct LandedCommit final : OperationDetail {
  /// By its full name.
  std::string table;
  SnapshotId snapshot_id;
  SequenceNumber sequence_number;
  /// The snapshot's: "append", "replace", "overwrite", "delete".
  std::string operation;
  Properties summary;
  int num_attempts = 0;
  /// Of all of them.
  std::chrono::nanoseconds duration{0};
};

}  // namespace iceframe
