// SPDX-License-Identifier: Apache-2.0
// A write on its way from its caller into the table.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <arrow/type_fwd.h>

#include "iceframe/streaming/row_form.h"

namespace iceframe {

/// Rows of one call, or of several calls that nobody waits for.
struct PendingWrite {
  arrow::RecordBatchVector rows;
  std::shared_ptr<const RowForm> form;
  std::optional<std::string> token;
  /// How many sequence numbers it takes.
  int64_t num_writes = 1;
  int64_t num_rows = 0;
  int64_t num_bytes = 0;
  /// Whether its caller waits until it is kept.
  bool is_awaited = true;
  /// Given in the order in which writes come in.
  int64_t first_sequence = 0;
  int64_t last_sequence = 0;
};
using PendingWritePtr = std::shared_ptr<PendingWrite>;

}  // namespace iceframe
