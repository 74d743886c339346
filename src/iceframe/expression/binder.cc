// SPDX-License-Identifier: Apache-2.0
// Names become field ids, literals take the type they meet. Folding keeps three-valued truth: a
// comparison that no value can fulfil is `x IS NULL AND NULL`, null where x is null and else false.
#include "iceframe/expression/binder.h"

#include <algorithm>

#include "iceframe/base/nearest_name.h"
#include "iceframe/expression/bound_predicate_internal.h"
#include "iceframe/expression/function_catalogue.h"
#include "iceframe/expression/literal_conversion.h"
#include "iceframe/expression/window.h"
#include "iceframe/types/decimal_limits.h"

namespace iceframe {

namespace {

void CollectNames(const std::vector<NestedField>& fields, const Schema& schema,
                  std::vector<std::string>* names) {
  for (const NestedField& field : fields) {
    names->push_back(schema.FullName(field.id));
    CollectNames(field.type.fields(), schema, names);
  }
}

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [&](char x, char y) { return lower(x) == lower(y); });
}

/// Whether values of this type are compared with text as it is spelled.
bool MeetsText(const Type& type) {
  return type.is_primitive() && type.id() != TypeId::kBoolean && type.id() != TypeId::kUnknown &&
         !IsNumeric(type);
}

/// Whether a constant got its type from a cast, not from how it is spelled.
bool IsTypedConstant(const Expression& unbound, const Expression& bound) {
  return bound.as<LiteralNode>() != nullptr && unbound.as<LiteralNode>() == nullptr;
}

/// Double literals that stand beside floats, and beside no other double, become floats: `f + 1e-1`
/// is a float as `f + 0.1` is. `unbound` says which are literals as spelled.
void LetLiteralsBeFloats(const std::vector<Expression>& unbound, std::vector<Expression>* bound) {
  const auto is_double_literal = [&](size_t i) {
    const auto* literal = unbound[i].as<LiteralNode>();
    return literal != nullptr && literal->value.holds<double>() &&
           (*bound)[i].type().id() == TypeId::kDouble;
  };
  bool has_float = false;
  for (size_t i = 0; i < bound->size(); ++i) {
    const TypeId id = (*bound)[i].type().id();
    if (id == TypeId::kDouble && !is_double_literal(i)) return;
    has_float = has_float || id == TypeId::kFloat;
  }
  if (!has_float) return;
  for (size_t i = 0; i < bound->size(); ++i) {
    if (!is_double_literal(i)) continue;
    const TypedValue literal{Type::Double(), unbound[i].as<LiteralNode>()->value};
    auto placed = PlaceLiteral(Type::Float(), literal);
    // What no float comes near stays a double.
    if (!placed.ok() || placed->place != LiteralPlace::kExact) continue;
    (*bound)[i] = Lit(placed->value.get<float>());
  }
}

class Binder {
 public:
  Binder(const Schema& schema, bool case_sensitive)
      : schema_(schema), case_sensitive_(case_sensitive) {}

  Result<Expression> Bind(const Expression& e) {
    return std::visit([&](const auto& node) { return BindNode(node, e); }, e.node());
  }

 private:
  Result<std::vector<Expression>> BindAll(const std::vector<Expression>& operands) {
    std::vector<Expression> bound;
    bound.reserve(operands.size());
    for (const Expression& operand : operands) {
      ICEFRAME_ASSIGN_OR_RETURN(Expression next, Bind(operand));
      bound.push_back(std::move(next));
    }
    return bound;
  }

  Result<Expression> BindBoolean(const Expression& e) {
    ICEFRAME_ASSIGN_OR_RETURN(Expression bound, Bind(e));
    if (bound.is_null_literal()) return internal::NullBoolean();
    if (bound.type().id() != TypeId::kBoolean) {
      return Error(ErrorKind::kInvalidArgument, "a condition must be boolean: ", e.ToString(),
                   " is ", bound.type().ToString());
    }
    return bound;
  }

