// SPDX-License-Identifier: Apache-2.0
// One Python value as the value of an Iceberg type: exactly, or why not.
//
// Everything here needs the GIL.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <arrow/util/decimal.h>
#include <nanobind/nanobind.h>

#include "iceframe/types/type.h"

namespace iceframe::python {

/// Why a value does not fit, with what to do, as the end of a sentence; nullptr: it fits.
using Refusal = const char*;

/// Another form of the value may fit still (Unwrapped).
inline constexpr char kWrongType[] =
    "is of another type; convert it, or change the type of the column";
/// The value's own code raised an exception, which is the current Python error.
inline constexpr char kOutOfRange[] = "is out of range; widen the column or correct the value";
inline constexpr char kRaised[] = "raised an exception";

/// The classes that values are looked at for.
struct PythonClasses {
  nanobind::object decimal;
  nanobind::object uuid;
  nanobind::object enumeration;

  static PythonClasses Load();
};

struct ValueTarget {
  Type type;
  const PythonClasses* classes = nullptr;
};

/// The bytes of a value, which live as long as it does and this.
struct ValueBytes {
  std::string_view view;
  std::string owned;
};

Refusal ToBoolean(const ValueTarget& to, PyObject* value, bool* out);
/// Integers, and floats and decimals that are whole numbers.
Refusal ToInt(const ValueTarget& to, PyObject* value, int32_t* out);
Refusal ToLong(const ValueTarget& to, PyObject* value, int64_t* out);
/// Python's floats become the nearest value; integers and decimals must be kept exactly.
Refusal ToFloat(const ValueTarget& to, PyObject* value, float* out);
Refusal ToDouble(const ValueTarget& to, PyObject* value, double* out);
/// Decimals, their text, integers and floats, where no digit is lost.
Refusal ToDecimal(const ValueTarget& to, PyObject* value, arrow::Decimal128* out);
Refusal ToDate(const ValueTarget& to, PyObject* value, int32_t* out);
Refusal ToTime(const ValueTarget& to, PyObject* value, int64_t* out);
/// For the four timestamp types: with a zone where the type has one, without where it has none.
Refusal ToTimestamp(const ValueTarget& to, PyObject* value, int64_t* out);
Refusal ToText(const ValueTarget& to, PyObject* value, ValueBytes* out);
Refusal ToBinary(const ValueTarget& to, PyObject* value, ValueBytes* out);
/// fixed and uuid: bytes of the width; uuids and their text where that is 16.
Refusal ToFixed(const ValueTarget& to, PyObject* value, ValueBytes* out);
/// unknown: nothing fits.
Refusal ToNothing(const ValueTarget& to, PyObject* value, bool* out);

/// The plain form of members of enumerations, of scalars of NumPy and pyarrow, and of pandas'
/// missing values (None); else the value itself. nullptr: a Python error is set.
nanobind::object Unwrapped(const PythonClasses& classes, PyObject* value);

/// Whether it is NaT, of pandas or NumPy.
bool IsNat(PyObject* value);

/// Whether it is a float that is NaN.
bool IsNan(PyObject* value);

/// Whether this is an array of NumPy's, of a class of its own or below it; no scalar is.
bool IsArrayOfNumPy(PyObject* value);

/// Whether this is one of pyarrow's scalars, null or not.
bool IsScalarOfArrow(PyObject* value);

/// Whether the class of `value` was made in `package` or a module of it.
bool IsOfPackage(PyObject* value, std::string_view package);

/// A readable form for errors: valid UTF-8, short, and the type's name after it.
std::string DescribeValue(PyObject* value);

}  // namespace iceframe::python
