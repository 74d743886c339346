// SPDX-License-Identifier: Apache-2.0
// Numbers, text and bytes. Dates and times are in python_time.cc.
#include "python_value.h"

#include <cmath>
#include <limits>
#include <optional>

#include <nanobind/stl/string.h>

#include "iceframe/types/value_text.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

constexpr char kNotWhole[] = "is no whole number; round it, or widen the column";
constexpr char kRounded[] = "would be rounded; widen the column or correct the value";
constexpr char kDigits[] =
    "is no number of so many digits; round it, or widen the column (of a float give "
    "Decimal(str(value)))";
constexpr char kSurrogate[] = "holds a lone surrogate, which is no text; correct the value";
constexpr char kTooLong[] = "is longer than 2 GiB; split it";
constexpr char kWidth[] = "has another number of bytes; correct it, or use a binary column";
constexpr char kNoUuid[] = "is no uuid; give a uuid, its text or its 16 bytes";

constexpr size_t kUuidWidth = 16;
constexpr Py_ssize_t kMaxShown = 60;

Refusal FromDouble(double number, int64_t* out) {
  if (std::isnan(number) || std::isinf(number)) return kNotWhole;
  if (!(number >= -0x1p63 && number < 0x1p63)) return kOutOfRange;
  *out = static_cast<int64_t>(number);
  return static_cast<double>(*out) == number ? nullptr : kNotWhole;
}

bool IsA(PyObject* value, const nb::object& type) {
  const int is = PyObject_IsInstance(value, type.ptr());
  if (is < 0) PyErr_Clear();
  return is > 0;
}

// The UTF-8 of a str; nullopt where it has none.
std::optional<std::string_view> TextOf(PyObject* value) {
  Py_ssize_t size = 0;
  const char* data = PyUnicode_AsUTF8AndSize(value, &size);
  if (data == nullptr) {
    PyErr_Clear();
    return std::nullopt;
  }
  return std::string_view(data, static_cast<size_t>(size));
}

// The decimal that str(value) is, at a scale.
std::optional<arrow::Decimal128> DecimalOf(PyObject* value, int32_t scale) {
  const nb::object text = nb::steal(PyObject_Str(value));
  if (!text.is_valid()) {
    // An integer of too many digits.
    PyErr_Clear();
    return std::nullopt;
  }
  const std::optional<std::string_view> digits = TextOf(text.ptr());
  return digits ? DecimalFromText(*digits, scale) : std::nullopt;
}

Refusal FromIndex(PyObject* value, int64_t* out) {
  const nb::object number = nb::steal(PyNumber_Index(value));
  if (!number.is_valid()) {
    if (PyErr_ExceptionMatches(PyExc_TypeError) == 0) return kRaised;
    PyErr_Clear();
    return kWrongType;
  }
  int overflow = 0;
  *out = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
  return overflow == 0 ? nullptr : kOutOfRange;
}

// An integer beyond 64 bits, or the decimal of a float.
Refusal IntegerToDouble(PyObject* value, double* out) {
  *out = PyLong_AsDouble(value);
  if (*out == -1.0 && PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    return kOutOfRange;
  }
  const nb::object back = nb::steal(PyLong_FromDouble(*out));
  return PyObject_RichCompareBool(value, back.ptr(), Py_EQ) == 1 ? nullptr : kRounded;
}

Refusal DecimalToDouble(PyObject* value, double* out) {
  const nb::object number = nb::steal(PyNumber_Float(value));
  const int is_equal = number.is_valid() ? PyObject_RichCompareBool(value, number.ptr(), Py_EQ) : 0;
  PyErr_Clear();
  if (is_equal != 1) return kRounded;
  *out = PyFloat_AS_DOUBLE(number.ptr());
  return nullptr;
}

bool IsInteger(PyObject* value) { return PyLong_Check(value) && !PyBool_Check(value); }

Refusal CopyBytes(PyObject* value, ValueBytes* out) {
  const nb::object bytes = nb::steal(PyBytes_FromObject(value));
  if (!bytes.is_valid()) return kRaised;
  out->owned.assign(PyBytes_AS_STRING(bytes.ptr()),
                    static_cast<size_t>(PyBytes_GET_SIZE(bytes.ptr())));
  out->view = out->owned;
  return nullptr;
}

Refusal UuidText(std::string_view text, ValueBytes* out) {
  std::optional<std::string> bytes = UuidFromText(text);
  if (!bytes) return kNoUuid;
  out->owned = *std::move(bytes);
  out->view = out->owned;
  return nullptr;
}

