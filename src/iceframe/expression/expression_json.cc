// SPDX-License-Identifier: Apache-2.0
// Trees and values as tagged JSON; whatever is read may be hostile.
#include "iceframe/expression/expression_json.h"

#include <array>
#include <bit>
#include <charconv>

#include "iceframe/base/utf8.h"
#include "iceframe/types/schema_json.h"

namespace iceframe {
namespace {

constexpr int kMaxJsonDepth = 40;

std::string ToHex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    hex.push_back(kDigits[static_cast<unsigned char>(byte) >> 4]);
    hex.push_back(kDigits[static_cast<unsigned char>(byte) & 15]);
  }
  return hex;
}

Result<std::string> FromHex(std::string_view hex) {
  if (hex.size() % 2 != 0) return Error(ErrorKind::kInvalidArgument, "hex text has an odd length");
  std::string bytes(hex.size() / 2, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) {
    unsigned int byte = 0;
    const char* const begin = hex.data() + i * 2;
    const auto result = std::from_chars(begin, begin + 2, byte, 16);
    if (result.ec != std::errc() || result.ptr != begin + 2) {
      return Error(ErrorKind::kInvalidArgument, "hex text has a character that is no digit");
    }
    bytes[i] = static_cast<char>(byte);
  }
  return bytes;
}

/// Fixed-width numbers as their bytes, most significant first.
template <typename Unsigned>
std::string BitsToHex(Unsigned bits) {
  std::string bytes(sizeof(bits), '\0');
  for (size_t i = 0; i < sizeof(bits); ++i) {
    bytes[sizeof(bits) - 1 - i] = static_cast<char>((bits >> (i * 8)) & 0xFF);
  }
  return ToHex(bytes);
}

template <typename Unsigned>
Result<Unsigned> BitsFromHex(std::string_view hex) {
  ICEFRAME_ASSIGN_OR_RETURN(const std::string bytes, FromHex(hex));
  if (bytes.size() != sizeof(Unsigned)) {
    return Error(ErrorKind::kInvalidArgument, "number in hex has the wrong length: ", hex.size());
  }
  Unsigned bits = 0;
  for (const char byte : bytes) {
    bits = static_cast<Unsigned>((bits << 8) | static_cast<unsigned char>(byte));
  }
  return bits;
}

Json Tagged(std::string tag, Json value) {
  Json json = Json::Object();
  json.Add(std::move(tag), std::move(value));
  return json;
}

// The node's name and what it holds beside its operands.
struct NodeWriter {
  Json* json;

  void Name(const char* name) const { json->Add("node", Json::String(name)); }
  void Negated(bool negated) const {
    if (negated) json->Add("negated", Json::Bool(true));
  }
  void operator()(const ColumnNode& node) const {
    Name("column");
    json->Add("name", TextToJson(node.name));
    json->Add("id", Json::Int(node.field_id));
  }
  void operator()(const LiteralNode& node) const {
    Name("literal");
    json->Add("value", TaggedValueToJson(node.value));
  }
  void operator()(const ComparisonNode& node) const {
    Name("comparison");
    json->Add("op", Json::Int(static_cast<int64_t>(node.op)));
  }
  void operator()(const InNode& node) const {
    Name("in");
    Json values = Json::Array();
    for (const Value& value : node.values) values.Append(TaggedValueToJson(value));
    json->Add("values", std::move(values));
    json->Add("value_type", TypeToJson(node.value_type));
    Negated(node.negated);
  }
  void operator()(const IsNullNode& node) const {
    Name("is_null");
    Negated(node.negated);
  }
  void operator()(const IsNaNNode& node) const {
    Name("is_nan");
    Negated(node.negated);
  }
  void operator()(const StartsWithNode& node) const {
    Name("starts_with");
    json->Add("prefix", TextToJson(node.prefix));
    Negated(node.negated);
  }
  void operator()(const LikeNode& node) const {
    Name("like");
    json->Add("pattern", TextToJson(node.pattern));
    if (node.case_insensitive) json->Add("case_insensitive", Json::Bool(true));
    Negated(node.negated);
  }
  void operator()(const AndNode&) const { Name("and"); }
  void operator()(const OrNode&) const { Name("or"); }
  void operator()(const NotNode&) const { Name("not"); }
  void operator()(const ArithmeticNode& node) const {
    Name("arithmetic");
    json->Add("op", Json::Int(static_cast<int64_t>(node.op)));
  }
  void operator()(const CastNode& node) const {
    Name("cast");
    json->Add("target", TypeToJson(node.target));
  }
  void operator()(const FunctionNode& node) const {
    Name("function");
    json->Add("name", TextToJson(node.name));
  }
  void operator()(const AliasNode& node) const {
    Name("alias");
    json->Add("name", TextToJson(node.name));
  }
  void operator()(const CaseNode&) const { Name("case"); }
  void operator()(const WindowNode& node) const {
    Name("window");
    json->Add("partition_keys", Json::Int(static_cast<int64_t>(node.num_partition_keys)));
    Json directions = Json::Array();
    for (const KeyDirection& direction : node.directions) {
      directions.Append(Json::Int((direction.descending ? 1 : 0) + (direction.nulls_last ? 2 : 0)));
    }
    json->Add("directions", std::move(directions));
  }
};

