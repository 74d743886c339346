// SPDX-License-Identifier: Apache-2.0
// The text form of a tree: what ParseExpression reads back as an equal one.
#include <algorithm>
#include <cmath>
#include <optional>

#include "iceframe/expression/expression.h"
#include "iceframe/expression/literal_text.h"
#include "iceframe/expression/parse_expression_internal.h"
#include "iceframe/expression/redacted_text.h"

namespace iceframe {

namespace {

/// Deeper trees can't be parsed anyway; printing them would exhaust the stack.
constexpr int32_t kMaxPrintedDepth = 5000;

constexpr std::string_view kRedacted = "?";

void AppendQuoted(std::string_view text, char quote, std::string* out) {
  *out += quote;
  for (const char c : text) {
    if (c == quote) *out += c;
    *out += c;
  }
  *out += quote;
}

void AppendIdentifierPart(std::string_view part, std::string* out) {
  if (IsPlainIdentifier(part)) {
    *out += part;
  } else {
    AppendQuoted(part, '"', out);
  }
}

/// Dots separate the parts of a name; a part that is no plain identifier is quoted.
void AppendColumn(const std::string& name, std::string* out) {
  size_t start = 0;
  while (true) {
    const size_t dot = name.find('.', start);
    AppendIdentifierPart(std::string_view(name).substr(
                             start, dot == std::string::npos ? std::string::npos : dot - start),
                         out);
    if (dot == std::string::npos) return;
    *out += '.';
    start = dot + 1;
  }
}

std::string UpperTypeName(const Type& type) {
  std::string name = type.ToString();
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == '[') c = '(';
    if (c == ']') c = ')';
  }
  return name;
}

/// The spelling that needs no type in front, where the parser would give it the same type.
std::optional<std::string> NaturalLiteral(const Type& type, const Value& value) {
  switch (type.id()) {
    case TypeId::kUnknown:
      return "NULL";
    case TypeId::kBoolean:
      return value.get<bool>() ? "TRUE" : "FALSE";
    case TypeId::kInt:
      return std::to_string(value.get<int32_t>());
    case TypeId::kLong: {
      const int64_t number = value.get<int64_t>();
      if (number >= INT32_MIN && number <= INT32_MAX) return std::nullopt;
      return std::to_string(number);
    }
    case TypeId::kDouble: {
      if (!std::isfinite(value.get<double>())) return std::nullopt;
      std::string text = FormatLiteralText(type, value);
      return text.find('e') == std::string::npos ? text + "e0" : text;
    }
    case TypeId::kDecimal: {
      std::string text = FormatLiteralText(type, value);
      const TypedValue natural = DecimalLiteralOf(text);
      if (type.scale() == 0 || !(natural.type == type)) return std::nullopt;
      return text;
    }
    case TypeId::kString: {
      std::string text;
      AppendQuoted(value.get<std::string>(), '\'', &text);
      return text;
    }
    case TypeId::kBinary: {
      std::string text = "x";
      AppendQuoted(FormatLiteralText(type, value), '\'', &text);
      return text;
    }
    default:
      return std::nullopt;
  }
}

void AppendTypedLiteral(const Type& type, const Value& value, std::string* out) {
  if (value.is_null()) {
    *out += type.id() == TypeId::kUnknown ? "NULL" : UpperTypeName(type) + " NULL";
    return;
  }
  *out += UpperTypeName(type) + " ";
  AppendQuoted(FormatLiteralText(type, value), '\'', out);
}

void AppendLiteral(const Type& type, const Value& value, std::string* out) {
  std::optional<std::string> natural;
  if (!value.is_null()) natural = NaturalLiteral(type, value);
  if (natural) {
    *out += *natural;
  } else {
    AppendTypedLiteral(type, value, out);
  }
}

const char* Spelling(ComparisonOp op) {
  switch (op) {
    case ComparisonOp::kEqual:
      return " = ";
    case ComparisonOp::kNotEqual:
      return " <> ";
    case ComparisonOp::kLess:
      return " < ";
    case ComparisonOp::kLessEqual:
      return " <= ";
    case ComparisonOp::kGreater:
      return " > ";
    case ComparisonOp::kGreaterEqual:
      return " >= ";
  }
  return " = ";
}

const char* Spelling(ArithmeticOp op) {
  switch (op) {
    case ArithmeticOp::kAdd:
      return " + ";
    case ArithmeticOp::kSubtract:
      return " - ";
    case ArithmeticOp::kMultiply:
      return " * ";
    case ArithmeticOp::kDivide:
      return " / ";
    case ArithmeticOp::kModulo:
      return " % ";
  }
  return " + ";
}

