// SPDX-License-Identifier: Apache-2.0
// The native module: one bind_<concept>.cc per concept, listed here.
#include <nanobind/nanobind.h>

#include "bindings.h"

NB_MODULE(_native, module) {
  module.doc() = "The native engine behind iceframe; use the package, not this module.";
  module.attr("__version__") = ICEFRAME_VERSION;
  iceframe::python::BindTable(module);
  iceframe::python::BindSession(module);
}
