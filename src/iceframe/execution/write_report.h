// SPDX-License-Identifier: Apache-2.0
// What a write into a table did.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "iceframe/base/strong_id.h"
#include "iceframe/format/data_file.h"
#include "iceframe/table/table.h"

namespace iceframe {

struct WriteReport {
  /// The table with the write in it (or later): what the next write starts best from.
  std::shared_ptr<const Table> table;
  /// nullopt: nothing was written (no rows), so there is no new snapshot.
  std::optional<SnapshotId> snapshot_id;
  int64_t num_rows = 0;
  int64_t num_files = 0;
  int64_t num_bytes = 0;
  int64_t num_deleted_files = 0;
};

}  // namespace iceframe
