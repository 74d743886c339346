// SPDX-License-Identifier: Apache-2.0
// The tree itself: normal form of AND and OR, equality and teardown without recursion, builders.
#include "iceframe/expression/expression.h"

#include <algorithm>
#include <utility>

#include "iceframe/types/exact_quotient.h"

namespace iceframe {

struct Expression::Data {
  ExpressionNode node;
  Type type;
  bool is_bound = false;
  int32_t depth = 1;

  Data(ExpressionNode node_in, Type type_in, bool is_bound_in, int32_t depth_in)
      : node(std::move(node_in)),
        type(std::move(type_in)),
        is_bound(is_bound_in),
        depth(depth_in) {}
  Data(const Data&) = delete;
  Data& operator=(const Data&) = delete;
  ~Data();
};

namespace {

/// The trees below this depth are freed by plain recursion.
constexpr int32_t kRecursiveTeardownDepth = 64;

const std::vector<Expression>& NoOperands() {
  static const std::vector<Expression> kNone;
  return kNone;
}

std::vector<Expression>* OperandsOf(ExpressionNode* node) {
  return std::visit(
      [](auto& typed) -> std::vector<Expression>* {
        if constexpr (requires { typed.operands; }) {
          return &typed.operands;
        } else {
          return nullptr;
        }
      },
      *node);
}

/// Takes the operands of nested nodes of the same kind up into one list.
template <typename Node>
void Flatten(Node* node) {
  const bool nested = std::any_of(node->operands.begin(), node->operands.end(),
                                  [](const Expression& e) { return e.as<Node>() != nullptr; });
  if (!nested) return;
  std::vector<Expression> flat;
  for (Expression& operand : node->operands) {
    if (const Node* inner = operand.template as<Node>()) {
      flat.insert(flat.end(), inner->operands.begin(), inner->operands.end());
    } else {
      flat.push_back(std::move(operand));
    }
  }
  node->operands = std::move(flat);
}

// Whether two nodes of a kind agree in everything but their operands.
bool Same(const ColumnNode& a, const ColumnNode& b) {
  return a.name == b.name && a.field_id == b.field_id;
}
bool Same(const LiteralNode& a, const LiteralNode& b) { return a.value == b.value; }
bool Same(const ComparisonNode& a, const ComparisonNode& b) { return a.op == b.op; }
bool Same(const InNode& a, const InNode& b) {
  return a.negated == b.negated && a.value_type == b.value_type && a.values == b.values;
}
bool Same(const IsNullNode& a, const IsNullNode& b) { return a.negated == b.negated; }
bool Same(const IsNaNNode& a, const IsNaNNode& b) { return a.negated == b.negated; }
bool Same(const StartsWithNode& a, const StartsWithNode& b) {
  return a.negated == b.negated && a.prefix == b.prefix;
}
bool Same(const LikeNode& a, const LikeNode& b) {
  return a.negated == b.negated && a.pattern == b.pattern &&
         a.case_insensitive == b.case_insensitive;
}
bool Same(const AndNode&, const AndNode&) { return true; }
bool Same(const OrNode&, const OrNode&) { return true; }
bool Same(const NotNode&, const NotNode&) { return true; }
bool Same(const ArithmeticNode& a, const ArithmeticNode& b) { return a.op == b.op; }
bool Same(const CastNode& a, const CastNode& b) { return a.target == b.target; }
bool Same(const FunctionNode& a, const FunctionNode& b) { return a.name == b.name; }
bool Same(const AliasNode& a, const AliasNode& b) { return a.name == b.name; }
bool Same(const CaseNode&, const CaseNode&) { return true; }
bool Same(const WindowNode& a, const WindowNode& b) {
  return a.num_partition_keys == b.num_partition_keys && a.directions == b.directions;
}

bool SameNode(const ExpressionNode& left, const ExpressionNode& right) {
  if (left.index() != right.index()) return false;
  return std::visit(
      [&right](const auto& a) { return Same(a, *std::get_if<std::decay_t<decltype(a)>>(&right)); },
      left);
}

/// Calls `visit` for every node of the tree, parents first.
template <typename Visit>
void ForEachNode(const Expression& root, const Visit& visit) {
  std::vector<const Expression*> pending = {&root};
  while (!pending.empty()) {
    const Expression* next = pending.back();
    pending.pop_back();
    visit(*next);
    for (const Expression& operand : next->operands()) pending.push_back(&operand);
  }
}

Expression MakeLiteral(Type type, Value value) {
  return Expression(LiteralNode{std::move(value)}, std::move(type), true);
}

}  // namespace

ExpressionNode::~ExpressionNode() = default;
ExpressionNode::ExpressionNode(const ExpressionNode&) = default;
ExpressionNode::ExpressionNode(ExpressionNode&&) noexcept = default;
ExpressionNode& ExpressionNode::operator=(const ExpressionNode&) = default;
ExpressionNode& ExpressionNode::operator=(ExpressionNode&&) noexcept = default;

Expression::Data::~Data() {
  if (depth <= kRecursiveTeardownDepth) return;
  // A long chain is freed level by level: each node is stripped of its operands before it goes.
  std::vector<Expression> pending;
  const auto take = [&pending](ExpressionNode* from) {
    if (std::vector<Expression>* operands = OperandsOf(from)) {
      for (Expression& operand : *operands) pending.push_back(std::move(operand));
      operands->clear();
    }
  };
  take(&node);
  while (!pending.empty()) {
    Expression last = std::move(pending.back());
    pending.pop_back();
    if (last.data_ != nullptr && last.data_.use_count() == 1) {
      // The only owner: nobody else can see the node change.
      take(&const_cast<Data*>(last.data_.get())->node);
    }
  }
}

Expression::Expression() {
  static const std::shared_ptr<const Data> kTrue =
      std::make_shared<const Data>(LiteralNode{Value(true)}, Type::Boolean(), true, 1);
  data_ = kTrue;
}

Expression::Expression(ExpressionNode node, Type type, bool is_bound) {
  std::vector<Expression>* operands = OperandsOf(&node);
  if (auto* conjunction = std::get_if<AndNode>(&node)) Flatten(conjunction);
  if (auto* disjunction = std::get_if<OrNode>(&node)) Flatten(disjunction);
  const bool is_and = std::holds_alternative<AndNode>(node);
  if (is_and || std::holds_alternative<OrNode>(node)) {
    if (operands->size() == 1) {
      std::shared_ptr<const Data> only = operands->front().data_;
      data_ = std::move(only);
      return;
    }
    if (operands->empty()) {
      node = LiteralNode{Value(is_and)};
      type = Type::Boolean();
      operands = nullptr;
    }
  }
  if (std::holds_alternative<LiteralNode>(node)) is_bound = true;
  const bool is_logical =
      is_and || std::holds_alternative<OrNode>(node) || std::holds_alternative<NotNode>(node);
  if (is_logical && !is_bound && operands != nullptr) {
    // The builders serve bound trees as well.
    is_bound = std::all_of(operands->begin(), operands->end(),
                           [](const Expression& operand) { return operand.is_bound(); });
    if (is_bound) type = Type::Boolean();
  }
  int32_t depth = 0;
  if (operands != nullptr) {
    for (const Expression& operand : *operands) depth = std::max(depth, operand.depth());
  }
  data_ = std::make_shared<const Data>(std::move(node), std::move(type), is_bound, depth + 1);
}

const ExpressionNode& Expression::node() const { return data_->node; }
const Type& Expression::type() const { return data_->type; }
bool Expression::is_bound() const { return data_->is_bound; }
int32_t Expression::depth() const { return data_->depth; }

const std::vector<Expression>& Expression::operands() const {
  return std::visit(
      [](const auto& typed) -> const std::vector<Expression>& {
        if constexpr (requires { typed.operands; }) {
          return typed.operands;
        } else {
          return NoOperands();
        }
      },
      data_->node);
}

bool Expression::is_true() const {
  const auto* literal = as<LiteralNode>();
  return literal != nullptr && literal->value.holds<bool>() && literal->value.get<bool>();
}

bool Expression::is_false() const {
  const auto* literal = as<LiteralNode>();
  return literal != nullptr && literal->value.holds<bool>() && !literal->value.get<bool>();
}

bool Expression::is_null_literal() const {
  const auto* literal = as<LiteralNode>();
  return literal != nullptr && literal->value.is_null();
}

bool Expression::operator==(const Expression& other) const {
  std::vector<std::pair<const Expression*, const Expression*>> pending = {{this, &other}};
  while (!pending.empty()) {
    const auto [left, right] = pending.back();
    pending.pop_back();
    if (left->data_ == right->data_) continue;
    if (left->is_bound() != right->is_bound() || !(left->type() == right->type()) ||
        !SameNode(left->node(), right->node())) {
      return false;
    }
    const auto& a = left->operands();
    const auto& b = right->operands();
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i) pending.emplace_back(&a[i], &b[i]);
  }
  return true;
}

