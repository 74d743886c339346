// SPDX-License-Identifier: Apache-2.0
// One window call over all rows of its frame.
#pragma once

#include "iceframe/execution/window_frame_internal.h"

namespace iceframe {

/// A value per row, in the rows' own order.
Result<ArrayPtr> ComputeWindow(const Expression& window, const WindowFrame& frame,
                               const arrow::RecordBatch& rows,
                               std::shared_ptr<MemoryBudget> memory);

}  // namespace iceframe
