// SPDX-License-Identifier: Apache-2.0
// The first rows in the order of a column: what ORDER BY with LIMIT is after.
#pragma once

#include <cstdint>

#include "iceframe/base/result.h"
#include "iceframe/execution/scan_stream.h"
#include "iceframe/expression/expression.h"

namespace iceframe {

struct FirstRows {
  /// A bound column.
  Expression key;
  bool descending = false;
  bool nulls_last = false;
  int64_t count = 0;
};

/// Leaves out tasks whose files hold none of the first rows, by their bounds, and narrows the
/// residuals of the others. The order of tasks stays; rows that tie with the last one are kept.
///
/// Where the files of which all rows are read hold enough rows up to some bound, no row beyond it
/// is among the first. Reads all of `tasks`, planned with their statistics, before it gives one.
TaskSource TasksOfFirstRows(TaskSource tasks, FirstRows first);

}  // namespace iceframe
