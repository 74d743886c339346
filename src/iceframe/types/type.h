// SPDX-License-Identifier: Apache-2.0
// Iceberg's types (v1 to v3) as plain values. Spec: "Schemas and Data Types".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/base/strong_id.h"
#include "iceframe/types/value.h"

namespace iceframe {

/// The closed set of Iceberg types; switches over it are exhaustive (no default label).
enum class TypeId : uint8_t {
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kDecimal,
  kDate,
  kTime,
  kTimestamp,
  kTimestamptz,
  kTimestampNs,
  kTimestamptzNs,
  kString,
  kUuid,
  kFixed,
  kBinary,
  kUnknown,
  kVariant,
  kGeometry,
  kGeography,
  kStruct,
  kList,
  kMap,
};

struct NestedField;

/// An Iceberg type with its parameters. Cheap to copy; immutable; safe to share.
class Type {
 public:
  /// The type `unknown`, which holds nulls only.
  Type() = default;
  static Type Boolean() { return Type(TypeId::kBoolean); }
  static Type Int() { return Type(TypeId::kInt); }
  static Type Long() { return Type(TypeId::kLong); }
  static Type Float() { return Type(TypeId::kFloat); }
  static Type Double() { return Type(TypeId::kDouble); }
  /// precision 1 to 38, scale 0 to precision: InvalidArgument otherwise.
  static Result<Type> Decimal(int32_t precision, int32_t scale);
  static Type Date() { return Type(TypeId::kDate); }
  static Type Time() { return Type(TypeId::kTime); }
  static Type Timestamp() { return Type(TypeId::kTimestamp); }
  static Type Timestamptz() { return Type(TypeId::kTimestamptz); }
  static Type TimestampNs() { return Type(TypeId::kTimestampNs); }
  static Type TimestamptzNs() { return Type(TypeId::kTimestamptzNs); }
  static Type String() { return Type(TypeId::kString); }
  static Type Uuid() { return Type(TypeId::kUuid); }
  /// length ≥ 0: InvalidArgument otherwise.
  static Result<Type> Fixed(int32_t length);
  static Type Binary() { return Type(TypeId::kBinary); }
  static Type Unknown() { return Type(TypeId::kUnknown); }
  static Type Variant() { return Type(TypeId::kVariant); }
  /// An empty crs stands for the spec's default, OGC:CRS84.
  static Type Geometry(std::string crs = "");
  /// An empty algorithm stands for the spec's default, spherical.
  static Type Geography(std::string crs = "", std::string algorithm = "");
  static Type Struct(std::vector<NestedField> fields);
  /// `element.name` is set to "element".
  static Type List(NestedField element);
  /// Names are set to "key" and "value"; the key is required whatever it says.
  static Type Map(NestedField key, NestedField value);

  /// Parses the spec's spelling of a primitive type ("decimal(9,2)", "fixed[16]", "geometry(…)"),
  /// spaces allowed. Errors: InvalidArgument naming the text.
  static Result<Type> ParsePrimitive(std::string_view text);

  TypeId id() const { return id_; }
  bool is_nested() const { return id_ >= TypeId::kStruct; }
  bool is_primitive() const { return !is_nested(); }
  /// decimal's; 0 for other types.
  int32_t precision() const { return precision_; }
  int32_t scale() const { return scale_; }
  /// fixed's, in bytes; 0 for other types.
  int32_t length() const { return length_; }
  /// geometry's and geography's; empty for the default and other types.
  const std::string& crs() const;
  const std::string& algorithm() const;
  /// struct: its fields; list: the element; map: key and value; empty for primitives.
  const std::vector<NestedField>& fields() const;

  /// The spec's spelling, e.g. "decimal(9, 2)", "struct<1: a: required int>", "list<string>".
  std::string ToString() const;

  /// Equal structure, ids, names, docs and defaults.
  bool operator==(const Type& other) const;

 private:
  struct Parameters;
  explicit Type(TypeId id) : id_(id) {}

  TypeId id_ = TypeId::kUnknown;
  int32_t precision_ = 0;
  int32_t scale_ = 0;
  int32_t length_ = 0;
  std::shared_ptr<const Parameters> parameters_;
};

/// A named, numbered column: of a schema, a struct, or the child of a list or map.
struct NestedField {
  FieldId id = 0;
  std::string name;
  Type type;
  bool required = false;
  std::string doc;
  /// v3: the value that rows written before the field existed read as.
  std::optional<Value> initial_default;
  /// v3: the value that a writer which does not know the field must write.
  std::optional<Value> write_default;

  static NestedField Required(FieldId id, std::string name, Type type, std::string doc = "");
  static NestedField Optional(FieldId id, std::string name, Type type, std::string doc = "");

  bool operator==(const NestedField&) const = default;
};

/// Returns whether a column of type `from` may become `to` and old files still be read.
/// int→long, float→double, wider decimal of the same scale; v3: date→timestamp(_ns),
/// unknown→anything. Spec: "Schema Evolution", "Type promotion".
bool IsPromotionAllowed(const Type& from, const Type& to, int32_t format_version);

}  // namespace iceframe
