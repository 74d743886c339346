// SPDX-License-Identifier: Apache-2.0
// Bytes that are equal for trees of equal meaning written alike. Every text is preceded by its
// length, so that no two trees share bytes; operands whose order means nothing are sorted.
#include <algorithm>

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

void AppendValue(const Type& type, const Value& value, std::string* out) {
  if (value.is_null()) {
    *out += '~';
  } else {
    AppendText(FormatLiteralText(type, value), out);
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
      out += e.type().ToString();
    } else {
      AppendText(node.name, &out);
    }
  }
  void operator()(const LiteralNode& node) {
    out += "l ";
    out += e.type().ToString();
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
  if (bound.depth() > kMaxExpressionDepth) return bound.ToString();
  return Canonical(bound);
}

}  // namespace iceframe
