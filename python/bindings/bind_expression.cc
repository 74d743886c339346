// SPDX-License-Identifier: Apache-2.0
// Expression: the immutable tree for Python; iceframe.expressions gives it operators.
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <arrow/buffer.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "iceframe/expression/aggregate_catalogue.h"
#include "iceframe/expression/arrow_expression.h"
#include "iceframe/expression/binder.h"
#include "iceframe/expression/expression.h"
#include "iceframe/expression/parse_expression.h"
#include "iceframe/expression/rewrite.h"
#include "iceframe/expression/window.h"

#include "bindings.h"
#include "casters/result.h"
#include "casters/value.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

constexpr std::pair<std::string_view, ComparisonOp> kComparisons[] = {
    {"=", ComparisonOp::kEqual},   {"<>", ComparisonOp::kNotEqual},
    {"<", ComparisonOp::kLess},    {"<=", ComparisonOp::kLessEqual},
    {">", ComparisonOp::kGreater}, {">=", ComparisonOp::kGreaterEqual},
};
constexpr std::pair<std::string_view, ArithmeticOp> kArithmetic[] = {
    {"+", ArithmeticOp::kAdd},    {"-", ArithmeticOp::kSubtract}, {"*", ArithmeticOp::kMultiply},
    {"/", ArithmeticOp::kDivide}, {"%", ArithmeticOp::kModulo},
};

/// The operator of a spelling in a table, and back.
template <typename Op, size_t kSize>
Result<Op> OperatorOf(const std::pair<std::string_view, Op> (&table)[kSize],
                      const std::string& spelling) {
  for (const auto& [text, op] : table) {
    if (text == spelling) return op;
  }
  return Error(ErrorKind::kInvalidArgument, "there is no such operator: ", spelling);
}
template <typename Op, size_t kSize>
nb::str SpellingOf(const std::pair<std::string_view, Op> (&table)[kSize], Op op) {
  for (const auto& [text, entry] : table) {
    if (entry == op) return nb::str(text.data(), text.size());
  }
  return nb::str("");
}

nb::str ToStr(const std::string& text) { return nb::str(text.data(), text.size()); }

/// What a node holds beside its operands, for those who translate trees.
struct NodeParts {
  const Expression& e;
  nb::dict parts;

  void Kind(const char* kind) { parts["kind"] = kind; }
  void operator()(const ColumnNode& node) {
    Kind("column");
    parts["name"] = ToStr(node.name);
  }
  void operator()(const LiteralNode& node) {
    Kind("literal");
    parts["type"] = ToStr(e.type().ToString());
    parts["value"] = ValueToPython(e.type(), node.value);
  }
  void operator()(const ComparisonNode& node) {
    Kind("comparison");
    parts["op"] = SpellingOf(kComparisons, node.op);
  }
  void operator()(const InNode& node) {
    Kind("in");
    parts["type"] = ToStr(node.value_type.ToString());
    nb::list values;
    for (const Value& value : node.values) values.append(ValueToPython(node.value_type, value));
    parts["values"] = values;
    parts["negated"] = node.negated;
  }
  void operator()(const IsNullNode& node) {
    Kind("is_null");
    parts["negated"] = node.negated;
  }
  void operator()(const IsNaNNode& node) {
    Kind("is_nan");
    parts["negated"] = node.negated;
  }
  void operator()(const StartsWithNode& node) {
    Kind("starts_with");
    parts["prefix"] = ToStr(node.prefix);
    parts["negated"] = node.negated;
  }
  void operator()(const LikeNode& node) {
    Kind("like");
    parts["pattern"] = ToStr(node.pattern);
    parts["case_insensitive"] = node.case_insensitive;
    parts["negated"] = node.negated;
  }
  void operator()(const AndNode&) { Kind("and"); }
  void operator()(const OrNode&) { Kind("or"); }
  void operator()(const NotNode&) { Kind("not"); }
  void operator()(const ArithmeticNode& node) {
    Kind("arithmetic");
    parts["op"] = SpellingOf(kArithmetic, node.op);
  }
  void operator()(const CastNode& node) {
    Kind("cast");
    parts["type"] = ToStr(node.target.ToString());
  }
  void operator()(const FunctionNode& node) {
    Kind("function");
    parts["name"] = ToStr(node.name);
  }
  void operator()(const AliasNode& node) {
    Kind("alias");
    parts["name"] = ToStr(node.name);
  }
  void operator()(const CaseNode&) { Kind("case"); }
  void operator()(const WindowNode& node) {
    Kind("window");
    parts["num_partition_keys"] = node.num_partition_keys;
    nb::list directions;
    for (const KeyDirection& direction : node.directions) {
      directions.append(nb::make_tuple(direction.descending, direction.nulls_last));
    }
    parts["directions"] = directions;
  }
};

