// SPDX-License-Identifier: Apache-2.0
// What Python has for rows, lists and maps. Everything here needs the GIL.
#pragma once

#include <string>
#include <utility>

#include <nanobind/nanobind.h>

#include "iceframe/base/result.h"

namespace iceframe::python {

/// The fields of a mapping, pydantic model, data class or named tuple, as a dict; not valid where
/// it is none, or where a Python exception is set.
nanobind::object FieldsOf(PyObject* value);

/// The elements of a sequence as a list or tuple; not valid for text, bytes, mappings and sets,
/// and where a Python exception is set.
nanobind::object ItemsOf(PyObject* value);

/// The entries of a mapping, or of a sequence of pairs; as ItemsOf otherwise.
nanobind::object EntriesOf(PyObject* value);

struct Pair {
  nanobind::object key;
  nanobind::object value;
};
/// An entry: two items, or a mapping of "key" and "value"; not valid otherwise.
Pair PairOf(PyObject* entry);

/// A column's name for errors.
std::string NameOf(PyObject* key);

/// Calls `visit` with each item of a list or tuple, which may change meanwhile.
template <typename Visit>
Status ForEachItem(PyObject* items, Visit visit) {
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(items); ++i) {
    const nanobind::object item = nanobind::borrow(PySequence_Fast_GET_ITEM(items, i));
    ICEFRAME_RETURN_NOT_OK(visit(item.ptr()));
  }
  return Status::OK();
}

}  // namespace iceframe::python
