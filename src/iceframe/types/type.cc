// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/type.h"

#include <array>
#include <charconv>
#include <utility>

#include "iceframe/base/ascii.h"

namespace iceframe {

struct Type::Parameters {
  std::string crs;
  std::string algorithm;
  std::vector<NestedField> fields;

  bool operator==(const Parameters&) const = default;
};

namespace {

constexpr std::string_view kDefaultCrs = "OGC:CRS84";
constexpr int32_t kMaxDecimalPrecision = 38;

struct PrimitiveName {
  std::string_view name;
  TypeId id;
};

// The types whose spelling is their name alone.
constexpr std::array<PrimitiveName, 16> kPlainNames = {{
    {"boolean", TypeId::kBoolean},
    {"int", TypeId::kInt},
    {"long", TypeId::kLong},
    {"float", TypeId::kFloat},
    {"double", TypeId::kDouble},
    {"date", TypeId::kDate},
    {"time", TypeId::kTime},
    {"timestamp", TypeId::kTimestamp},
    {"timestamptz", TypeId::kTimestamptz},
    {"timestamp_ns", TypeId::kTimestampNs},
    {"timestamptz_ns", TypeId::kTimestamptzNs},
    {"string", TypeId::kString},
    {"uuid", TypeId::kUuid},
    {"binary", TypeId::kBinary},
    {"unknown", TypeId::kUnknown},
    {"variant", TypeId::kVariant},
}};

// Some writers quote what the spec leaves bare: geometry('srid:4326').
std::string_view Unquoted(std::string_view text) {
  text = Trim(text);
  const bool quoted = text.size() >= 2 && text.front() == text.back() &&
                      (text.front() == '\'' || text.front() == '"');
  return quoted ? Trim(text.substr(1, text.size() - 2)) : text;
}

std::optional<int32_t> ParseNumber(std::string_view text) {
  text = Trim(text);
  int32_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

Status NotAType(std::string_view text) {
  return Error(ErrorKind::kInvalidArgument, "not an Iceberg primitive type: ", text);
}

// "name(first, second)" cut apart; `arguments` has no value where nothing is in brackets.
struct Spelling {
  std::string name;
  std::optional<std::string_view> arguments;
};

std::optional<Spelling> CutSpelling(std::string_view text) {
  const size_t open = text.find_first_of("([");
  if (open == std::string_view::npos) return Spelling{AsciiLower(Trim(text)), std::nullopt};
  const char close = text[open] == '(' ? ')' : ']';
  if (text.back() != close) return std::nullopt;
  Spelling spelling{AsciiLower(Trim(text.substr(0, open))),
                    text.substr(open + 1, text.size() - open - 2)};
  const bool wants_square = spelling.name == "fixed";
  if (wants_square != (close == ']')) return std::nullopt;
  return spelling;
}

Result<Type> ParseDecimal(std::string_view text, std::string_view arguments) {
  const size_t comma = arguments.find(',');
  if (comma == std::string_view::npos) return NotAType(text);
  const std::optional<int32_t> precision = ParseNumber(arguments.substr(0, comma));
  const std::optional<int32_t> scale = ParseNumber(arguments.substr(comma + 1));
  if (!precision || !scale) return NotAType(text);
  return Type::Decimal(*precision, *scale);
}

Result<Type> ParseGeography(std::string_view text, std::string_view arguments) {
  const size_t comma = arguments.find(',');
  const std::string_view crs = Unquoted(arguments.substr(0, comma));
  if (comma == std::string_view::npos) return Type::Geography(std::string(crs));
  const std::string algorithm = AsciiLower(Unquoted(arguments.substr(comma + 1)));
  for (const char* known : {"spherical", "vincenty", "thomas", "andoyer", "karney"}) {
    if (algorithm == known) return Type::Geography(std::string(crs), algorithm);
  }
  return NotAType(text);
}

}  // namespace

Result<Type> Type::Decimal(int32_t precision, int32_t scale) {
  if (precision < 1 || precision > kMaxDecimalPrecision || scale < 0 || scale > precision) {
    return Error(ErrorKind::kInvalidArgument,
                 "decimal needs a precision of 1 to 38 and a scale of 0 to the precision: decimal(",
                 precision, ", ", scale, ")");
  }
  Type type(TypeId::kDecimal);
  type.precision_ = precision;
  type.scale_ = scale;
  return type;
}

Result<Type> Type::Fixed(int32_t length) {
  if (length < 0) {
    return Error(ErrorKind::kInvalidArgument, "fixed needs a length of 0 or more: ", length);
  }
  Type type(TypeId::kFixed);
  type.length_ = length;
  return type;
}

Type Type::Geometry(std::string crs) {
  Type type(TypeId::kGeometry);
  if (AsciiLower(crs) == AsciiLower(kDefaultCrs)) crs.clear();
  type.parameters_ = std::make_shared<const Parameters>(Parameters{std::move(crs), "", {}});
  return type;
}

Type Type::Geography(std::string crs, std::string algorithm) {
  Type type(TypeId::kGeography);
  if (AsciiLower(crs) == AsciiLower(kDefaultCrs)) crs.clear();
  type.parameters_ =
      std::make_shared<const Parameters>(Parameters{std::move(crs), std::move(algorithm), {}});
  return type;
}

Type Type::Struct(std::vector<NestedField> fields) {
  Type type(TypeId::kStruct);
  type.parameters_ = std::make_shared<const Parameters>(Parameters{"", "", std::move(fields)});
  return type;
}

Type Type::List(NestedField element) {
  Type type(TypeId::kList);
  element.name = "element";
  type.parameters_ = std::make_shared<const Parameters>(Parameters{"", "", {std::move(element)}});
  return type;
}

Type Type::Map(NestedField key, NestedField value) {
  Type type(TypeId::kMap);
  key.name = "key";
  key.required = true;
  value.name = "value";
  type.parameters_ =
      std::make_shared<const Parameters>(Parameters{"", "", {std::move(key), std::move(value)}});
  return type;
}

Result<Type> Type::ParsePrimitive(std::string_view text) {
  const std::string_view trimmed = Trim(text);
  if (trimmed.empty()) return NotAType(text);
  const std::optional<Spelling> spelling = CutSpelling(trimmed);
  if (!spelling) return NotAType(text);
  if (!spelling->arguments) {
    for (const PrimitiveName& plain : kPlainNames) {
      if (spelling->name == plain.name) return Type(plain.id);
    }
    if (spelling->name == "geometry") return Geometry();
    if (spelling->name == "geography") return Geography();
    return NotAType(text);
  }
  if (spelling->name == "decimal") return ParseDecimal(text, *spelling->arguments);
  if (spelling->name == "fixed") {
    const std::optional<int32_t> length = ParseNumber(*spelling->arguments);
    if (!length) return NotAType(text);
    return Fixed(*length);
  }
  if (spelling->name == "geometry") return Geometry(std::string(Unquoted(*spelling->arguments)));
  if (spelling->name == "geography") return ParseGeography(text, *spelling->arguments);
  return NotAType(text);
}

const std::string& Type::crs() const {
  static const std::string kEmpty;
  return parameters_ == nullptr ? kEmpty : parameters_->crs;
}

const std::string& Type::algorithm() const {
  static const std::string kEmpty;
  return parameters_ == nullptr ? kEmpty : parameters_->algorithm;
}

const std::vector<NestedField>& Type::fields() const {
  static const std::vector<NestedField> kEmpty;
  return parameters_ == nullptr ? kEmpty : parameters_->fields;
}

namespace {

std::string FieldToString(const NestedField& field) {
  std::string text = std::to_string(field.id) + ": " + field.name + ": " +
                     (field.required ? "required " : "optional ") + field.type.ToString();
  if (!field.doc.empty()) text += " (" + field.doc + ")";
  return text;
}

std::string GeographyToString(const Type& type) {
  if (!type.algorithm().empty()) {
    const std::string crs = type.crs().empty() ? std::string(kDefaultCrs) : type.crs();
    return "geography(" + crs + ", " + type.algorithm() + ")";
  }
  return type.crs().empty() ? "geography" : "geography(" + type.crs() + ")";
}

}  // namespace

std::string Type::ToString() const {
  for (const PrimitiveName& plain : kPlainNames) {
    if (id_ == plain.id) return std::string(plain.name);
  }
  switch (id_) {
    case TypeId::kDecimal:
      return "decimal(" + std::to_string(precision_) + ", " + std::to_string(scale_) + ")";
    case TypeId::kFixed:
      return "fixed[" + std::to_string(length_) + "]";
    case TypeId::kGeometry:
      return crs().empty() ? "geometry" : "geometry(" + crs() + ")";
    case TypeId::kGeography:
      return GeographyToString(*this);
    case TypeId::kStruct: {
      std::string text = "struct<";
      for (const NestedField& field : fields()) {
        if (text.size() > 7) text += ", ";
        text += FieldToString(field);
      }
      return text + ">";
    }
    case TypeId::kList:
      return "list<" + fields()[0].type.ToString() + ">";
    case TypeId::kMap:
      return "map<" + fields()[0].type.ToString() + ", " + fields()[1].type.ToString() + ">";
    case TypeId::kBoolean:
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kFloat:
    case TypeId::kDouble:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
    case TypeId::kString:
    case TypeId::kUuid:
    case TypeId::kBinary:
    case TypeId::kUnknown:
    case TypeId::kVariant:
      break;
  }
  return {};
}

bool Type::operator==(const Type& other) const {
  if (id_ != other.id_ || precision_ != other.precision_ || scale_ != other.scale_ ||
      length_ != other.length_) {
    return false;
  }
  if (parameters_ == other.parameters_) return true;
  return parameters_ != nullptr && other.parameters_ != nullptr &&
         *parameters_ == *other.parameters_;
}

NestedField NestedField::Required(FieldId id, std::string name, Type type, std::string doc) {
  return NestedField{id, std::move(name), std::move(type), true, std::move(doc), {}, {}};
}

NestedField NestedField::Optional(FieldId id, std::string name, Type type, std::string doc) {
  return NestedField{id, std::move(name), std::move(type), false, std::move(doc), {}, {}};
}

bool IsPromotionAllowed(const Type& from, const Type& to, int32_t format_version) {
  if (from.is_primitive() && from == to) return true;
  switch (from.id()) {
    case TypeId::kInt:
      return to.id() == TypeId::kLong;
    case TypeId::kFloat:
      return to.id() == TypeId::kDouble;
    case TypeId::kDecimal:
      return to.id() == TypeId::kDecimal && to.scale() == from.scale() &&
             to.precision() >= from.precision();
    case TypeId::kDate:
      return format_version >= 3 &&
             (to.id() == TypeId::kTimestamp || to.id() == TypeId::kTimestampNs);
    case TypeId::kUnknown:
      return format_version >= 3;
    case TypeId::kBoolean:
    case TypeId::kLong:
    case TypeId::kDouble:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
    case TypeId::kString:
    case TypeId::kUuid:
    case TypeId::kFixed:
    case TypeId::kBinary:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      return false;
  }
  return false;
}

}  // namespace iceframe