using Parts = nb::typed<nb::dict, nb::str, nb::any>;

Parts PartsOf(const Expression& e) {
  NodeParts parts{e, nb::dict()};
  std::visit(parts, e.node());
  return parts.parts;
}

Result<Expression> MakeCase(std::vector<Expression> conditions, std::vector<Expression> values,
                            Expression otherwise) {
  if (conditions.size() != values.size()) {
    return Error(ErrorKind::kInvalidArgument,
                 "CASE has a wrong number of operands: ", conditions.size() + values.size() + 1);
  }
  std::vector<CaseBranch> branches;
  for (size_t i = 0; i < conditions.size(); ++i) {
    branches.push_back({std::move(conditions[i]), std::move(values[i])});
  }
  return Case(std::move(branches), std::move(otherwise));
}

using DirectedKey = std::tuple<Expression, bool, bool>;

Expression MakeOver(const Expression& call, std::vector<Expression> partition_by,
                    std::vector<DirectedKey> order_by) {
  std::vector<SortKey> keys;
  for (auto& [expression, descending, nulls_last] : order_by) {
    keys.push_back({std::move(expression), descending, nulls_last});
  }
  return Over(call, std::move(partition_by), std::move(keys));
}

/// The tree with columns and types of a schema, for those who translate it: dates and numbers stand
/// there as values of the columns that they are compared with.
Result<Expression> BindTo(const Expression& self, const nb::object& schema, bool case_sensitive) {
  constexpr int kFormatVersion = 3;
  ICEFRAME_ASSIGN_OR_RETURN(const auto columns, ToTableSchema(schema, kFormatVersion));
  ICEFRAME_ASSIGN_OR_RETURN(const Expression bound, Bind(self, *columns, case_sensitive));
  return Simplify(bound);
}

void BindBuilders(nb::class_<Expression>& expression) {
  expression
      .def_static(
          "parse", [](const std::string& text) { return ParseExpression(text); }, nb::arg("text"))
      .def_static("column", &Col, nb::arg("name"))
      .def_static("null", &NullLit)
      .def_static(
          "string", [](std::string value) { return Lit(std::move(value)); }, nb::arg("value"))
      .def_static(
          "from_arrow",
          [](const nb::bytes& serialized) {
            return FromSerializedArrowExpression(
                arrow::Buffer::FromString(std::string(serialized.c_str(), serialized.size())));
          },
          nb::arg("serialized"), "What arrow::compute::Serialize wrote.")
      .def_static(
          "bytes",
          [](const nb::bytes& value) {
            return Lit(Type::Binary(), Value(std::string(value.c_str(), value.size())));
          },
          nb::arg("value"))
      .def_static(
          "number", [](double value) { return Lit(value); }, nb::arg("value"),
          "A literal double, which is a float beside floats.")
      .def_static("function", &Function, nb::arg("name"), nb::arg("operands"))
      .def_static(
          "conjunction", [](std::vector<Expression> operands) { return And(std::move(operands)); },
          nb::arg("operands"))
      .def_static(
          "disjunction", [](std::vector<Expression> operands) { return Or(std::move(operands)); },
          nb::arg("operands"))
      .def_static("case", &MakeCase, nb::arg("conditions"), nb::arg("values"),
                  nb::arg("otherwise"));
}