/// How tightly the text of a node holds together: the parser's binding powers.
int PowerOf(const ExpressionNode& node) {
  if (std::holds_alternative<OrNode>(node)) return kPowerOr;
  if (std::holds_alternative<AndNode>(node)) return kPowerAnd;
  if (std::holds_alternative<NotNode>(node)) return kPowerNot;
  if (std::holds_alternative<IsNullNode>(node) || std::holds_alternative<IsNaNNode>(node)) {
    return kPowerIs;
  }
  if (std::holds_alternative<ComparisonNode>(node)) return kPowerComparison;
  if (std::holds_alternative<InNode>(node) || std::holds_alternative<LikeNode>(node) ||
      std::holds_alternative<StartsWithNode>(node)) {
    return kPowerMatch;
  }
  if (const auto* arithmetic = std::get_if<ArithmeticNode>(&node)) {
    const bool additive =
        arithmetic->op == ArithmeticOp::kAdd || arithmetic->op == ArithmeticOp::kSubtract;
    return additive ? kPowerAdditive : kPowerMultiplicative;
  }
  if (const auto* function = std::get_if<FunctionNode>(&node)) {
    if (function->name == kConcatSymbol && function->operands.size() == 2) return kPowerConcat;
  }
  if (std::holds_alternative<AliasNode>(node)) return kPowerAlias;
  return kPowerPrimary;
}

/// Nulls come last unless NULLS FIRST is written.
void AppendDirection(const KeyDirection& direction, std::string* out) {
  if (direction.descending) *out += " DESC";
  if (!direction.nulls_last) *out += " NULLS FIRST";
}

class Printer {
 public:
  explicit Printer(std::string* out, bool is_redacted = false)
      : out_(out), is_redacted_(is_redacted) {}

  void Print(const Expression& e) {
    std::visit([&](const auto& node) { PrintNode(node, e); }, e.node());
  }

 private:
  /// Parentheses go around whatever holds less tightly than `power`.
  void PrintOperand(const Expression& operand, int power) {
    const bool parentheses = PowerOf(operand.node()) < power;
    if (parentheses) *out_ += '(';
    Print(operand);
    if (parentheses) *out_ += ')';
  }
  void PrintJoined(const std::vector<Expression>& operands, const char* separator, int power) {
    for (size_t i = 0; i < operands.size(); ++i) {
      if (i > 0) *out_ += separator;
      PrintOperand(operands[i], power);
    }
  }

  /// A name that is one part.
  void PrintName(const std::string& name) {
    if (is_redacted_) {
      *out_ += RedactedName(name);
    } else {
      AppendIdentifierPart(name, out_);
    }
  }
  void PrintText(const std::string& text) {
    if (is_redacted_) {
      *out_ += kRedacted;
    } else {
      AppendQuoted(text, '\'', out_);
    }
  }

