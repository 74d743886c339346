// SPDX-License-Identifier: Apache-2.0
// Dates and times of Python, pandas and NumPy.
#include <Python.h>
#include <datetime.h>

#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <nanobind/stl/string.h>

#include "iceframe/types/civil_time.h"

#include "python_value.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

constexpr char kIsDatetime[] = "is a point in time; take its date()";
constexpr char kZonedTime[] = "has a time zone, which the type time lacks; leave it out";
constexpr char kZoned[] =
    "has a time zone, which the column does not keep; leave it out, or use a timestamptz column";
constexpr char kNoZone[] =
    "has no time zone; give it one, such as value.replace(tzinfo=timezone.utc)";
constexpr char kFiner[] = "has digits finer than the column keeps; round it";
constexpr char kNoUnit[] = "is of a unit without a column type; cast it to datetime64[us]";

constexpr int64_t kSecondsPerDay = 86'400;
constexpr int64_t kNanosPerSecond = 1'000'000'000;

// The capsule is looked up once for each file that uses it.
bool HasDateTimeApi() {
  if (PyDateTimeAPI == nullptr) PyDateTime_IMPORT;
  if (PyDateTimeAPI == nullptr) PyErr_Clear();
  return PyDateTimeAPI != nullptr;
}

struct PointInTime {
  // Since the epoch; in UTC where there is a zone.
  int64_t seconds = 0;
  int64_t nanos = 0;
  bool has_zone = false;
};

int64_t DayOf(PyObject* date) {
  return DaysFromCivil(
      {PyDateTime_GET_YEAR(date), PyDateTime_GET_MONTH(date), PyDateTime_GET_DAY(date)});
}

bool IsDatetime64(PyObject* value) {
  return std::string_view(Py_TYPE(value)->tp_name) == "numpy.datetime64";
}

Refusal TakeOffset(PyObject* value, PointInTime* point) {
  const nb::object offset = nb::steal(PyObject_CallMethod(value, "utcoffset", nullptr));
  if (!offset.is_valid()) return kRaised;
  if (!PyDelta_Check(offset.ptr())) return nullptr;
  point->has_zone = true;
  point->seconds -= PyDateTime_DELTA_GET_DAYS(offset.ptr()) * kSecondsPerDay +
                    PyDateTime_DELTA_GET_SECONDS(offset.ptr());
  point->nanos -= PyDateTime_DELTA_GET_MICROSECONDS(offset.ptr()) * kNanosPerMicro;
  if (point->nanos < 0) {
    point->nanos += kNanosPerSecond;
    --point->seconds;
  }
  return nullptr;
}

// pandas' timestamps have digits below the microsecond.
int64_t NanosBelowMicro(PyObject* value) {
  if (PyDateTime_CheckExact(value)) return 0;
  const nb::object nanos = nb::steal(PyObject_GetAttrString(value, "nanosecond"));
  const int64_t found =
      nanos.is_valid() && PyLong_Check(nanos.ptr()) ? PyLong_AsLongLong(nanos.ptr()) : 0;
  PyErr_Clear();
  return found;
}

Refusal FromDatetime(PyObject* value, PointInTime* point) {
  point->seconds = DayOf(value) * kSecondsPerDay + PyDateTime_DATE_GET_HOUR(value) * 3600 +
                   PyDateTime_DATE_GET_MINUTE(value) * 60 + PyDateTime_DATE_GET_SECOND(value);
  point->nanos = PyDateTime_DATE_GET_MICROSECOND(value) * kNanosPerMicro + NanosBelowMicro(value);
  if (PyDateTime_DATE_GET_TZINFO(value) == Py_None) return nullptr;
  return TakeOffset(value, point);
}

struct Datetime64 {
  int64_t count = 0;
  std::string unit;
};

std::optional<Datetime64> ReadDatetime64(PyObject* value) {
  try {
    const nb::object scalar = nb::borrow(value);
    const nb::object unit =
        nb::module_::import_("numpy").attr("datetime_data")(scalar.attr("dtype"));
    if (nb::cast<int>(unit[1]) != 1) return std::nullopt;
    return Datetime64{nb::cast<int64_t>(nb::int_(scalar.attr("view")("int64"))),
                      nb::cast<std::string>(unit[0])};
  } catch (nb::python_error& error) {
    return std::nullopt;
  }
}

