// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <utility>

#include "iceframe/services/report_filter_internal.h"

namespace iceframe::internal {

namespace {

// Larger filters are told as true: readers of JSON have limits of their own.
constexpr int32_t kMaxLevels = 20;
constexpr size_t kMaxOperands = 20;

Json Redacted() { return Json::String("(redacted)"); }

Json Everything() { return Json::Bool(true); }

std::string_view TypeOf(ComparisonOp op) {
  switch (op) {
    case ComparisonOp::kEqual:
      return "eq";
    case ComparisonOp::kNotEqual:
      return "not-eq";
    case ComparisonOp::kLess:
      return "lt";
    case ComparisonOp::kLessEqual:
      return "lt-eq";
    case ComparisonOp::kGreater:
      return "gt";
    case ComparisonOp::kGreaterEqual:
      return "gt-eq";
  }
  return "eq";
}

Json Predicate(const Expression& operand, std::string_view type) {
  const auto* column = operand.as<ColumnNode>();
  if (column == nullptr) return Everything();
  return Json::Object(
      {{"type", Json::String(std::string(type))}, {"term", Json::String(column->name)}});
}

Json PredicateWith(const Expression& operand, std::string_view type, std::string_view member,
                   Json value) {
  Json predicate = Predicate(operand, type);
  if (predicate.is_object()) predicate.Add(std::string(member), std::move(value));
  return predicate;
}

// Trees as Iceberg has them have two sides.
Json JoinedReport(const std::vector<Expression>& operands, std::string_view type, bool of_none) {
  if (operands.empty()) return Json::Bool(of_none);
  if (operands.size() > kMaxOperands) return Everything();
  Json joined = ReportFilter(operands[0]);
  for (size_t i = 1; i < operands.size(); ++i) {
    joined = Json::Object({{"type", Json::String(std::string(type))},
                           {"left", std::move(joined)},
                           {"right", ReportFilter(operands[i])}});
  }
  return joined;
}

struct Converter {
  Json operator()(const AndNode& node) const { return JoinedReport(node.operands, "and", true); }
  Json operator()(const OrNode& node) const { return JoinedReport(node.operands, "or", false); }
  Json operator()(const NotNode& node) const {
    return Json::Object({{"type", Json::String("not")}, {"child", ReportFilter(node.operands[0])}});
  }
  Json operator()(const ComparisonNode& node) const {
    if (node.operands[1].as<LiteralNode>() == nullptr) return Everything();
    return PredicateWith(node.operands[0], TypeOf(node.op), "value", Redacted());
  }
  Json operator()(const InNode& node) const {
    return PredicateWith(node.operands[0], node.negated ? "not-in" : "in", "values",
                         Json::Array({Redacted()}));
  }
  Json operator()(const IsNullNode& node) const {
    return Predicate(node.operands[0], node.negated ? "not-null" : "is-null");
  }
  Json operator()(const IsNaNNode& node) const {
    return Predicate(node.operands[0], node.negated ? "not-nan" : "is-nan");
  }
  Json operator()(const StartsWithNode& node) const {
    return PredicateWith(node.operands[0], node.negated ? "not-starts-with" : "starts-with",
                         "value", Redacted());
  }
  template <typename Other>
  Json operator()(const Other&) const {
    return Everything();
  }
};

}  // namespace

Json ReportFilter(const Expression& filter) {
  if (filter.depth() > kMaxLevels) return Everything();
  if (filter.is_false()) return Json::Bool(false);
  return std::visit([](const auto& node) { return Converter()(node); }, filter.node());
}

}  // namespace iceframe::internal
