// SPDX-License-Identifier: Apache-2.0
// Who is told, on the thread that calls, that an engine call begins: traces ask what it is part of.
#pragma once

#include <nanobind/nanobind.h>

namespace iceframe::python {

/// A callable without arguments, or None. With the GIL.
void SetCallListener(nanobind::object listener);
/// Calls it, if there is one; what it raises goes to sys.unraisablehook. With the GIL.
void TellCallListener();

}  // namespace iceframe::python
