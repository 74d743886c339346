// SPDX-License-Identifier: Apache-2.0
// The engine's log lines, to Python's `logging` (logger "iceframe", through iceframe/log_lines.py).
//
// Engine threads never take the GIL: they put lines into a queue, which is emptied by Python
// threads when they call the engine, while they wait for it, and by the interpreter in between.
#pragma once

#include <memory>

#include "iceframe/runtime/log_sink.h"

namespace iceframe::python {

/// The sink of all sessions. Safe from any thread, at interpreter exit and after fork().
std::shared_ptr<LogSink> PythonLogSink();

/// Asks the logger which lines it wants; until then the answer before holds. With the GIL.
void RefreshLogLevel();

/// Hands waiting lines to the logger. With the GIL; leaves the current Python error as it is.
void DeliverLogLines();

/// Hands over what waits, and takes no more lines. With the GIL.
void CloseLog();

}  // namespace iceframe::python