// A long str or bytes but for its beginning: what is shown is not made of gigabytes.
nb::object Shortened(PyObject* value) {
  const bool is_long =
      (PyUnicode_Check(value) || PyBytes_Check(value)) && PySequence_Size(value) > kMaxShown;
  if (!is_long) return nb::borrow(value);
  return nb::steal(PySequence_GetSlice(value, 0, kMaxShown));
}

nb::object UnwrappedOfNumPy(PyObject* value) {
  const std::string_view name = Py_TYPE(value)->tp_name;
  if (name.ends_with("MaskedConstant")) return nb::none();
  if (IsArrayOfNumPy(value)) {
    if (PyObject_Size(value) >= 0) return nb::borrow(value);
    PyErr_Clear();
    const nb::object scalar = nb::steal(PyObject_GetItem(value, nb::tuple().ptr()));
    return scalar.is_valid() && scalar.ptr() != value && !IsArrayOfNumPy(scalar.ptr())
               ? UnwrappedOfNumPy(scalar.ptr())
               : nb::steal(PyObject_CallMethod(value, "tolist", nullptr));
  }
  // Their item() would be a bare number, or cut.
  if (name.ends_with("datetime64") || name.ends_with("timedelta64")) return nb::borrow(value);
  return nb::steal(PyObject_CallMethod(value, "item", nullptr));
}

}  // namespace

PythonClasses PythonClasses::Load() {
  return {nb::module_::import_("decimal").attr("Decimal"),
          nb::module_::import_("uuid").attr("UUID"), nb::module_::import_("enum").attr("Enum")};
}

Refusal ToBoolean(const ValueTarget& /*to*/, PyObject* value, bool* out) {
  if (!PyBool_Check(value)) return kWrongType;
  *out = value == Py_True;
  return nullptr;
}

Refusal ToLong(const ValueTarget& to, PyObject* value, int64_t* out) {
  if (PyBool_Check(value)) return kWrongType;
  if (PyLong_Check(value)) {
    int overflow = 0;
    *out = PyLong_AsLongLongAndOverflow(value, &overflow);
    return overflow == 0 ? nullptr : kOutOfRange;
  }
  if (PyFloat_Check(value)) return FromDouble(PyFloat_AS_DOUBLE(value), out);
  if (IsA(value, to.classes->decimal)) {
    const std::optional<arrow::Decimal128> whole = DecimalOf(value, 0);
    if (!whole) return kNotWhole;
    return whole->ToInteger(out).ok() ? nullptr : kOutOfRange;
  }
  // What an array holds may be masked.
  return PyIndex_Check(value) && !IsArrayOfNumPy(value) ? FromIndex(value, out) : kWrongType;
}

Refusal ToInt(const ValueTarget& to, PyObject* value, int32_t* out) {
  int64_t wide = 0;
  if (Refusal refusal = ToLong(to, value, &wide)) return refusal;
  if (!std::in_range<int32_t>(wide)) return kOutOfRange;
  *out = static_cast<int32_t>(wide);
  return nullptr;
}

Refusal ToDouble(const ValueTarget& to, PyObject* value, double* out) {
  if (PyFloat_Check(value)) {
    *out = PyFloat_AS_DOUBLE(value);
    return nullptr;
  }
  if (IsInteger(value)) return IntegerToDouble(value, out);
  return IsA(value, to.classes->decimal) ? DecimalToDouble(value, out) : kWrongType;
}

Refusal ToFloat(const ValueTarget& to, PyObject* value, float* out) {
  double wide = 0;
  if (Refusal refusal = ToDouble(to, value, &wide)) return refusal;
  // Casting what a float can't hold would be undefined.
  if (std::isfinite(wide) && std::fabs(wide) > std::numeric_limits<float>::max()) {
    return kOutOfRange;
  }
  *out = static_cast<float>(wide);
  if (PyFloat_Check(value) || static_cast<double>(*out) == wide) return nullptr;
  return kRounded;
}

Refusal ToDecimal(const ValueTarget& to, PyObject* value, arrow::Decimal128* out) {
  nb::object exact = nb::borrow(value);
  if (PyFloat_Check(value)) {
    exact = nb::steal(PyObject_CallOneArg(to.classes->decimal.ptr(), value));
    if (!exact.is_valid()) return kRaised;
  } else if (!IsInteger(value) && !PyUnicode_Check(value) && !IsA(value, to.classes->decimal)) {
    return kWrongType;
  }
  const std::optional<arrow::Decimal128> unscaled = DecimalOf(exact.ptr(), to.type.scale());
  if (!unscaled || !unscaled->FitsInPrecision(to.type.precision())) return kDigits;
  *out = *unscaled;
  return nullptr;
}