std::vector<std::string> ReferencedColumns(const Expression& expression) {
  std::set<std::string> names;
  ForEachNode(expression, [&names](const Expression& e) {
    if (const auto* column = e.as<ColumnNode>()) names.insert(column->name);
  });
  return {names.begin(), names.end()};
}

std::set<FieldId> ReferencedFieldIds(const Expression& expression) {
  std::set<FieldId> ids;
  ForEachNode(expression, [&ids](const Expression& e) {
    const auto* column = e.as<ColumnNode>();
    if (column != nullptr && e.is_bound()) ids.insert(column->field_id);
  });
  return ids;
}

Expression Col(std::string name) { return Expression(ColumnNode{std::move(name), 0}); }
Expression Lit(bool value) { return MakeLiteral(Type::Boolean(), Value(value)); }
Expression Lit(int32_t value) { return MakeLiteral(Type::Int(), Value(value)); }
Expression Lit(int64_t value) { return MakeLiteral(Type::Long(), Value(value)); }
Expression Lit(float value) { return MakeLiteral(Type::Float(), Value(value)); }
Expression Lit(double value) { return MakeLiteral(Type::Double(), Value(value)); }
Expression Lit(const char* value) { return MakeLiteral(Type::String(), Value(value)); }
Expression Lit(std::string value) { return MakeLiteral(Type::String(), Value(std::move(value))); }

