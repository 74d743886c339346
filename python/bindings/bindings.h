// SPDX-License-Identifier: Apache-2.0
// What module.cc calls, one function per bind_<concept>.cc.
#pragma once

#include <nanobind/nanobind.h>

namespace iceframe::python {

void BindSession(nanobind::module_& module);
void BindTable(nanobind::module_& module);

}  // namespace iceframe::python
