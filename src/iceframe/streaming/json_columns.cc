// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/json_columns.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "iceframe/types/decimal_limits.h"

namespace iceframe {
namespace {

bool IsInteger(const Json& value) { return value.text().find_first_of(".eE") == std::string::npos; }

std::optional<Type> TypeOfNumber(const Json& value) {
  if (!IsInteger(value)) return Type::Double();
  return value.AsInt64().ok() ? std::optional(Type::Long()) : std::nullopt;
}

/// What values ask of columns. Fields are copied only where they change: an array may have very
/// many objects of very many fields.
class Widener {
 public:
  explicit Widener(SchemaEvolution evolution) : evolution_(evolution) {}

  /// The fields that take the members, nullopt if they are `fields`.
  std::optional<std::vector<NestedField>> WiderFields(const std::vector<NestedField>& fields,
                                                      const Json& object) const {
    std::optional<std::vector<NestedField>> changed;
    for (const auto& [key, value] : object.members()) {
      const std::vector<NestedField>& current = changed ? *changed : fields;
      const auto known = std::ranges::find(current, key, &NestedField::name);
      const auto index = static_cast<size_t>(known - current.begin());
      const bool is_new = known == current.end();
      const std::optional<Type> type = is_new ? TypeOfJson(value) : WiderType(*known, value);
      if (!type) continue;
      if (!changed) changed = fields;
      if (is_new) {
        changed->push_back(NestedField::Optional(0, key, *type));
      } else {
        (*changed)[index].type = *type;
      }
    }
    return changed;
  }

  /// The type that takes the field's values and this one, nullopt if it is the field's.
  std::optional<Type> WiderType(const NestedField& field, const Json& value) const {
    const Type& type = field.type;
    switch (type.id()) {
      case TypeId::kStruct: {
        std::optional<std::vector<NestedField>> fields = WiderFields(type.fields(), value);
        if (!fields) return std::nullopt;
        return Type::Struct(std::move(*fields));
      }
      case TypeId::kList: {
        std::optional<NestedField> element;
        for (const Json& item : value.items()) WidenItem(type.fields()[0], item, &element);
        if (!element) return std::nullopt;
        return Type::List(std::move(*element));
      }
      case TypeId::kMap: {
        std::optional<NestedField> entry;
        for (const auto& [key, item] : value.members()) WidenItem(type.fields()[1], item, &entry);
        if (!entry) return std::nullopt;
        return Type::Map(type.fields()[0], std::move(*entry));
      }
      default:
        return WiderPrimitive(field, value);
    }
  }

 private:
  void WidenItem(const NestedField& field, const Json& item,
                 std::optional<NestedField>* changed) const {
    const std::optional<Type> type = WiderType(*changed ? **changed : field, item);
    if (!type) return;
    if (!*changed) *changed = field;
    (*changed)->type = *type;
  }

  std::optional<Type> WiderPrimitive(const NestedField& field, const Json& value) const {
    const bool is_number = value.is_number();
    if (field.id == 0 && field.type.id() == TypeId::kLong && is_number && !IsInteger(value)) {
      return Type::Double();
    }
    if (evolution_ != SchemaEvolution::kWiden) return std::nullopt;
    if (field.type.id() == TypeId::kUnknown) return TypeOfJson(value);
    return is_number ? WiderNumber(field.type, value) : std::nullopt;
  }

  static std::optional<Type> WiderNumber(const Type& type, const Json& value) {
    switch (type.id()) {
      case TypeId::kInt:
        if (value.AsInt64().ok() && !value.AsInt32().ok()) return Type::Long();
        return std::nullopt;
      case TypeId::kFloat:
        if (NeedsDouble(value)) return Type::Double();
        return std::nullopt;
      case TypeId::kDecimal:
        return WiderDecimal(type, value);
      default:
        return std::nullopt;
    }
  }

  /// A fraction is rounded to the nearest float; a whole number is not.
  static bool NeedsDouble(const Json& value) {
    const Result<double> number = value.AsDouble();
    if (!number.ok() || !std::isfinite(*number)) return false;
    const auto narrow = static_cast<float>(*number);
    return !std::isfinite(narrow) || (IsInteger(value) && static_cast<double>(narrow) != *number);
  }

  static std::optional<Type> WiderDecimal(const Type& type, const Json& value) {
    const std::string& text = value.text();
    // Exponents are for floats: how many digits they make says nobody.
    if (text.find_first_of("eE") != std::string::npos) return std::nullopt;
    const size_t begin = text.front() == '-' ? 1 : 0;
    const auto num_digits =
        static_cast<int64_t>(std::min(text.find('.'), text.size()) - begin) + type.scale();
    if (num_digits <= type.precision() || num_digits > kMaxPrecision) return std::nullopt;
    const Result<Type> wider = Type::Decimal(static_cast<int32_t>(num_digits), type.scale());
    return wider.ok() ? std::optional(*wider) : std::nullopt;
  }

  SchemaEvolution evolution_;
};

std::optional<Type> TypeOfFields(const Json& object) {
  auto fields = Widener(SchemaEvolution::kAddColumns).WiderFields({}, object);
  if (!fields) return std::nullopt;
  return Type::Struct(std::move(*fields));
}

/// Items may tell one another's fields: the element is what all of them together make.
std::optional<Type> TypeOfItems(const Json& array) {
  const Widener widener(SchemaEvolution::kAddColumns);
  NestedField element = NestedField::Optional(0, "element", Type::Unknown());
  for (const Json& item : array.items()) {
    const bool is_known = element.type.id() != TypeId::kUnknown;
    const auto type = is_known ? widener.WiderType(element, item) : TypeOfJson(item);
    if (type) element.type = *type;
  }
  if (element.type.id() == TypeId::kUnknown) return std::nullopt;
  return Type::List(std::move(element));
}

}  // namespace

std::optional<Type> TypeOfJson(const Json& value) {
  switch (value.kind()) {
    case Json::Kind::kNull:
      return std::nullopt;
    case Json::Kind::kBool:
      return Type::Boolean();
    case Json::Kind::kNumber:
      return TypeOfNumber(value);
    case Json::Kind::kString:
      return Type::String();
    case Json::Kind::kArray:
      return TypeOfItems(value);
    case Json::Kind::kObject:
      return TypeOfFields(value);
  }
  return std::nullopt;
}

void AddColumnsOf(const Json& object, SchemaEvolution evolution, std::vector<NestedField>* fields) {
  if (auto wider = Widener(evolution).WiderFields(*fields, object)) *fields = std::move(*wider);
}

}  // namespace iceframe
