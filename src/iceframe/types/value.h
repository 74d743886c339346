// SPDX-License-Identifier: Apache-2.0
// Values of Iceberg types outside Arrow: literals, bounds, partition values, defaults.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <arrow/util/decimal.h>

#include "iceframe/base/result.h"

namespace iceframe {

class Type;

/// A value of some Iceberg type, or null. The type is known from elsewhere.
///
/// | Iceberg type | held as |
/// |---|---|
/// | boolean | bool |
/// | int, date (days since 1970-01-01) | int32_t |
/// | long, time (µs of day), timestamp and timestamptz (µs since epoch, UTC), _ns (ns) | int64_t |
/// | float · double | float · double |
/// | string (UTF-8), binary, fixed, uuid (16 bytes, big-endian) | std::string |
/// | decimal (unscaled) | arrow::Decimal128 |
/// | struct (a value per field, in order), list, map (key, value, key, value, …) | Nested |
class Value {
 public:
  using Nested = std::vector<Value>;
  using Storage = std::variant<std::monostate, bool, int32_t, int64_t, float, double, std::string,
                               arrow::Decimal128, std::shared_ptr<const Nested>>;

  // Copied, moved and destroyed in value.cc: every file that holds values would make them again.
  Value() = default;
  ~Value();
  Value(const Value& other);
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other);
  Value& operator=(Value&& other) noexcept;
  explicit Value(bool value) : storage_(value) {}
  explicit Value(int32_t value) : storage_(value) {}
  explicit Value(int64_t value) : storage_(value) {}
  explicit Value(float value) : storage_(value) {}
  explicit Value(double value) : storage_(value) {}
  explicit Value(std::string value) : storage_(std::move(value)) {}
  explicit Value(const char* value) : storage_(std::string(value)) {}
  explicit Value(arrow::Decimal128 value) : storage_(value) {}
  static Value Null() { return Value(); }
  static Value FromNested(Nested values);

  bool is_null() const { return std::holds_alternative<std::monostate>(storage_); }
  template <typename T>
  bool holds() const {
    return std::holds_alternative<T>(storage_);
  }
  /// The value as T; the caller has checked `holds<T>()`.
  template <typename T>
  const T& get() const {
    return *std::get_if<T>(&storage_);
  }
  /// The children of a nested value; empty for others.
  const Nested& nested() const;
  const Storage& storage() const { return storage_; }

  /// Bitwise for floats: NaN equals NaN, -0.0 differs from 0.0. Nested values by content.
  bool operator==(const Value& other) const;

 private:
  Storage storage_;
};

/// Returns <0, 0 or >0 for two non-null values of the primitive `type`.
///
/// Order as the spec's bounds have it: strings, binaries, fixed and uuid by unsigned bytes;
/// -0.0 before +0.0; NaN after everything. The values must be held as `type` asks.
int CompareValues(const Type& type, const Value& left, const Value& right);

/// Returns whether `value` is held as `type` asks (null fits every type).
bool Fits(const Type& type, const Value& value);

/// Returns a readable form: ISO dates and timestamps, quoted strings, 0x… for binary.
std::string ToString(const Type& type, const Value& value);

}  // namespace iceframe
