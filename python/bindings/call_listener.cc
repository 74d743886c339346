// SPDX-License-Identifier: Apache-2.0
#include "call_listener.h"

#include <utility>

namespace nb = nanobind;

namespace iceframe::python {

namespace {

// Never destroyed: the interpreter may be gone before it.
nb::object& CurrentListener() {
  static auto& listener = *new nb::object();
  return listener;
}

}  // namespace

void SetCallListener(nb::object listener) {
  nb::object old = std::exchange(CurrentListener(), listener.is_none() ? nb::object() : listener);
}

void TellCallListener() {
  // Held while it runs: it may be exchanged meanwhile.
  const nb::object listener = CurrentListener();
  if (!listener.is_valid()) return;
  const nb::object result = nb::steal(PyObject_CallNoArgs(listener.ptr()));
  if (!result.is_valid()) PyErr_WriteUnraisable(listener.ptr());
}

}  // namespace iceframe::python