Result<Expression> Lit(const Type& type, Value value) {
  if (type.is_nested()) {
    return Error(ErrorKind::kInvalidArgument,
                 "a literal must be of a primitive type: ", type.ToString());
  }
  if (!Fits(type, value)) {
    return Error(ErrorKind::kInvalidArgument,
                 "value is not held as its type asks: ", type.ToString());
  }
  return MakeLiteral(type, std::move(value));
}

Expression NullLit() { return MakeLiteral(Type::Unknown(), Value::Null()); }
Expression True() { return Expression(); }
Expression False() { return Lit(false); }

Expression Compare(ComparisonOp op, Expression left, Expression right) {
  return Expression(ComparisonNode{op, {std::move(left), std::move(right)}});
}
Expression Equal(Expression left, Expression right) {
  return Compare(ComparisonOp::kEqual, std::move(left), std::move(right));
}
Expression NotEqual(Expression left, Expression right) {
  return Compare(ComparisonOp::kNotEqual, std::move(left), std::move(right));
}
Expression Less(Expression left, Expression right) {
  return Compare(ComparisonOp::kLess, std::move(left), std::move(right));
}
Expression LessEqual(Expression left, Expression right) {
  return Compare(ComparisonOp::kLessEqual, std::move(left), std::move(right));
}
Expression Greater(Expression left, Expression right) {
  return Compare(ComparisonOp::kGreater, std::move(left), std::move(right));
}
Expression GreaterEqual(Expression left, Expression right) {
  return Compare(ComparisonOp::kGreaterEqual, std::move(left), std::move(right));
}

namespace {
bool IsDoubleLiteral(const Expression& expression) {
  const auto* literal = expression.as<LiteralNode>();
  return literal != nullptr && literal->value.holds<double>();
}

/// A literal that is a whole number or decimal, made a double; anything else as it is.
Expression WidenedToDouble(Expression expression) {
  const auto* literal = expression.as<LiteralNode>();
  if (literal == nullptr) return expression;
  const Value& value = literal->value;
  const Type& type = expression.type();
  if (type.id() == TypeId::kInt && value.holds<int32_t>()) {
    return Lit(static_cast<double>(value.get<int32_t>()));
  }
  if (type.id() == TypeId::kLong && value.holds<int64_t>()) {
    return Lit(static_cast<double>(value.get<int64_t>()));
  }
  if (type.id() == TypeId::kDecimal && value.holds<arrow::Decimal128>()) {
    return Lit(NearestDouble(value.get<arrow::Decimal128>(), type.scale()));
  }
  return expression;
}
}  // namespace