  /// "; there are a, b and 3 more", so that one need not look elsewhere.
  std::string ColumnsThereAre() const {
    constexpr size_t kMaxShown = 8;
    const auto& fields = schema_.fields();
    if (fields.empty()) return "";
    std::string text = "; there are ";
    for (size_t i = 0; i < std::min(kMaxShown, fields.size()); ++i) {
      text += (i == 0 ? "" : ", ") + fields[i].name;
    }
    if (fields.size() > kMaxShown) {
      text += " and " + std::to_string(fields.size() - kMaxShown) + " more";
    }
    return text;
  }

  Status ColumnNotFound(const std::string& name) {
    std::vector<std::string> names;
    CollectNames(schema_.fields(), schema_, &names);
    if (!case_sensitive_ && std::count_if(names.begin(), names.end(), [&](const auto& other) {
                              return EqualIgnoringCase(name, other);
                            }) > 1) {
      return Error(ErrorKind::kInvalidArgument,
                   "column name is ambiguous when case is ignored: ", name);
    }
    const std::string_view nearest = NearName(name, {names.begin(), names.end()});
    if (nearest.empty()) {
      return Error(ErrorKind::kInvalidArgument, "column does not exist: ", name, ColumnsThereAre());
    }
    return Error(ErrorKind::kInvalidArgument, "column does not exist: ", name, " (did you mean ",
                 nearest, "?)");
  }

  Result<Expression> BindNode(const ColumnNode& node, const Expression&) {
    const NestedField* field = schema_.FindField(node.name, case_sensitive_);
    if (field == nullptr) return ColumnNotFound(node.name);
    for (FieldId parent = schema_.ParentOf(field->id); parent != 0;
         parent = schema_.ParentOf(parent)) {
      const NestedField* enclosing = schema_.FindField(parent);
      if (enclosing == nullptr || enclosing->type.id() != TypeId::kStruct) {
        return Error(ErrorKind::kInvalidArgument,
                     "a field inside a list or map has no single value per row: ", node.name);
      }
    }
    return Expression(ColumnNode{schema_.FullName(field->id), field->id}, field->type, true);
  }

  Result<Expression> BindNode(const LiteralNode& node, const Expression& e) {
    if (!Fits(e.type(), node.value)) {
      return Error(ErrorKind::kInvalidArgument,
                   "value is not held as its type asks: ", e.type().ToString());
    }
    return e;
  }

  /// Whether an operand can't be null: a required column in required structs.
  bool NeverNull(const Expression& operand) const {
    const auto* column = operand.as<ColumnNode>();
    if (column == nullptr) return false;
    for (FieldId id = column->field_id; id != 0; id = schema_.ParentOf(id)) {
      const NestedField* field = schema_.FindField(id);
      if (field == nullptr || !field->required) return false;
    }
    return true;
  }

  /// `result` where the operand has a value, null where it is null.
  Expression Constant(const Expression& operand, bool result) {
    if (NeverNull(operand)) return Lit(result);
    if (result)
      return Or(internal::BoundPredicate(IsNullNode{{operand}, true}), internal::NullBoolean());
    return And(internal::BoundPredicate(IsNullNode{{operand}, false}), internal::NullBoolean());
  }

  Result<Expression> CompareCast(ComparisonOp op, Expression left, Expression right) {
    ICEFRAME_ASSIGN_OR_RETURN(Type common, ComparisonType(left.type(), right.type()));
    ICEFRAME_ASSIGN_OR_RETURN(left, CastTo(std::move(left), common));
    ICEFRAME_ASSIGN_OR_RETURN(right, CastTo(std::move(right), common));
    return internal::BoundPredicate(ComparisonNode{op, {std::move(left), std::move(right)}});
  }