void BindOperators(nb::class_<Expression>& expression) {
  expression
      .def(
          "compare",
          [](const Expression& self, const std::string& op,
             const Expression& other) -> Result<Expression> {
            ICEFRAME_ASSIGN_OR_RETURN(const ComparisonOp found, OperatorOf(kComparisons, op));
            return Compare(found, self, other);
          },
          nb::arg("op"), nb::arg("other"))
      .def(
          "arithmetic",
          [](const Expression& self, const std::string& op,
             const Expression& other) -> Result<Expression> {
            ICEFRAME_ASSIGN_OR_RETURN(const ArithmeticOp found, OperatorOf(kArithmetic, op));
            return Arithmetic(found, self, other);
          },
          nb::arg("op"), nb::arg("other"))
      .def("invert", [](const Expression& self) { return Not(self); })
      .def(
          "between",
          [](const Expression& self, const Expression& low, const Expression& high) {
            return Between(self, low, high);
          },
          nb::arg("low"), nb::arg("high"))
      .def(
          "is_in",
          [](const Expression& self, std::vector<Expression> items) {
            return InList(self, std::move(items));
          },
          nb::arg("items"))
      .def("is_null", [](const Expression& self) { return IsNull(self); })
      .def("is_not_null", [](const Expression& self) { return IsNotNull(self); })
      .def("is_nan", [](const Expression& self) { return IsNaN(self); })
      .def(
          "starts_with",
          [](const Expression& self, std::string prefix) {
            return StartsWith(self, std::move(prefix));
          },
          nb::arg("prefix"))
      .def(
          "like",
          [](const Expression& self, std::string pattern, bool case_insensitive) {
            return Expression(LikeNode{{self}, std::move(pattern), false, case_insensitive});
          },
          nb::arg("pattern"), nb::arg("case_insensitive"),
          "LIKE with a backslash as escape character.")
      .def(
          "cast",
          [](const Expression& self, const std::string& type) -> Result<Expression> {
            ICEFRAME_ASSIGN_OR_RETURN(Type target, ParseType(type));
            return Cast(self, std::move(target));
          },
          nb::arg("type"))
      .def(
          "alias",
          [](const Expression& self, std::string name) {
            return As(WithoutAlias(self), std::move(name));
          },
          nb::arg("name"))
      .def("over", &MakeOver, nb::arg("partition_by"), nb::arg("order_by"));
}

}  // namespace

void BindExpression(nb::module_& module) {
  nb::class_<Expression> expression(module, "Expression",
                                    "An immutable expression; `iceframe.expressions` wraps it.");
  BindBuilders(expression);
  BindOperators(expression);
  expression.def("to_sql", &Expression::ToString)
      .def("__repr__", &Expression::ToString)
      .def(
          "equals", [](const Expression& self, const Expression& other) { return self == other; },
          nb::arg("other"), "Whether both are the same tree.")
      .def("bind", &BindTo, nb::arg("schema"), nb::arg("case_sensitive") = true,
           "With the columns and types of a schema: JSON, or an object with __arrow_c_schema__.")
      .def("type", [](const Expression& self) { return self.type().ToString(); })
      .def("operands", [](const Expression& self) { return self.operands(); })
      .def("parts", &PartsOf, "The node's kind and what it holds beside its operands.")
      .def("output_name", &OutputName)
      .def("referenced_columns", [](const Expression& self) { return ReferencedColumns(self); })
      .def("contains_aggregate", &ContainsAggregate)
      .def("contains_window", &ContainsWindow);
}

}  // namespace iceframe::python