Expression Between(Expression operand, Expression low, Expression high) {
  // Both bounds are of one type: which float is nearest to 0.1 matters less than that.
  if (IsDoubleLiteral(low) != IsDoubleLiteral(high)) {
    low = WidenedToDouble(std::move(low));
    high = WidenedToDouble(std::move(high));
  }
  Expression lower = GreaterEqual(operand, std::move(low));
  return And(std::move(lower), LessEqual(std::move(operand), std::move(high)));
}

namespace {
Expression MakeIn(Expression operand, const Type& value_type, std::vector<Value> values,
                  bool negated) {
  const bool typed = std::any_of(values.begin(), values.end(),
                                 [](const Value& value) { return !value.is_null(); });
  return Expression(InNode{
      {std::move(operand)}, std::move(values), typed ? value_type : Type::Unknown(), negated});
}
}  // namespace

Expression In(Expression operand, const Type& value_type, std::vector<Value> values) {
  return MakeIn(std::move(operand), value_type, std::move(values), false);
}
Expression NotIn(Expression operand, const Type& value_type, std::vector<Value> values) {
  return MakeIn(std::move(operand), value_type, std::move(values), true);
}
Expression IsNull(Expression operand) {
  return Expression(IsNullNode{{std::move(operand)}, false});
}
Expression IsNotNull(Expression operand) {
  return Expression(IsNullNode{{std::move(operand)}, true});
}
Expression IsNaN(Expression operand) { return Expression(IsNaNNode{{std::move(operand)}, false}); }
Expression IsNotNaN(Expression operand) {
  return Expression(IsNaNNode{{std::move(operand)}, true});
}
Expression StartsWith(Expression operand, std::string prefix) {
  return Expression(StartsWithNode{{std::move(operand)}, std::move(prefix), false});
}
Expression NotStartsWith(Expression operand, std::string prefix) {
  return Expression(StartsWithNode{{std::move(operand)}, std::move(prefix), true});
}
Expression Like(Expression operand, std::string pattern) {
  return Expression(LikeNode{{std::move(operand)}, std::move(pattern), false, false});
}
Expression And(std::vector<Expression> operands) {
  return Expression(AndNode{std::move(operands)});
}
Expression And(Expression left, Expression right) {
  return Expression(AndNode{{std::move(left), std::move(right)}});
}
Expression Or(std::vector<Expression> operands) { return Expression(OrNode{std::move(operands)}); }
Expression Or(Expression left, Expression right) {
  return Expression(OrNode{{std::move(left), std::move(right)}});
}
Expression Not(Expression operand) { return Expression(NotNode{{std::move(operand)}}); }
Expression Arithmetic(ArithmeticOp op, Expression left, Expression right) {
  return Expression(ArithmeticNode{op, {std::move(left), std::move(right)}});
}
Expression Cast(Expression operand, Type target) {
  return Expression(CastNode{{std::move(operand)}, std::move(target)});
}
Expression Function(std::string name, std::vector<Expression> arguments) {
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  // These calls are nodes of their own, whichever way they are written.
  if ((name == "isnan" || name == "is_nan") && arguments.size() == 1) {
    return IsNaN(std::move(arguments[0]));
  }
  if (name == "starts_with" && arguments.size() == 2) {
    const auto* prefix = arguments[1].as<LiteralNode>();
    if (prefix != nullptr && prefix->value.holds<std::string>() &&
        arguments[1].type().id() == TypeId::kString) {
      return StartsWith(std::move(arguments[0]), prefix->value.get<std::string>());
    }
  }
  if (name == "nullif" && arguments.size() == 2) {
    Expression same = Equal(arguments[0], std::move(arguments[1]));
    return Case({{std::move(same), NullLit()}}, std::move(arguments[0]));
  }
  return Expression(FunctionNode{std::move(name), std::move(arguments)});
}
Expression Case(std::vector<CaseBranch> branches, Expression otherwise) {
  if (branches.empty()) return otherwise;
  CaseNode node;
  node.operands.reserve(branches.size() * 2 + 1);
  for (CaseBranch& branch : branches) {
    node.operands.push_back(std::move(branch.condition));
    node.operands.push_back(std::move(branch.value));
  }
  node.operands.push_back(std::move(otherwise));
  return Expression(std::move(node));
}
Expression As(Expression operand, std::string name) {
  return Expression(AliasNode{{std::move(operand)}, std::move(name)});
}

}  // namespace iceframe