  /// `is_typed`: a constant here is no literal as it is spelled, but a cast.
  Result<Expression> CompareBound(ComparisonOp op, Expression left, Expression right,
                                  bool is_typed) {
    const bool swap = left.as<LiteralNode>() != nullptr && right.as<LiteralNode>() == nullptr;
    if (swap) {
      std::swap(left, right);
      op = Mirrored(op);
    }
    if (left.type().is_nested() || right.type().is_nested()) {
      return Error(ErrorKind::kInvalidArgument, "types can't be compared: ", left.type().ToString(),
                   " and ", right.type().ToString());
    }
    if (left.is_null_literal() || right.is_null_literal() || left.type().id() == TypeId::kUnknown ||
        right.type().id() == TypeId::kUnknown) {
      return internal::NullBoolean();
    }
    const auto* literal = right.as<LiteralNode>();
    if (literal == nullptr) return CompareCast(op, std::move(left), std::move(right));
    // Two literals: text takes the other one's type, whichever side it is on.
    if (left.as<LiteralNode>() != nullptr && left.type().id() == TypeId::kString &&
        right.type().id() != TypeId::kString) {
      std::swap(left, right);
      op = Mirrored(op);
      literal = right.as<LiteralNode>();
    }
    const TypedValue constant{right.type(), literal->value};
    ICEFRAME_ASSIGN_OR_RETURN(PlacedLiteral placed, is_typed
                                                        ? PlaceTypedConstant(left.type(), constant)
                                                        : PlaceLiteral(left.type(), constant));
    return ComparePlaced(op, std::move(left), std::move(right), std::move(placed));
  }

  Result<Expression> ComparePlaced(ComparisonOp op, Expression left, Expression right,
                                   PlacedLiteral placed) {
    const bool below = op == ComparisonOp::kLess || op == ComparisonOp::kLessEqual;
    const bool equality = op == ComparisonOp::kEqual || op == ComparisonOp::kNotEqual;
    switch (placed.place) {
      case LiteralPlace::kNeedsCast:
        return CompareCast(op, std::move(left), std::move(right));
      case LiteralPlace::kExact:
        break;
      case LiteralPlace::kBetween:
        if (equality) return Constant(left, op == ComparisonOp::kNotEqual);
        op = below ? ComparisonOp::kLessEqual : ComparisonOp::kGreater;
        break;
      case LiteralPlace::kBelowAll:
        if (equality) return Constant(left, op == ComparisonOp::kNotEqual);
        return Constant(left, !below);
      case LiteralPlace::kAboveAll:
        if (equality) return Constant(left, op == ComparisonOp::kNotEqual);
        return Constant(left, below);
    }
    const Type type = left.type();
    Expression value(LiteralNode{WithoutSignedZero(type, std::move(placed.value))}, type, true);
    return internal::BoundPredicate(ComparisonNode{op, {std::move(left), std::move(value)}});
  }

  /// Names the remedy where a column that is not there stands beside what text is compared with.
  Status WithQuotesRemedy(const Status& status, const ComparisonNode& node) {
    for (const size_t i : {size_t{1}, size_t{0}}) {
      const auto* column = node.operands[i].as<ColumnNode>();
      if (column == nullptr || schema_.FindField(column->name, case_sensitive_) != nullptr)
        continue;
      const auto other = Bind(node.operands[1 - i]);
      if (!other.ok() || !MeetsText(other->type())) continue;
      return status.WithMessage(status.message(),
                                "; text takes single quotes: ", Lit(column->name).ToString());
    }
    return status;
  }

  Result<Expression> BindNode(const ComparisonNode& node, const Expression& e) {
    auto bound_operands = BindAll(node.operands);
    if (!bound_operands.ok()) return WithQuotesRemedy(bound_operands.status(), node);
    std::vector<Expression> operands = *std::move(bound_operands);
    const bool is_typed = IsTypedConstant(node.operands[0], operands[0]) ||
                          IsTypedConstant(node.operands[1], operands[1]);
    auto bound = CompareBound(node.op, std::move(operands[0]), std::move(operands[1]), is_typed);
    if (bound.ok()) return bound;
    return bound.status().WithMessage(bound.status().message(), ", in ", e.ToString());
  }