Refusal ToText(const ValueTarget& /*to*/, PyObject* value, ValueBytes* out) {
  if (!PyUnicode_Check(value)) return kWrongType;
  const std::optional<std::string_view> text = TextOf(value);
  if (!text) return kSurrogate;
  if (!std::in_range<int32_t>(text->size())) return kTooLong;
  out->view = *text;
  return nullptr;
}

Refusal ToBinary(const ValueTarget& /*to*/, PyObject* value, ValueBytes* out) {
  if (PyBytes_Check(value)) {
    out->view = {PyBytes_AS_STRING(value), static_cast<size_t>(PyBytes_GET_SIZE(value))};
  } else if (PyByteArray_Check(value) || PyMemoryView_Check(value)) {
    if (Refusal refusal = CopyBytes(value, out)) return refusal;
  } else {
    return kWrongType;
  }
  return std::in_range<int32_t>(out->view.size()) ? nullptr : kTooLong;
}

Refusal ToFixed(const ValueTarget& to, PyObject* value, ValueBytes* out) {
  const bool is_uuid = to.type.id() == TypeId::kUuid;
  const size_t width = is_uuid ? kUuidWidth : static_cast<size_t>(to.type.length());
  if (width == kUuidWidth && PyUnicode_Check(value)) {
    return UuidText(TextOf(value).value_or(std::string_view()), out);
  }
  if (width == kUuidWidth && IsA(value, to.classes->uuid)) {
    const nb::object bytes = nb::steal(PyObject_GetAttrString(value, "bytes"));
    return bytes.is_valid() && PyBytes_Check(bytes.ptr()) ? CopyBytes(bytes.ptr(), out) : kRaised;
  }
  if (Refusal refusal = ToBinary(to, value, out)) return refusal;
  if (out->view.size() == width) return nullptr;
  return is_uuid ? kNoUuid : kWidth;
}

Refusal ToNothing(const ValueTarget& /*to*/, PyObject* /*value*/, bool* /*out*/) {
  return kWrongType;
}

bool IsNan(PyObject* value) { return PyFloat_Check(value) && std::isnan(PyFloat_AS_DOUBLE(value)); }

bool IsArrayOfNumPy(PyObject* value) {
  return PySequence_Check(value) != 0 && PyObject_HasAttrString(value, "__array_finalize__") != 0;
}

bool IsOfPackage(PyObject* value, std::string_view package) {
  const nb::object name =
      nb::steal(PyObject_GetAttrString(reinterpret_cast<PyObject*>(Py_TYPE(value)), "__module__"));
  PyErr_Clear();
  if (!name.is_valid() || !PyUnicode_Check(name.ptr())) return false;
  const std::string_view module = TextOf(name.ptr()).value_or(std::string_view());
  return module.starts_with(package) &&
         (module.size() == package.size() || module[package.size()] == '.');
}

bool IsScalarOfArrow(PyObject* value) {
  return !PyDict_CheckExact(value) && !PyList_CheckExact(value) && IsOfPackage(value, "pyarrow") &&
         PyObject_HasAttrString(value, "as_py") != 0;
}

nb::object Unwrapped(const PythonClasses& classes, PyObject* value) {
  if (IsA(value, classes.enumeration)) return nb::steal(PyObject_GetAttrString(value, "value"));
  const std::string_view name = Py_TYPE(value)->tp_name;
  if (IsNat(value)) return nb::none();
  if (IsOfPackage(value, "pandas")) {
    if (name.ends_with("NAType")) return nb::none();
  } else if (IsOfPackage(value, "numpy")) {
    return UnwrappedOfNumPy(value);
  } else if (IsScalarOfArrow(value)) {
    return nb::steal(PyObject_CallMethod(value, "as_py", nullptr));
  }
  return nb::borrow(value);
}

std::string DescribeValue(PyObject* value) {
  const std::string type = " (" + nb::cast<std::string>(nb::inst_name(value)) + ")";
  const nb::object shortened = Shortened(value);
  nb::object text = nb::steal(PyObject_Repr(shortened.ptr()));
  if (!text.is_valid() || !TextOf(text.ptr())) {
    PyErr_Clear();
    text = nb::steal(PyObject_ASCII(shortened.ptr()));
  }
  if (!text.is_valid()) {
    PyErr_Clear();
    return "a value" + type;
  }
  const bool is_cut = shortened.ptr() != value || PyUnicode_GET_LENGTH(text.ptr()) > kMaxShown + 8;
  const nb::object start = nb::steal(PyUnicode_Substring(text.ptr(), 0, kMaxShown + 8));
  return std::string(TextOf(start.ptr()).value_or("a value")) + (is_cut ? "…" : "") + type;
}

}  // namespace iceframe::python
