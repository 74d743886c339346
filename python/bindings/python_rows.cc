// SPDX-License-Identifier: Apache-2.0
#include "python_rows.h"

#include <string_view>

#include <nanobind/stl/string.h>

#include "python_value.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

bool Has(PyObject* value, const char* name) { return PyObject_HasAttrString(value, name) != 0; }

PyObject* ClassOf(PyObject* value) { return reinterpret_cast<PyObject*>(Py_TYPE(value)); }

bool IsMapping(PyObject* value) {
  return PyDict_Check(value) || (Has(value, "keys") && Has(value, "__getitem__"));
}

nb::object ToDict(PyObject* mapping) {
  if (PyDict_Check(mapping)) return nb::borrow(mapping);
  nb::object fields = nb::steal(PyDict_New());
  if (PyDict_Update(fields.ptr(), mapping) < 0) return {};
  return fields;
}

// The attributes of these names, but for those that are not there.
nb::object FieldsNamed(PyObject* value, PyObject* names) {
  const nb::object all = nb::steal(PySequence_List(names));
  nb::object fields = nb::steal(PyDict_New());
  if (!all.is_valid() || !fields.is_valid()) return {};
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(all.ptr()); ++i) {
    PyObject* name = PyList_GET_ITEM(all.ptr(), i);
    const nb::object field = nb::steal(PyObject_GetAttr(value, name));
    if (!field.is_valid() && PyErr_ExceptionMatches(PyExc_AttributeError) != 0) {
      PyErr_Clear();
      continue;
    }
    if (!field.is_valid() || PyDict_SetItem(fields.ptr(), name, field.ptr()) < 0) return {};
  }
  return fields;
}

nb::object FieldsListed(PyObject* value, const char* attribute) {
  const nb::object names = nb::steal(PyObject_GetAttrString(ClassOf(value), attribute));
  return names.is_valid() ? FieldsNamed(value, names.ptr()) : nb::object();
}

// A model's fields and the others that it was given. What else it keeps, such as cached properties,
// is no column.
nb::object FieldsOfModel(PyObject* model) {
  nb::object fields = FieldsListed(model, "__pydantic_fields__");
  if (!fields.is_valid()) return {};
  const nb::object extra = nb::steal(PyObject_GetAttrString(model, "__pydantic_extra__"));
  PyErr_Clear();
  if (extra.is_valid() && PyDict_Check(extra.ptr())) PyDict_Update(fields.ptr(), extra.ptr());
  return fields;
}

// The listed fields of a data class include what it doesn't keep: ClassVar and InitVar.
nb::object FieldsOfDataClass(PyObject* value) {
  const nb::object module = nb::steal(PyImport_ImportModule("dataclasses"));
  if (!module.is_valid()) return {};
  const nb::object listed = nb::steal(PyObject_CallMethod(module.ptr(), "fields", "O", value));
  if (!listed.is_valid()) return {};
  const nb::object names = nb::steal(PyList_New(0));
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(listed.ptr()); ++i) {
    PyObject* field = PyTuple_GET_ITEM(listed.ptr(), i);
    const nb::object name = nb::steal(PyObject_GetAttrString(field, "name"));
    if (!name.is_valid() || PyList_Append(names.ptr(), name.ptr()) < 0) return {};
  }
  return FieldsNamed(value, names.ptr());
}

// NumPy's own scalars become Python's, but for times, whose units would be lost.
nb::object ItemsOfNumPy(PyObject* array) {
  const nb::object dtype = nb::steal(PyObject_GetAttrString(array, "dtype"));
  const nb::object kind = nb::steal(PyObject_GetAttrString(dtype.ptr(), "kind"));
  const bool is_time = nb::isinstance<nb::str>(kind) &&
                       (nb::cast<std::string>(kind) == "M" || nb::cast<std::string>(kind) == "m");
  if (is_time) return nb::steal(PySequence_List(array));
  return nb::steal(PyObject_CallMethod(array, "tolist", nullptr));
}

}  // namespace

nb::object FieldsOf(PyObject* value) {
  if (PyDict_Check(value)) return nb::borrow(value);
  // Pydantic's data classes list their fields as models do, too, but lack the set of those given.
  if (Has(ClassOf(value), "__pydantic_fields_set__")) return FieldsOfModel(value);
  if (Has(ClassOf(value), "__dataclass_fields__")) return FieldsOfDataClass(value);
  if (PyTuple_Check(value) && Has(ClassOf(value), "_fields")) return FieldsListed(value, "_fields");
  return IsMapping(value) ? ToDict(value) : nb::object();
}

nb::object ItemsOf(PyObject* value) {
  if (PyList_Check(value) || PyTuple_Check(value)) return nb::borrow(value);
  const bool is_text = PyUnicode_Check(value) || PyBytes_Check(value) || PyByteArray_Check(value) ||
                       PyMemoryView_Check(value);
  // A series of pandas has keys, too, and is a list here.
  const bool has_keys = IsMapping(value) && !Has(value, "__array__");
  if (is_text || PyAnySet_Check(value) || has_keys) return {};
  if (!Has(value, "__len__") || !Has(value, "__iter__")) return {};
  if (IsArrayOfNumPy(value) && PyObject_Size(value) < 0) {
    // It is one value.
    PyErr_Clear();
    return {};
  }
  if (std::string_view(Py_TYPE(value)->tp_name) == "numpy.ndarray") return ItemsOfNumPy(value);
  return nb::steal(PySequence_List(value));
}

nb::object EntriesOf(PyObject* value) {
  if (!IsMapping(value)) return ItemsOf(value);
  const nb::object entries = ToDict(value);
  return entries.is_valid() ? nb::steal(PyDict_Items(entries.ptr())) : nb::object();
}

Pair PairOf(PyObject* entry) {
  if ((PyTuple_Check(entry) || PyList_Check(entry)) && PySequence_Fast_GET_SIZE(entry) == 2) {
    return {nb::borrow(PySequence_Fast_GET_ITEM(entry, 0)),
            nb::borrow(PySequence_Fast_GET_ITEM(entry, 1))};
  }
  if (!PyDict_Check(entry) || PyDict_Size(entry) != 2) return {};
  PyObject* key = PyDict_GetItemString(entry, "key");
  PyObject* value = PyDict_GetItemString(entry, "value");
  if (key == nullptr || value == nullptr) return {};
  return {nb::borrow(key), nb::borrow(value)};
}

std::string NameOf(PyObject* key) {
  if (!PyUnicode_Check(key)) return DescribeValue(key);
  Py_ssize_t size = 0;
  const char* text = PyUnicode_AsUTF8AndSize(key, &size);
  if (text != nullptr) return std::string(text, static_cast<size_t>(size));
  PyErr_Clear();
  return DescribeValue(key);
}

}  // namespace iceframe::python
