// SPDX-License-Identifier: Apache-2.0
// ORDER BY a column with LIMIT: skips files that can't hold one of the first rows.
#pragma once

#include <cstdint>

#include "iceframe/base/result.h"
#include "iceframe/execution/scan_stream.h"
#include "iceframe/expression/expression.h"

namespace iceframe {

struct FirstRows {
  /// A bound ColumnNode.
  Expression key;
  bool descending = false;
  bool nulls_last = false;
  int64_t count = 0;
};

/// Skips tasks whose bounds show that their files hold none of the first rows, and adds the bound
/// to the residuals of the others. Keeps the order of tasks, and rows that tie with the last one.
///
/// Files that are read whole (no filter, no deletes) are counted: once they hold enough rows up to
/// some bound, no row beyond it can be among the first. Reads all of `tasks`, which must be planned
/// with statistics, before it returns one.
TaskSource TasksOfFirstRows(TaskSource tasks, FirstRows first);

}  // namespace iceframe
