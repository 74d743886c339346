// SPDX-License-Identifier: Apache-2.0
// Bytes that are equal for trees of equal meaning written alike. Every text is preceded by its
// length, so that no two trees share bytes; operands whose order means nothing are sorted.
#include <algorithm>
#include <bit>
#include <cmath>

#include "iceframe/expression/binder.h"
#include "iceframe/expression/literal_conversion.h"
#include "iceframe/expression/literal_text.h"

namespace iceframe {

namespace {

void AppendText(std::string_view text, std::string* out) {
  *out += std::to_string(text.size());
  *out += ':';
  *out += text;
}

// A value's own bits, for what has no text of its own: NaNs, and values that their type does not
// hold.
void AppendBits(const Value& value, std::string* out) {
  *out += '#' + std::to_string(value.storage().index()) + ' ';
  if (value.holds<float>()) {
    *out += std::to_string(std::bit_cast<uint32_t>(value.get<float>())) + ' ';
  } else if (value.holds<double>()) {
    *out += std::to_string(std::bit_cast<uint64_t>(value.get<double>())) + ' ';
  } else if (value.holds<std::string>()) {
    AppendText(value.get<std::string>(), out);
  } else if (value.holds<arrow::Decimal128>()) {
    AppendText(value.get<arrow::Decimal128>().ToIntegerString(), out);
  } else if (value.holds<bool>()) {
    *out += value.get<bool>() ? 't' : 'f';
  } else if (value.holds<int32_t>()) {
    *out += std::to_string(value.get<int32_t>()) + ' ';
  } else if (value.holds<int64_t>()) {
    *out += std::to_string(value.get<int64_t>()) + ' ';
  } else {
    *out += std::to_string(value.nested().size()) + ' ';
    for (const Value& child : value.nested()) AppendBits(child, out);
  }
}

bool HoldsNaN(const Value& value) {
  return (value.holds<float>() && std::isnan(value.get<float>())) ||
         (value.holds<double>() && std::isnan(value.get<double>()));
}

void AppendValue(const Type& type, const Value& value, std::string* out) {
  if (value.is_null()) {
    *out += '~';
  } else if (!type.is_primitive() || HoldsNaN(value) || !Fits(type, value)) {
    AppendBits(value, out);
  } else {
    AppendText(FormatLiteralText(type, value), out);
  }
}

// The names in a nested type, and a geometry's reference system, may be any text.
void AppendType(const Type& type, std::string* out) {
  const bool is_plain =
      type.is_primitive() && type.id() != TypeId::kGeometry && type.id() != TypeId::kGeography;
  if (is_plain) {
    *out += type.ToString();
  } else {
    AppendText(type.ToString(), out);
  }
}

const char* CodeOf(ComparisonOp op) {
  switch (op) {
    case ComparisonOp::kEqual:
      return "=";
    case ComparisonOp::kNotEqual:
      return "!";
    case ComparisonOp::kLess:
      return "<";
    case ComparisonOp::kLessEqual:
      return "{";
    case ComparisonOp::kGreater:
      return ">";
    case ComparisonOp::kGreaterEqual:
      return "}";
  }
  return "?";
}

const char* CodeOf(ArithmeticOp op) {
  switch (op) {
    case ArithmeticOp::kAdd:
      return "+";
    case ArithmeticOp::kSubtract:
      return "-";
    case ArithmeticOp::kMultiply:
      return "*";
    case ArithmeticOp::kDivide:
      return "/";
    case ArithmeticOp::kModulo:
      return "%";
  }
  return "?";
}

std::string Canonical(const Expression& e);

std::vector<std::string> CanonicalOperands(const Expression& e) {
  std::vector<std::string> operands;
  operands.reserve(e.operands().size());
  for (const Expression& operand : e.operands()) operands.push_back(Canonical(operand));
  return operands;
}

void AppendSet(std::vector<std::string> operands, std::string* out) {
  std::sort(operands.begin(), operands.end());
  operands.erase(std::unique(operands.begin(), operands.end()), operands.end());
  for (const std::string& operand : operands) *out += operand;
}

struct CanonicalWriter {
  const Expression& e;
  std::string out = {};