Result<Json> WriteTree(const Expression& expression, int depth) {
  if (depth > kMaxJsonDepth) {
    return Error(ErrorKind::kInvalidArgument,
                 "expression is nested too deep to be sent: more than ", kMaxJsonDepth, " levels");
  }
  Json json = Json::Object();
  std::visit(NodeWriter{&json}, expression.node());
  json.Add("type", TypeToJson(expression.type()));
  if (expression.is_bound()) json.Add("bound", Json::Bool(true));
  if (!expression.operands().empty()) {
    Json operands = Json::Array();
    for (const Expression& operand : expression.operands()) {
      ICEFRAME_ASSIGN_OR_RETURN(Json written, WriteTree(operand, depth + 1));
      operands.Append(std::move(written));
    }
    json.Add("operands", std::move(operands));
  }
  return json;
}

/// Reads the members of one node; the first error wins.
class NodeReader {
 public:
  NodeReader(const Json& json, std::vector<Expression> operands)
      : json_(json), operands_(std::move(operands)) {}

  Result<ExpressionNode> Read();

 private:
  Status Expect(size_t count) const {
    if (operands_.size() == count) return Status::OK();
    return Error(ErrorKind::kInvalidArgument,
                 "expression node has a wrong number of operands: ", operands_.size());
  }
  Result<std::string> Text(std::string_view key) const {
    ICEFRAME_ASSIGN_OR_RETURN(const Json* member, json_.Get(key));
    return TextFromJson(*member);
  }
  Result<Type> TypeOf(std::string_view key) const {
    ICEFRAME_ASSIGN_OR_RETURN(const Json* member, json_.Get(key));
    return TypeFromJson(*member);
  }
  Result<bool> Flag(std::string_view key) const {
    const Json* member = json_.Find(key);
    return member == nullptr ? Result<bool>(false) : member->AsBool();
  }
  template <typename Op>
  Result<Op> Operator(Op last) const {
    ICEFRAME_ASSIGN_OR_RETURN(const Json* member, json_.Get("op"));
    ICEFRAME_ASSIGN_OR_RETURN(const int32_t op, member->AsInt32());
    if (op < 0 || op > static_cast<int32_t>(last)) {
      return Error(ErrorKind::kInvalidArgument, "expression operator is unknown: ", op);
    }
    return static_cast<Op>(op);
  }
  Result<ExpressionNode> Predicate(std::string_view name);
  Result<ExpressionNode> Scalar(std::string_view name);
  Result<ExpressionNode> Window();

  const Json& json_;
  std::vector<Expression> operands_;
};

Result<ExpressionNode> NodeReader::Read() {
  ICEFRAME_ASSIGN_OR_RETURN(const std::string name, Text("node"));
  if (name == "and") return AndNode{std::move(operands_)};
  if (name == "or") return OrNode{std::move(operands_)};
  if (name == "column" || name == "literal") {
    ICEFRAME_RETURN_NOT_OK(Expect(0));
    if (name == "literal") {
      const Json* value = json_.Find("value");
      if (value == nullptr) return LiteralNode{};
      ICEFRAME_ASSIGN_OR_RETURN(Value read, TaggedValueFromJson(*value));
      return LiteralNode{std::move(read)};
    }
    ICEFRAME_ASSIGN_OR_RETURN(std::string column, Text("name"));
    ICEFRAME_ASSIGN_OR_RETURN(const Json* id, json_.Get("id"));
    ICEFRAME_ASSIGN_OR_RETURN(const int32_t field_id, id->AsInt32());
    return ColumnNode{std::move(column), field_id};
  }
  if (name == "in" || name == "is_null" || name == "is_nan" || name == "starts_with" ||
      name == "like" || name == "not") {
    ICEFRAME_RETURN_NOT_OK(Expect(1));
    return Predicate(name);
  }
  return Scalar(name);
}

