// SPDX-License-Identifier: Apache-2.0
#include "casters/result.h"

#include <string>

#include <nanobind/stl/string.h>

namespace nb = nanobind;

namespace iceframe::python {

nb::object ErrorObject(const Status& status) {
  nb::dict context;
  for (const ErrorContext& place : ContextOf(status)) {
    context[nb::str(place.key.data(), place.key.size())] =
        nb::str(place.value.data(), place.value.size());
  }
  const std::string kind(ToString(KindOf(status)));
  return nb::module_::import_("iceframe.errors")
      .attr("error_of_kind")(kind, status.message(), context);
}

void SetPythonError(const Status& status) noexcept {
  // Ctrl-C that a wait noticed is already the current error.
  if (PyErr_Occurred() != nullptr) return;
  try {
    nb::object error = ErrorObject(status);
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.ptr())), error.ptr());
  } catch (nb::python_error& error) {
    error.restore();
  } catch (...) {
    PyErr_SetString(PyExc_RuntimeError, "iceframe: an error could not be reported");
  }
}

Status PythonRaised() {
  return Error(ErrorKind::kInvalidArgument, "reading the data raised a Python exception");
}

}  // namespace iceframe::python
