// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/avro_columns.h"

#include <algorithm>
#include <utility>

namespace iceframe {
namespace {

/// Schemas may name themselves, and one another many times over.
constexpr int kMaxDepth = 32;
constexpr int kMaxNodes = 10'000;

std::optional<Type> OrNone(Result<Type> type) {
  return type.ok() ? std::optional(*type) : std::nullopt;
}

/// Reads types until there are too many of them.
class TypeReader {
 public:
  std::optional<Type> TypeOf(const AvroSchema& given, int depth) {
    const AvroSchema* schema = ValueSchema(given);
    if (schema == nullptr || depth > kMaxDepth || ++num_nodes_ > kMaxNodes) return std::nullopt;
    switch (schema->kind) {
      case AvroKind::kNull:
      case AvroKind::kUnion:
        return std::nullopt;
      case AvroKind::kBoolean:
        return Type::Boolean();
      case AvroKind::kInt:
        return TypeOfInt(*schema);
      case AvroKind::kLong:
        return TypeOfLong(*schema);
      case AvroKind::kFloat:
        return Type::Float();
      case AvroKind::kDouble:
        return Type::Double();
      case AvroKind::kBytes:
        return TypeOfBytes(*schema, Type::Binary());
      case AvroKind::kFixed:
        return TypeOfFixed(*schema);
      case AvroKind::kString:
        return schema->logical_type == "uuid" ? Type::Uuid() : Type::String();
      case AvroKind::kEnum:
        return Type::String();
      case AvroKind::kArray:
        return TypeOfArray(*schema, depth);
      case AvroKind::kMap:
        return TypeOfMap(*schema, depth);
      case AvroKind::kRecord:
        return TypeOfRecord(*schema, depth);
    }
    return std::nullopt;
  }

 private:
  static std::optional<Type> TypeOfInt(const AvroSchema& schema) {
    if (schema.logical_type == "date") return Type::Date();
    if (schema.logical_type == "time-millis") return Type::Time();
    return Type::Int();
  }

  static std::optional<Type> TypeOfLong(const AvroSchema& schema) {
    const std::string& logical = schema.logical_type;
    const bool is_local = logical.starts_with("local-") || schema.adjust_to_utc == false;
    if (logical == "time-micros") return Type::Time();
    if (logical.ends_with("timestamp-nanos")) {
      return is_local ? Type::TimestampNs() : Type::TimestamptzNs();
    }
    if (logical.ends_with("timestamp-micros") || logical.ends_with("timestamp-millis")) {
      return is_local ? Type::Timestamp() : Type::Timestamptz();
    }
    return Type::Long();
  }

  static std::optional<Type> TypeOfBytes(const AvroSchema& schema, Type plain) {
    if (schema.logical_type != "decimal") return plain;
    return OrNone(Type::Decimal(schema.precision, schema.scale));
  }

  static std::optional<Type> TypeOfFixed(const AvroSchema& schema) {
    if (schema.logical_type == "uuid") return Type::Uuid();
    if (schema.size > INT32_MAX) return std::nullopt;
    const std::optional<Type> plain = OrNone(Type::Fixed(static_cast<int32_t>(schema.size)));
    return plain ? TypeOfBytes(schema, *plain) : std::nullopt;
  }

  std::optional<Type> TypeOfArray(const AvroSchema& schema, int depth) {
    const std::optional<Type> item = TypeOf(*schema.items, depth + 1);
    if (!item) return std::nullopt;
    return Type::List(NestedField::Optional(0, "element", *item));
  }

  std::optional<Type> TypeOfMap(const AvroSchema& schema, int depth) {
    const std::optional<Type> value = TypeOf(*schema.items, depth + 1);
    if (!value) return std::nullopt;
    return Type::Map(NestedField::Required(0, "key", Type::String()),
                     NestedField::Optional(0, "value", *value));
  }

  std::optional<Type> TypeOfRecord(const AvroSchema& schema, int depth) {
    std::vector<NestedField> fields;
    for (const AvroField& field : schema.fields) {
      const std::optional<Type> type = TypeOf(*field.type, depth + 1);
      if (type) fields.push_back(NestedField::Optional(0, field.name, *type));
    }
    if (fields.empty()) return std::nullopt;
    return Type::Struct(std::move(fields));
  }

  int num_nodes_ = 0;
};

std::optional<Type> WiderPrimitive(const Type& type, const Type& wanted) {
  if (wanted.is_nested()) return std::nullopt;
  if (type.id() == TypeId::kDecimal && wanted.id() == TypeId::kDecimal) {
    // Digits before the point; those behind it never change.
    const int32_t precision = wanted.precision() - wanted.scale() + type.scale();
    if (precision <= type.precision()) return std::nullopt;
    return OrNone(Type::Decimal(precision, type.scale()));
  }
  const bool widens = (type.id() == TypeId::kInt && wanted.id() == TypeId::kLong) ||
                      (type.id() == TypeId::kFloat && wanted.id() == TypeId::kDouble) ||
                      type.id() == TypeId::kUnknown;
  return widens ? std::optional(wanted) : std::nullopt;
}

void AddFields(const std::vector<NestedField>& wanted, SchemaEvolution evolution,
               std::vector<NestedField>* fields);

void Widen(const NestedField& wanted, SchemaEvolution evolution, NestedField* field) {
  const Type& type = field->type;
  if (type.is_nested() && type.id() == wanted.type.id()) {
    std::vector<NestedField> children = type.fields();
    if (type.id() == TypeId::kStruct) {
      AddFields(wanted.type.fields(), evolution, &children);
      field->type = Type::Struct(std::move(children));
      return;
    }
    Widen(wanted.type.fields().back(), evolution, &children.back());
    field->type =
        type.id() == TypeId::kList ? Type::List(children[0]) : Type::Map(children[0], children[1]);
    return;
  }
  if (evolution != SchemaEvolution::kWiden) return;
  if (const std::optional<Type> wider = WiderPrimitive(type, wanted.type)) field->type = *wider;
}

void AddFields(const std::vector<NestedField>& wanted, SchemaEvolution evolution,
               std::vector<NestedField>* fields) {
  for (const NestedField& field : wanted) {
    const auto known = std::ranges::find(*fields, field.name, &NestedField::name);
    if (known == fields->end()) {
      fields->push_back(field);
    } else {
      Widen(field, evolution, &*known);
    }
  }
}

}  // namespace

const AvroSchema* ValueSchema(const AvroSchema& schema) {
  if (schema.kind != AvroKind::kUnion) return &schema;
  const AvroSchema* value = nullptr;
  for (const AvroSchema* branch : schema.branches) {
    if (branch->kind == AvroKind::kNull) continue;
    if (value != nullptr) return nullptr;
    value = branch;
  }
  return value;
}

std::optional<Type> TypeOfAvro(const AvroSchema& schema) { return TypeReader().TypeOf(schema, 0); }

void AddColumnsOf(const AvroSchema& record, SchemaEvolution evolution,
                  std::vector<NestedField>* fields) {
  const std::optional<Type> type = TypeOfAvro(record);
  if (type && type->id() == TypeId::kStruct) AddFields(type->fields(), evolution, fields);
}

}  // namespace iceframe
