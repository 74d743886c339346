// SPDX-License-Identifier: Apache-2.0
// One window call over all rows of its frame.
#pragma once

#include "iceframe/execution/window_frame_internal.h"

namespace iceframe {

/// What a window gives each row, in the rows' own order: the value at its position, or, without
/// positions, one after the other. Values may be wide (types/wide_array.h).
struct WindowColumn {
  ArrayPtr values;
  ArrayPtr positions;
};

Result<WindowColumn> ComputeWindow(const Expression& window, const WindowFrame& frame,
                                   const WindowRows& rows);

}  // namespace iceframe