  Result<Expression> BindNode(const InNode& node, const Expression&) {
    ICEFRAME_ASSIGN_OR_RETURN(Expression operand, Bind(node.operands[0]));
    if (node.values.empty()) return Lit(node.negated);
    if (operand.type().is_nested()) {
      return Error(ErrorKind::kInvalidArgument,
                   "types can't be compared: ", operand.type().ToString(), " and ",
                   node.value_type.ToString());
    }
    if (operand.is_null_literal() || operand.type().id() == TypeId::kUnknown) {
      return internal::NullBoolean();
    }
    const Type type = operand.type();
    std::vector<Value> values;
    std::vector<Expression> alternatives;
    bool has_null = false;
    for (const Value& value : node.values) {
      if (value.is_null()) {
        has_null = true;
        continue;
      }
      if (!Fits(node.value_type, value)) {
        return Error(ErrorKind::kInvalidArgument,
                     "value is not held as its type asks: ", node.value_type.ToString());
      }
      ICEFRAME_ASSIGN_OR_RETURN(PlacedLiteral placed, PlaceLiteral(type, {node.value_type, value}));
      if (placed.place == LiteralPlace::kExact) {
        values.push_back(WithoutSignedZero(type, std::move(placed.value)));
      } else if (placed.place == LiteralPlace::kNeedsCast) {
        ICEFRAME_ASSIGN_OR_RETURN(Expression literal, Lit(node.value_type, value));
        ICEFRAME_ASSIGN_OR_RETURN(Expression equal,
                                  CompareCast(ComparisonOp::kEqual, operand, std::move(literal)));
        alternatives.push_back(std::move(equal));
      }
    }
    std::sort(values.begin(), values.end(),
              [&type](const Value& a, const Value& b) { return CompareValues(type, a, b) < 0; });
    values.erase(std::unique(values.begin(), values.end()), values.end());
    // Negation goes to the leaves here, so that the common case stays one node.
    if (values.empty() && alternatives.empty()) {
      alternatives.push_back(Constant(operand, node.negated));
    } else {
      if (node.negated) {
        for (Expression& other : alternatives) {
          const auto* equal = other.as<ComparisonNode>();
          other =
              internal::BoundPredicate(ComparisonNode{ComparisonOp::kNotEqual, equal->operands});
        }
      }
      if (!values.empty()) {
        alternatives.insert(
            alternatives.begin(),
            internal::BoundPredicate(InNode{{operand}, std::move(values), type, node.negated}));
      }
    }
    if (has_null) alternatives.push_back(internal::NullBoolean());
    if (node.negated) return internal::BoundPredicate(AndNode{std::move(alternatives)});
    return internal::BoundPredicate(OrNode{std::move(alternatives)});
  }

  Result<Expression> BindNode(const IsNullNode& node, const Expression&) {
    ICEFRAME_ASSIGN_OR_RETURN(Expression operand, Bind(node.operands[0]));
    if (const auto* literal = operand.as<LiteralNode>()) {
      return Lit(literal->value.is_null() != node.negated);
    }
    if (operand.type().id() == TypeId::kUnknown) return Lit(!node.negated);
    if (NeverNull(operand)) return Lit(node.negated);
    return internal::BoundPredicate(IsNullNode{{std::move(operand)}, node.negated});
  }

  Result<Expression> BindNode(const IsNaNNode& node, const Expression&) {
    ICEFRAME_ASSIGN_OR_RETURN(Expression operand, Bind(node.operands[0]));
    if (operand.is_null_literal()) return internal::NullBoolean();
    const TypeId id = operand.type().id();
    if (id == TypeId::kFloat || id == TypeId::kDouble) {
      return internal::BoundPredicate(IsNaNNode{{std::move(operand)}, node.negated});
    }
    if (IsNumeric(operand.type())) return Constant(operand, node.negated);
    return Error(ErrorKind::kInvalidArgument, "only numbers can be NaN: ", operand.ToString(),
                 " is ", operand.type().ToString());
  }