  void PrintNode(const ColumnNode& node, const Expression&) {
    if (is_redacted_) {
      *out_ += RedactedName(node.name);
    } else {
      AppendColumn(node.name, out_);
    }
  }
  void PrintNode(const LiteralNode& node, const Expression& e) {
    if (is_redacted_) {
      *out_ += kRedacted;
    } else {
      AppendLiteral(e.type(), node.value, out_);
    }
  }
  void PrintNode(const ComparisonNode& node, const Expression&) {
    PrintJoined(node.operands, Spelling(node.op), kPowerComparison + 1);
  }
  void PrintNode(const InNode& node, const Expression&) {
    PrintOperand(node.operands[0], kPowerMatch + 1);
    *out_ += node.negated ? " NOT IN (" : " IN (";
    if (is_redacted_) {
      *out_ += kRedacted;
    } else {
      PrintValues(node);
    }
    *out_ += ")";
  }
  void PrintValues(const InNode& node) {
    const bool natural = IsNaturalInList(node.value_type, node.values);
    for (size_t i = 0; i < node.values.size(); ++i) {
      if (i > 0) *out_ += ", ";
      if (node.values[i].is_null()) {
        *out_ += "NULL";
      } else if (natural) {
        AppendLiteral(node.value_type, node.values[i], out_);
      } else {
        AppendTypedLiteral(node.value_type, node.values[i], out_);
      }
    }
  }
  void PrintNode(const IsNullNode& node, const Expression&) {
    PrintOperand(node.operands[0], kPowerIs + 1);
    *out_ += node.negated ? " IS NOT NULL" : " IS NULL";
  }
  void PrintNode(const IsNaNNode& node, const Expression&) {
    PrintOperand(node.operands[0], kPowerIs + 1);
    *out_ += node.negated ? " IS NOT NAN" : " IS NAN";
  }
  void PrintNode(const StartsWithNode& node, const Expression&) {
    PrintOperand(node.operands[0], kPowerMatch + 1);
    *out_ += node.negated ? " NOT STARTS WITH " : " STARTS WITH ";
    PrintText(node.prefix);
  }
  void PrintNode(const LikeNode& node, const Expression&) {
    PrintOperand(node.operands[0], kPowerMatch + 1);
    if (node.negated) *out_ += " NOT";
    *out_ += node.case_insensitive ? " ILIKE " : " LIKE ";
    PrintText(node.pattern);
    if (!is_redacted_ && node.pattern.find('\\') != std::string::npos) *out_ += " ESCAPE '\\'";
  }
  void PrintNode(const AndNode& node, const Expression&) {
    PrintJoined(node.operands, " AND ", kPowerAnd + 1);
  }
  void PrintNode(const OrNode& node, const Expression&) {
    PrintJoined(node.operands, " OR ", kPowerOr + 1);
  }
  void PrintNode(const NotNode& node, const Expression&) {
    *out_ += "NOT ";
    PrintOperand(node.operands[0], kPowerNot);
  }
  void PrintNode(const ArithmeticNode& node, const Expression& e) {
    const int power = PowerOf(e.node());
    PrintOperand(node.operands[0], power);
    *out_ += Spelling(node.op);
    PrintOperand(node.operands[1], power + 1);
  }
  void PrintNode(const CastNode& node, const Expression&) {
    *out_ += "CAST(";
    PrintOperand(node.operands[0], kPowerAlias + 1);
    *out_ += " AS " + UpperTypeName(node.target) + ")";
  }
  void PrintNode(const FunctionNode& node, const Expression&) {
    if (node.name == kConcatSymbol && node.operands.size() == 2) {
      PrintOperand(node.operands[0], kPowerConcat);
      *out_ += " || ";
      PrintOperand(node.operands[1], kPowerConcat + 1);
      return;
    }
    if (node.name == "count" && node.operands.empty()) {
      *out_ += "count(*)";
      return;
    }
    // These names before a parenthesis begin a type.
    const bool is_type = node.name == "decimal" || node.name == "numeric" || node.name == "fixed";
    if (is_type) {
      AppendQuoted(node.name, '"', out_);
    } else {
      PrintName(node.name);
    }
    *out_ += '(';
    PrintJoined(node.operands, ", ", kPowerAlias + 1);
    *out_ += ')';
  }
  void PrintNode(const AliasNode& node, const Expression&) {
    PrintOperand(node.operands[0], kPowerAlias + 1);
    *out_ += " AS ";
    PrintName(node.name);
  }
  void PrintNode(const CaseNode& node, const Expression&) {
    *out_ += "CASE";
    if (node.operands.empty()) return;
    for (size_t i = 0; i + 1 < node.operands.size(); i += 2) {
      *out_ += " WHEN ";
      PrintOperand(node.operands[i], kPowerAlias + 1);
      *out_ += " THEN ";
      PrintOperand(node.operands[i + 1], kPowerAlias + 1);
    }
    const Expression& otherwise = node.operands.back();
    if (!otherwise.is_null_literal() || otherwise.type().id() != TypeId::kUnknown) {
      *out_ += " ELSE ";
      PrintOperand(otherwise, kPowerAlias + 1);
    }
    *out_ += " END";
  }
  void PrintNode(const WindowNode& node, const Expression&) {
    if (!node.operands.empty()) PrintOperand(node.operands[0], kPowerPrimary);
    *out_ += " OVER (";
    const size_t first_order_key = 1 + node.num_partition_keys;
    for (size_t i = 1; i < node.operands.size(); ++i) {
      if (i == first_order_key) {
        *out_ += i > 1 ? " ORDER BY " : "ORDER BY ";
      } else {
        *out_ += i == 1 ? "PARTITION BY " : ", ";
      }
      PrintOperand(node.operands[i], kPowerAlias + 1);
      if (i < first_order_key || i - first_order_key >= node.directions.size()) continue;
      AppendDirection(node.directions[i - first_order_key], out_);
    }
    *out_ += ')';
  }

  std::string* out_;
  bool is_redacted_;
};

std::string Print(const Expression& expression, bool is_redacted) {
  if (expression.depth() > kMaxPrintedDepth) return "(an expression too deep to print)";
  std::string out;
  Printer(&out, is_redacted).Print(expression);
  return out;
}

bool IsInWord(char c) {
  const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return is_letter || (c >= '0' && c <= '9') || c == '_' || (static_cast<unsigned char>(c) & 0x80);
}

}  // namespace

std::string Expression::ToString() const { return Print(*this, false); }

std::string RedactedText(const Expression& expression) { return Print(expression, true); }

std::string RedactedText(const SortKey& key) {
  const std::string direction = SortKey{Col("k"), key.descending, key.nulls_last}.ToString();
  return RedactedText(key.expression) + direction.substr(1);
}

// Names that expressions gave hold their literals, with quotes or spaces, or begin with a digit.
std::string RedactedName(std::string_view name) {
  const bool begins_as_number = name.empty() || (name[0] >= '0' && name[0] <= '9');
  const bool is_plain = std::all_of(name.begin(), name.end(),
                                    [](char c) { return IsInWord(c) || c == '.' || c == '-'; });
  if (begins_as_number || !is_plain || name[0] == '-') return std::string(kRedacted);
  return std::string(name);
}

}  // namespace iceframe
