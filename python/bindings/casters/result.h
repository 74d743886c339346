// SPDX-License-Identifier: Apache-2.0
// One caster for Status and Result<T>: a value, or the Python exception of the error's kind.
#pragma once

#include <type_traits>
#include <utility>

#include <nanobind/nanobind.h>

#include "iceframe/base/result.h"

namespace iceframe::python {

/// Returns the exception that stands for `status`, which is not OK. Throws what making it raises.
nanobind::object ErrorObject(const Status& status);

/// Sets the Python error that stands for `status` (iceframe.errors, by kind).
void SetPythonError(const Status& status) noexcept;

/// An error for a Python exception that is set already; the exception is what is raised.
Status PythonRaised();

}  // namespace iceframe::python

namespace nanobind::detail {

// A caster must not throw: on error it sets the Python error and returns an empty handle.
template <>
struct type_caster<iceframe::Status> {
  static constexpr auto Name = const_name("None");
  static handle from_cpp(const iceframe::Status& status, rv_policy, cleanup_list*) noexcept {
    gil_scoped_acquire gil;
    if (status.ok()) return none().release();
    iceframe::python::SetPythonError(status);
    return handle();
  }
};

template <typename T>
struct type_caster<iceframe::Result<T>> {
  using Caster = make_caster<T>;
  static constexpr auto Name = Caster::Name;
  static handle from_cpp(iceframe::Result<T> result, rv_policy policy,
                         cleanup_list* cleanup) noexcept {
    gil_scoped_acquire gil;
    if (!result.ok()) {
      iceframe::python::SetPythonError(result.status());
      return handle();
    }
    if constexpr (std::is_base_of_v<object, T>) {
      return std::move(result).MoveValueUnsafe().release();
    } else {
      return Caster::from_cpp(std::move(result).MoveValueUnsafe(), policy, cleanup);
    }
  }
};

}  // namespace nanobind::detail