Result<ExpressionNode> NodeReader::Predicate(std::string_view name) {
  ICEFRAME_ASSIGN_OR_RETURN(const bool negated, Flag("negated"));
  if (name == "not") return NotNode{std::move(operands_)};
  if (name == "is_null") return IsNullNode{std::move(operands_), negated};
  if (name == "is_nan") return IsNaNNode{std::move(operands_), negated};
  if (name == "starts_with") {
    ICEFRAME_ASSIGN_OR_RETURN(std::string prefix, Text("prefix"));
    return StartsWithNode{std::move(operands_), std::move(prefix), negated};
  }
  if (name == "like") {
    ICEFRAME_ASSIGN_OR_RETURN(std::string pattern, Text("pattern"));
    ICEFRAME_ASSIGN_OR_RETURN(const bool case_insensitive, Flag("case_insensitive"));
    return LikeNode{std::move(operands_), std::move(pattern), negated, case_insensitive};
  }
  ICEFRAME_ASSIGN_OR_RETURN(Type value_type, TypeOf("value_type"));
  ICEFRAME_ASSIGN_OR_RETURN(const Json* items, json_.Get("values"));
  std::vector<Value> values;
  values.reserve(items->items().size());
  for (const Json& item : items->items()) {
    ICEFRAME_ASSIGN_OR_RETURN(Value value, TaggedValueFromJson(item));
    if (!Fits(value_type, value)) {
      return Error(ErrorKind::kInvalidArgument,
                   "list value is not of the list's type: ", value_type.ToString());
    }
    values.push_back(std::move(value));
  }
  return InNode{std::move(operands_), std::move(values), std::move(value_type), negated};
}

Result<ExpressionNode> NodeReader::Scalar(std::string_view name) {
  if (name == "comparison") {
    ICEFRAME_RETURN_NOT_OK(Expect(2));
    ICEFRAME_ASSIGN_OR_RETURN(const auto op, Operator(ComparisonOp::kGreaterEqual));
    return ComparisonNode{op, std::move(operands_)};
  }
  if (name == "arithmetic") {
    ICEFRAME_RETURN_NOT_OK(Expect(2));
    ICEFRAME_ASSIGN_OR_RETURN(const auto op, Operator(ArithmeticOp::kModulo));
    return ArithmeticNode{op, std::move(operands_)};
  }
  if (name == "cast") {
    ICEFRAME_RETURN_NOT_OK(Expect(1));
    ICEFRAME_ASSIGN_OR_RETURN(Type target, TypeOf("target"));
    return CastNode{std::move(operands_), std::move(target)};
  }
  if (name == "case") {
    if (operands_.size() < 3 || operands_.size() % 2 == 0) return Expect(3);
    return CaseNode{std::move(operands_)};
  }
  if (name == "window") return Window();
  if (name == "function" || name == "alias") {
    ICEFRAME_ASSIGN_OR_RETURN(std::string text, Text("name"));
    if (name == "function") return FunctionNode{std::move(text), std::move(operands_)};
    ICEFRAME_RETURN_NOT_OK(Expect(1));
    return AliasNode{std::move(operands_), std::move(text)};
  }
  return Error(ErrorKind::kInvalidArgument, "expression node is unknown: ", name);
}

Result<ExpressionNode> NodeReader::Window() {
  ICEFRAME_ASSIGN_OR_RETURN(const Json* partition_keys, json_.Get("partition_keys"));
  ICEFRAME_ASSIGN_OR_RETURN(const int32_t num_partition_keys, partition_keys->AsInt32());
  ICEFRAME_ASSIGN_OR_RETURN(const Json* items, json_.Get("directions"));
  std::vector<KeyDirection> directions;
  for (const Json& item : items->items()) {
    ICEFRAME_ASSIGN_OR_RETURN(const int32_t bits, item.AsInt32());
    directions.push_back({(bits & 1) != 0, (bits & 2) != 0});
  }
  if (num_partition_keys < 0 ||
      static_cast<size_t>(num_partition_keys) + directions.size() + 1 != operands_.size() ||
      operands_[0].as<FunctionNode>() == nullptr) {
    return Error(ErrorKind::kInvalidArgument,
                 "window has other keys than it says: ", operands_.size(), " operands");
  }
  return WindowNode{std::move(operands_), static_cast<size_t>(num_partition_keys),
                    std::move(directions)};
}

Result<Expression> ReadTree(const Json& json, int depth) {
  if (depth > kMaxJsonDepth) {
    return Error(ErrorKind::kInvalidArgument, "expression is nested too deep");
  }
  std::vector<Expression> operands;
  if (const Json* items = json.Find("operands")) {
    operands.reserve(items->items().size());
    for (const Json& item : items->items()) {
      ICEFRAME_ASSIGN_OR_RETURN(Expression operand, ReadTree(item, depth + 1));
      operands.push_back(std::move(operand));
    }
  }
  ICEFRAME_ASSIGN_OR_RETURN(const Json* type_json, json.Get("type"));
  ICEFRAME_ASSIGN_OR_RETURN(Type type, TypeFromJson(*type_json));
  bool is_bound = false;
  if (const Json* bound = json.Find("bound")) {
    ICEFRAME_ASSIGN_OR_RETURN(is_bound, bound->AsBool());
  }
  ICEFRAME_ASSIGN_OR_RETURN(ExpressionNode node, NodeReader(json, std::move(operands)).Read());
  const auto* literal = std::get_if<LiteralNode>(&node);
  if (literal != nullptr && !Fits(type, literal->value)) {
    return Error(ErrorKind::kInvalidArgument, "literal is not of its type: ", type.ToString());
  }
  return Expression(std::move(node), std::move(type), is_bound);
}

}  // namespace