  Result<Expression> BindText(const Expression& unbound, const char* what) {
    ICEFRAME_ASSIGN_OR_RETURN(Expression operand, Bind(unbound));
    if (operand.is_null_literal()) return internal::NullBoolean();
    if (operand.type().id() != TypeId::kString) {
      return Error(ErrorKind::kInvalidArgument, what, " needs a string: ", operand.ToString(),
                   " is ", operand.type().ToString());
    }
    return operand;
  }

  Result<Expression> BindNode(const StartsWithNode& node, const Expression&) {
    ICEFRAME_ASSIGN_OR_RETURN(Expression operand, BindText(node.operands[0], "STARTS WITH"));
    if (operand.is_null_literal()) return operand;
    return internal::BoundPredicate(
        StartsWithNode{{std::move(operand)}, node.prefix, node.negated});
  }

  Result<Expression> BindNode(const LikeNode& node, const Expression&) {
    ICEFRAME_ASSIGN_OR_RETURN(Expression operand, BindText(node.operands[0], "LIKE"));
    if (operand.is_null_literal()) return operand;
    return internal::BoundPredicate(
        LikeNode{{std::move(operand)}, node.pattern, node.negated, node.case_insensitive});
  }

  template <typename Node>
  Result<Expression> BindJunction(const Node& node) {
    std::vector<Expression> operands;
    operands.reserve(node.operands.size());
    for (const Expression& operand : node.operands) {
      ICEFRAME_ASSIGN_OR_RETURN(Expression bound, BindBoolean(operand));
      operands.push_back(std::move(bound));
    }
    return internal::BoundPredicate(Node{std::move(operands)});
  }
  Result<Expression> BindNode(const AndNode& node, const Expression&) { return BindJunction(node); }
  Result<Expression> BindNode(const OrNode& node, const Expression&) { return BindJunction(node); }
  Result<Expression> BindNode(const NotNode& node, const Expression&) {
    ICEFRAME_ASSIGN_OR_RETURN(Expression operand, BindBoolean(node.operands[0]));
    return internal::BoundPredicate(NotNode{{std::move(operand)}});
  }

  /// An exact number as the decimal that holds all its values.
  static Result<Type> AsDecimal(const Type& type) {
    if (type.id() == TypeId::kDecimal) return type;
    return Type::Decimal(type.id() == TypeId::kInt ? 10 : 19, 0);
  }

  static Result<Type> DecimalResult(ArithmeticOp op, const Type& a, const Type& b) {
    if (op == ArithmeticOp::kMultiply) {
      if (a.scale() + b.scale() > kMaxPrecision) {
        return Error(ErrorKind::kInvalidArgument,
                     "product has more than 38 digits after the point: ", a.ToString(), " * ",
                     b.ToString());
      }
      return Type::Decimal(std::min(a.precision() + b.precision(), kMaxPrecision),
                           a.scale() + b.scale());
    }
    if (op == ArithmeticOp::kModulo) return ComparisonType(a, b);
    const int32_t scale = std::max(a.scale(), b.scale());
    const int32_t whole = std::max(a.precision() - a.scale(), b.precision() - b.scale());
    return Type::Decimal(std::min(whole + scale + 1, kMaxPrecision), scale);
  }