  void operator()(const ColumnNode& node) {
    out += 'c';
    if (e.is_bound()) {
      out += std::to_string(node.field_id);
      out += ' ';
      AppendType(e.type(), &out);
    } else {
      AppendText(node.name, &out);
    }
  }
  void operator()(const LiteralNode& node) {
    out += "l ";
    AppendType(e.type(), &out);
    out += ' ';
    AppendValue(e.type(), node.value, &out);
  }
  void operator()(const ComparisonNode& node) {
    std::string left = Canonical(node.operands[0]);
    std::string right = Canonical(node.operands[1]);
    ComparisonOp op = node.op;
    if (right < left) {
      std::swap(left, right);
      op = Mirrored(op);
    }
    out += CodeOf(op);
    out += left;
    out += right;
  }
  void operator()(const InNode& node) {
    out += node.negated ? "in!" : "in";
    out += node.value_type.ToString();
    out += ' ';
    out += Canonical(node.operands[0]);
    std::vector<std::string> values;
    for (const Value& value : node.values) {
      std::string text;
      AppendValue(node.value_type, value, &text);
      values.push_back(std::move(text));
    }
    AppendSet(std::move(values), &out);
  }
  void operator()(const IsNullNode& node) { Unary(node.negated ? "null!" : "null"); }
  void operator()(const IsNaNNode& node) { Unary(node.negated ? "nan!" : "nan"); }
  void operator()(const StartsWithNode& node) {
    Unary(node.negated ? "starts!" : "starts");
    AppendText(node.prefix, &out);
  }
  void operator()(const LikeNode& node) {
    Unary(node.negated ? "like!" : "like");
    out += node.case_insensitive ? 'i' : 's';
    AppendText(node.pattern, &out);
  }
  void operator()(const AndNode&) {
    out += "and";
    AppendSet(CanonicalOperands(e), &out);
  }
  void operator()(const OrNode&) {
    out += "or";
    AppendSet(CanonicalOperands(e), &out);
  }
  void operator()(const NotNode&) { Unary("not"); }
  void operator()(const ArithmeticNode& node) {
    std::vector<std::string> operands = CanonicalOperands(e);
    if (node.op == ArithmeticOp::kAdd || node.op == ArithmeticOp::kMultiply) {
      std::sort(operands.begin(), operands.end());
    }
    out += CodeOf(node.op);
    for (const std::string& operand : operands) out += operand;
  }
  void operator()(const CastNode& node) { Unary("cast " + node.target.ToString()); }
  void operator()(const FunctionNode& node) {
    out += 'f';
    AppendText(node.name, &out);
    for (const std::string& operand : CanonicalOperands(e)) out += operand;
  }
  void operator()(const AliasNode& node) {
    Unary("as");
    AppendText(node.name, &out);
  }
  void operator()(const CaseNode&) { Unary("case"); }
  void operator()(const WindowNode& node) {
    out += "over";
    out += std::to_string(node.num_partition_keys);
    for (const KeyDirection& direction : node.directions) {
      out += direction.descending ? 'd' : 'a';
      out += direction.nulls_last ? 'l' : 'f';
    }
    Unary("");
  }
  void Unary(std::string_view name) {
    out += name;
    out += ' ';
    for (const std::string& operand : CanonicalOperands(e)) out += operand;
  }
};

std::string Canonical(const Expression& e) {
  CanonicalWriter writer{e};
  std::visit(writer, e.node());
  // A node's bytes stand between parentheses; texts inside carry their length.
  return "(" + writer.out + ")";
}

}  // namespace

std::string CanonicalForm(const Expression& bound) {
  if (bound.depth() > kMaxExpressionDepth) return "deep " + bound.ToString();
  return Canonical(bound);
}

}  // namespace iceframe