Result<Json> ExpressionToJson(const Expression& expression) { return WriteTree(expression, 0); }

Result<Expression> ExpressionFromJson(const Json& json) { return ReadTree(json, 0); }

Json TaggedValueToJson(const Value& value) {
  if (value.is_null()) return Json::Null();
  if (value.holds<bool>()) return Tagged("bool", Json::Bool(value.get<bool>()));
  if (value.holds<int32_t>()) return Tagged("int", Json::Int(value.get<int32_t>()));
  if (value.holds<int64_t>()) return Tagged("long", Json::Int(value.get<int64_t>()));
  if (value.holds<float>()) {
    return Tagged("float", Json::String(BitsToHex(std::bit_cast<uint32_t>(value.get<float>()))));
  }
  if (value.holds<double>()) {
    return Tagged("double", Json::String(BitsToHex(std::bit_cast<uint64_t>(value.get<double>()))));
  }
  if (value.holds<std::string>()) {
    const std::string& text = value.get<std::string>();
    return IsUtf8(text) ? Tagged("string", Json::String(text))
                        : Tagged("bytes", Json::String(ToHex(text)));
  }
  if (value.holds<arrow::Decimal128>()) {
    const auto& decimal = value.get<arrow::Decimal128>();
    return Tagged("decimal", Json::String(BitsToHex(static_cast<uint64_t>(decimal.high_bits())) +
                                          BitsToHex(decimal.low_bits())));
  }
  Json items = Json::Array();
  for (const Value& item : value.nested()) items.Append(TaggedValueToJson(item));
  return Tagged("nested", std::move(items));
}

Result<Value> TaggedValueFromJson(const Json& json) {
  if (json.is_null()) return Value::Null();
  if (json.members().size() != 1) {
    return Error(ErrorKind::kInvalidArgument, "value must be an object with one member");
  }
  const auto& [tag, content] = json.members().front();
  if (tag == "bool") {
    ICEFRAME_ASSIGN_OR_RETURN(const bool value, content.AsBool());
    return Value(value);
  }
  if (tag == "int") {
    ICEFRAME_ASSIGN_OR_RETURN(const int32_t value, content.AsInt32());
    return Value(value);
  }
  if (tag == "long") {
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t value, content.AsInt64());
    return Value(value);
  }
  if (tag == "nested") {
    Value::Nested items;
    for (const Json& item : content.items()) {
      ICEFRAME_ASSIGN_OR_RETURN(Value value, TaggedValueFromJson(item));
      items.push_back(std::move(value));
    }
    return Value::FromNested(std::move(items));
  }
  ICEFRAME_ASSIGN_OR_RETURN(std::string text, content.AsString());
  if (tag == "string") return Value(std::move(text));
  if (tag == "bytes") {
    ICEFRAME_ASSIGN_OR_RETURN(std::string bytes, FromHex(text));
    return Value(std::move(bytes));
  }
  if (tag == "float") {
    ICEFRAME_ASSIGN_OR_RETURN(const auto bits, BitsFromHex<uint32_t>(text));
    return Value(std::bit_cast<float>(bits));
  }
  if (tag == "double") {
    ICEFRAME_ASSIGN_OR_RETURN(const auto bits, BitsFromHex<uint64_t>(text));
    return Value(std::bit_cast<double>(bits));
  }
  if (tag == "decimal" && text.size() == 32) {
    ICEFRAME_ASSIGN_OR_RETURN(const auto high, BitsFromHex<uint64_t>(text.substr(0, 16)));
    ICEFRAME_ASSIGN_OR_RETURN(const auto low, BitsFromHex<uint64_t>(text.substr(16)));
    return Value(arrow::Decimal128(static_cast<int64_t>(high), low));
  }
  return Error(ErrorKind::kInvalidArgument, "value has an unknown tag: ", tag);
}

Json TextToJson(std::string_view text) {
  if (IsUtf8(text)) return Json::String(std::string(text));
  return Tagged("hex", Json::String(ToHex(text)));
}

Result<std::string> TextFromJson(const Json& json) {
  if (json.is_string()) return json.text();
  ICEFRAME_ASSIGN_OR_RETURN(const Json* hex, json.Get("hex"));
  ICEFRAME_ASSIGN_OR_RETURN(const std::string text, hex->AsString());
  return FromHex(text);
}

}  // namespace iceframe