  Result<Expression> BindNode(const ArithmeticNode& node, const Expression& e) {
    ICEFRAME_ASSIGN_OR_RETURN(std::vector<Expression> operands, BindAll(node.operands));
    LetLiteralsBeFloats(node.operands, &operands);
    for (size_t i = 0; i < 2; ++i) {
      if (!operands[i].is_null_literal()) continue;
      const Type& other = operands[1 - i].type();
      ICEFRAME_ASSIGN_OR_RETURN(operands[i],
                                Lit(IsNumeric(other) ? other : Type::Int(), Value::Null()));
    }
    const Type a = operands[0].type();
    const Type b = operands[1].type();
    if (!IsNumeric(a) || !IsNumeric(b)) {
      return Error(ErrorKind::kInvalidArgument, "arithmetic needs numbers: ", e.ToString(), " has ",
                   a.ToString(), " and ", b.ToString());
    }
    ICEFRAME_ASSIGN_OR_RETURN(Type common, ComparisonType(a, b));
    if (node.op == ArithmeticOp::kDivide && common.id() != TypeId::kFloat) common = Type::Double();
    Type result = common;
    if (common.id() == TypeId::kDecimal) {
      ICEFRAME_ASSIGN_OR_RETURN(Type left, AsDecimal(a));
      ICEFRAME_ASSIGN_OR_RETURN(Type right, AsDecimal(b));
      ICEFRAME_ASSIGN_OR_RETURN(result, DecimalResult(node.op, left, right));
      ICEFRAME_ASSIGN_OR_RETURN(operands[0], CastTo(operands[0], left));
      ICEFRAME_ASSIGN_OR_RETURN(operands[1], CastTo(operands[1], right));
    } else {
      ICEFRAME_ASSIGN_OR_RETURN(operands[0], CastTo(operands[0], common));
      ICEFRAME_ASSIGN_OR_RETURN(operands[1], CastTo(operands[1], common));
    }
    return Expression(ArithmeticNode{node.op, std::move(operands)}, result, true);
  }

  Result<Expression> BindNode(const CastNode& node, const Expression&) {
    ICEFRAME_ASSIGN_OR_RETURN(Expression operand, Bind(node.operands[0]));
    if (node.target.is_nested()) {
      return Error(ErrorKind::kInvalidArgument,
                   "no cast to a nested type: ", node.target.ToString());
    }
    return CastTo(std::move(operand), node.target);
  }

  Result<Expression> BindNode(const FunctionNode& node, const Expression&) {
    ICEFRAME_ASSIGN_OR_RETURN(std::vector<Expression> arguments, BindAll(node.operands));
    const FunctionEntry* function = FindFunction(node.name);
    if (function == nullptr && FindWindowFunction(node.name)) {
      return Error(ErrorKind::kInvalidArgument, "a window function needs OVER (…): ", node.name);
    }
    if (function == nullptr) {
      const std::string nearest(NearName(node.name, FunctionNames()));
      const std::string hint = nearest.empty() ? "" : " (did you mean " + nearest + "?)";
      return Error(ErrorKind::kInvalidArgument, "function does not exist: ", node.name, hint);
    }
    if (function->id == FunctionId::kCoalesce || function->id == FunctionId::kGreatest ||
        function->id == FunctionId::kLeast) {
      LetLiteralsBeFloats(node.operands, &arguments);
    }
    return BindFunction(*function, std::move(arguments));
  }

  Result<Expression> BindNode(const AliasNode& node, const Expression&) {
    ICEFRAME_ASSIGN_OR_RETURN(Expression operand, Bind(node.operands[0]));
    const Type type = operand.type();
    return Expression(AliasNode{{std::move(operand)}, node.name}, type, true);
  }

