// SPDX-License-Identifier: Apache-2.0
// Which state of a table is meant. Spec: "Snapshots", "Snapshot References".
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "iceframe/base/strong_id.h"

namespace iceframe {

/// At most one member is set, none: the current state.
struct TableVersion {
  std::optional<SnapshotId> snapshot_id;
  /// Milliseconds since the epoch: the snapshot that was current then.
  std::optional<int64_t> as_of_timestamp_ms;
  /// A branch or tag.
  std::optional<std::string> ref;
};

}  // namespace iceframe