Refusal FromDatetime64(PyObject* value, PointInTime* point) {
  const std::optional<Datetime64> read = ReadDatetime64(value);
  if (!read) return kNoUnit;
  int64_t per_second = 0;
  if (read->unit == "s") per_second = 1;
  if (read->unit == "ms") per_second = 1'000;
  if (read->unit == "us") per_second = kMicrosPerSecond;
  if (read->unit == "ns") per_second = kNanosPerSecond;
  if (per_second == 0) return kNoUnit;
  point->seconds = FloorDivide(read->count, per_second);
  point->nanos = FloorModulo(read->count, per_second) * (kNanosPerSecond / per_second);
  return nullptr;
}

Refusal ToUnit(const PointInTime& point, int64_t per_second, int64_t* out) {
  const int64_t nanos_per_unit = kNanosPerSecond / per_second;
  if (point.nanos % nanos_per_unit != 0) return kFiner;
  const arrow::Decimal128 units = arrow::Decimal128(point.seconds) * per_second +
                                  arrow::Decimal128(point.nanos / nanos_per_unit);
  return units.ToInteger(out).ok() ? nullptr : kOutOfRange;
}

}  // namespace

bool IsNat(PyObject* value) {
  // pandas' calls itself a datetime.
  if (std::string_view(Py_TYPE(value)->tp_name).ends_with("NaTType")) return true;
  if (!IsDatetime64(value)) return false;
  const std::optional<Datetime64> read = ReadDatetime64(value);
  return read && read->count == std::numeric_limits<int64_t>::min();
}

Refusal ToDate(const ValueTarget& /*to*/, PyObject* value, int32_t* out) {
  if (!HasDateTimeApi() || IsNat(value)) return kWrongType;
  if (IsDatetime64(value)) {
    const std::optional<Datetime64> read = ReadDatetime64(value);
    if (!read || read->unit != "D") return kWrongType;
    if (!std::in_range<int32_t>(read->count)) return kOutOfRange;
    *out = static_cast<int32_t>(read->count);
    return nullptr;
  }
  if (PyDateTime_Check(value)) return kIsDatetime;
  if (!PyDate_Check(value)) return kWrongType;
  *out = static_cast<int32_t>(DayOf(value));
  return nullptr;
}

Refusal ToTime(const ValueTarget& /*to*/, PyObject* value, int64_t* out) {
  if (!HasDateTimeApi() || !PyTime_Check(value)) return kWrongType;
  if (PyDateTime_TIME_GET_TZINFO(value) != Py_None) return kZonedTime;
  *out = PyDateTime_TIME_GET_HOUR(value) * kMicrosPerHour +
         (PyDateTime_TIME_GET_MINUTE(value) * 60 + PyDateTime_TIME_GET_SECOND(value)) *
             kMicrosPerSecond +
         PyDateTime_TIME_GET_MICROSECOND(value);
  return nullptr;
}

Refusal ToTimestamp(const ValueTarget& to, PyObject* value, int64_t* out) {
  if (!HasDateTimeApi() || IsNat(value)) return kWrongType;
  PointInTime point;
  if (PyDateTime_Check(value)) {
    if (Refusal refusal = FromDatetime(value, &point)) return refusal;
  } else if (IsDatetime64(value)) {
    if (Refusal refusal = FromDatetime64(value, &point)) return refusal;
  } else {
    return kWrongType;
  }
  const TypeId id = to.type.id();
  const bool wants_zone = id == TypeId::kTimestamptz || id == TypeId::kTimestamptzNs;
  if (point.has_zone != wants_zone) return wants_zone ? kNoZone : kZoned;
  const bool is_nanos = id == TypeId::kTimestampNs || id == TypeId::kTimestamptzNs;
  return ToUnit(point, is_nanos ? kNanosPerSecond : kMicrosPerSecond, out);
}

}  // namespace iceframe::python