  Result<Expression> BindNode(const CaseNode& node, const Expression& e) {
    std::vector<Expression> operands;
    std::vector<Expression> unbound_values;
    std::vector<Expression> values;
    for (size_t i = 0; i < node.operands.size(); ++i) {
      const bool is_condition = i % 2 == 0 && i + 1 < node.operands.size();
      ICEFRAME_ASSIGN_OR_RETURN(
          Expression bound, is_condition ? BindBoolean(node.operands[i]) : Bind(node.operands[i]));
      if (!is_condition) {
        unbound_values.push_back(node.operands[i]);
        values.push_back(bound);
      }
      operands.push_back(std::move(bound));
    }
    LetLiteralsBeFloats(unbound_values, &values);
    auto common = CommonType(values);
    if (!common.ok()) {
      return Error(ErrorKind::kInvalidArgument,
                   "the values of a CASE have no type in common: ", e.ToString());
    }
    if (common->id() == TypeId::kUnknown) return NullLit();
    size_t next_value = 0;
    for (size_t i = 0; i < operands.size(); ++i) {
      if (i % 2 == 0 && i + 1 < operands.size()) continue;
      Expression& value = values[next_value++];
      if (value.type().is_nested()) continue;
      ICEFRAME_ASSIGN_OR_RETURN(operands[i], CastTo(std::move(value), *common));
    }
    return Expression(CaseNode{std::move(operands)}, *common, true);
  }

  /// Refused before: CheckRowWise.
  Result<Expression> BindNode(const WindowNode&, const Expression& e) {
    return Error(ErrorKind::kInvalidArgument,
                 "a window function has no value of one row alone: ", e.ToString());
  }

  const Schema& schema_;
  bool case_sensitive_;
};

/// How many operands each kind of node must have, checked once for trees built by hand.
Status CheckShape(const Expression& root) {
  if (root.depth() > kMaxExpressionDepth) {
    return Error(ErrorKind::kInvalidArgument, "expression is nested too deeply: ", root.depth(),
                 " levels, at most ", kMaxExpressionDepth);
  }
  std::vector<const Expression*> pending = {&root};
  while (!pending.empty()) {
    const Expression& e = *pending.back();
    pending.pop_back();
    const ExpressionNode& node = e.node();
    const bool leaf =
        std::holds_alternative<ColumnNode>(node) || std::holds_alternative<LiteralNode>(node);
    const bool any =
        std::holds_alternative<AndNode>(node) || std::holds_alternative<OrNode>(node) ||
        std::holds_alternative<FunctionNode>(node) || std::holds_alternative<CaseNode>(node) ||
        std::holds_alternative<WindowNode>(node);
    const bool two = std::holds_alternative<ComparisonNode>(node) ||
                     std::holds_alternative<ArithmeticNode>(node);
    const size_t count = e.operands().size();
    if (std::holds_alternative<CaseNode>(node) && (count < 3 || count % 2 == 0)) {
      return Error(ErrorKind::kInvalidArgument, "CASE has a wrong number of operands: ", count);
    }
    if (!leaf && !any && count != (two ? 2U : 1U)) {
      return Error(ErrorKind::kInvalidArgument,
                   "expression has a wrong number of operands: ", count);
    }
    for (const Expression& operand : e.operands()) pending.push_back(&operand);
  }
  return Status::OK();
}

}  // namespace

Result<Expression> Bind(const Expression& expression, const Schema& schema, bool case_sensitive) {
  ICEFRAME_RETURN_NOT_OK(CheckShape(expression));
  ICEFRAME_RETURN_NOT_OK(CheckRowWise(expression));
  return Binder(schema, case_sensitive).Bind(expression);
}

Result<Expression> BindPredicate(const Expression& expression, const Schema& schema,
                                 bool case_sensitive) {
  ICEFRAME_ASSIGN_OR_RETURN(Expression bound, Bind(expression, schema, case_sensitive));
  if (const auto* alias = bound.as<AliasNode>()) {
    Expression inner = alias->operands[0];
    bound = std::move(inner);
  }
  if (bound.is_null_literal()) return internal::NullBoolean();
  if (bound.type().id() != TypeId::kBoolean) {
    return Error(ErrorKind::kInvalidArgument, "a filter must be boolean: ", expression.ToString(),
                 " is ", bound.type().ToString());
  }
  return bound;
}

}  // namespace iceframe
