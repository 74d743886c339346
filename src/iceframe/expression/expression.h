// SPDX-License-Identifier: Apache-2.0
// Scalar and boolean expressions: one tree for filters, projections and conditions.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/base/strong_id.h"
#include "iceframe/types/type.h"
#include "iceframe/types/value.h"

namespace iceframe {

enum class ComparisonOp : uint8_t {
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
};
enum class ArithmeticOp : uint8_t { kAdd, kSubtract, kMultiply, kDivide, kModulo };

class Expression;

/// A column: by name before binding, by field id after.
struct ColumnNode {
  std::string name;
  FieldId field_id = 0;
};
/// A literal; its type is the node's type (what its spelling says before binding).
struct LiteralNode {
  Value value;
};
struct ComparisonNode {
  ComparisonOp op = ComparisonOp::kEqual;
  std::vector<Expression> operands;  // two
};
/// operand [NOT] IN (values). Bound: values of the operand's type, sorted, distinct, no nulls.
struct InNode {
  std::vector<Expression> operands;  // one
  std::vector<Value> values;
  /// The values' type before binding.
  Type value_type;
  bool negated = false;
};
struct IsNullNode {
  std::vector<Expression> operands;  // one
  bool negated = false;
};
struct IsNaNNode {
  std::vector<Expression> operands;  // one
  bool negated = false;
};
struct StartsWithNode {
  std::vector<Expression> operands;  // one
  std::string prefix;
  bool negated = false;
};
/// SQL LIKE: % any run, _ one character; in `pattern` a backslash takes the next character as it
/// is. (In text there is no escape character without ESCAPE; the parser translates.)
struct LikeNode {
  std::vector<Expression> operands;  // one
  std::string pattern;
  bool negated = false;
  bool case_insensitive = false;
};
/// Any number of operands; none means true.
struct AndNode {
  std::vector<Expression> operands;
};
/// Any number of operands; none means false.
struct OrNode {
  std::vector<Expression> operands;
};
struct NotNode {
  std::vector<Expression> operands;  // one
};
struct ArithmeticNode {
  ArithmeticOp op = ArithmeticOp::kAdd;
  std::vector<Expression> operands;  // two
};
struct CastNode {
  std::vector<Expression> operands;  // one
  Type target;
};
/// A function of the catalogue in docs/expressions.md, by its lower-case name.
struct FunctionNode {
  std::string name;
  std::vector<Expression> operands;
};
struct AliasNode {
  std::vector<Expression> operands;  // one
  std::string name;
};
/// CASE: condition, value, condition, value, …, and what it is otherwise (a null literal where ELSE
/// is not written). The first condition that is true decides; other values are not computed.
struct CaseNode {
  std::vector<Expression> operands;  // an odd number, three at least
};
/// How one key sorts.
struct KeyDirection {
  bool descending = false;
  bool nulls_last = true;
  bool operator==(const KeyDirection&) const = default;
};
/// A call over the rows of a partition; window.h reads its parts.
struct WindowNode {
  /// The call (a FunctionNode), the partition keys, then the order keys.
  std::vector<Expression> operands;
  size_t num_partition_keys = 0;
  /// One per order key.
  std::vector<KeyDirection> directions;
};

/// One of the kinds above.
struct ExpressionNode
    : std::variant<ColumnNode, LiteralNode, ComparisonNode, InNode, IsNullNode, IsNaNNode,
                   StartsWithNode, LikeNode, AndNode, OrNode, NotNode, ArithmeticNode, CastNode,
                   FunctionNode, AliasNode, CaseNode, WindowNode> {
  using variant::variant;
  // Copied, moved and destroyed in expression.cc: every file with expressions would make them
  // again.
  ~ExpressionNode();
  ExpressionNode(const ExpressionNode& other);
  ExpressionNode(ExpressionNode&& other) noexcept;
  ExpressionNode& operator=(const ExpressionNode& other);
  ExpressionNode& operator=(ExpressionNode&& other) noexcept;
};

/// An immutable expression tree; cheap to copy.
///
/// Unbound trees name columns; `Bind` (binder.h) gives a tree whose columns carry field ids, whose
/// nodes carry types and whose literals are of the type they are compared with. Truth has three
/// values: a filter keeps the rows for which it is true. AND directly under AND, OR under OR, and
/// either of them over fewer than two operands never stand in a tree: the constructor takes them
/// up.
class Expression {
 public:
  /// The literal true.
  Expression();
  explicit Expression(ExpressionNode node, Type type = Type::Unknown(), bool is_bound = false);

  const ExpressionNode& node() const;
  /// The result's type when bound; literals have one always; unknown otherwise.
  const Type& type() const;
  bool is_bound() const;
  const std::vector<Expression>& operands() const;
  template <typename Node>
  const Node* as() const {
    return std::get_if<Node>(&node());
  }

  bool is_true() const;
  bool is_false() const;
  bool is_null_literal() const;
  /// Levels of the tree: 1 for a column or literal.
  int32_t depth() const;

  /// The text form; parsing it (parse_expression.h) gives an equal tree.
  std::string ToString() const;
  bool operator==(const Expression& other) const;

 private:
  struct Data;
  std::shared_ptr<const Data> data_;
};

/// Deeper trees are refused by the binder; the parser stops earlier.
inline constexpr int32_t kMaxExpressionDepth = 1000;

/// The names (unbound) of all columns in the tree, sorted.
std::vector<std::string> ReferencedColumns(const Expression& expression);
/// The field ids (bound) of all columns in the tree.
std::set<FieldId> ReferencedFieldIds(const Expression& expression);

// Builders of unbound trees.
Expression Col(std::string name);
Expression Lit(bool value);
Expression Lit(int32_t value);
Expression Lit(int64_t value);
Expression Lit(float value);
Expression Lit(double value);
Expression Lit(const char* value);
Expression Lit(std::string value);
/// A literal of any type; InvalidArgument if the value is not held as the type asks.
Result<Expression> Lit(const Type& type, Value value);
Expression NullLit();
Expression True();
Expression False();

Expression Compare(ComparisonOp op, Expression left, Expression right);
Expression Equal(Expression left, Expression right);
Expression NotEqual(Expression left, Expression right);
Expression Less(Expression left, Expression right);
Expression LessEqual(Expression left, Expression right);
Expression Greater(Expression left, Expression right);
Expression GreaterEqual(Expression left, Expression right);
/// operand >= low AND operand <= high. Where one bound is a double literal, a literal number that
/// is the other becomes a double too.
Expression Between(Expression operand, Expression low, Expression high);
Expression In(Expression operand, const Type& value_type, std::vector<Value> values);
Expression NotIn(Expression operand, const Type& value_type, std::vector<Value> values);
/// operand [NOT] IN (items): one node where the items are literals whose types meet, comparisons
/// joined by OR (AND) otherwise.
Expression InList(Expression operand, std::vector<Expression> items, bool negated = false);
Expression IsNull(Expression operand);
Expression IsNotNull(Expression operand);
Expression IsNaN(Expression operand);
Expression IsNotNaN(Expression operand);
Expression StartsWith(Expression operand, std::string prefix);
Expression NotStartsWith(Expression operand, std::string prefix);
Expression Like(Expression operand, std::string pattern);
Expression And(std::vector<Expression> operands);
Expression And(Expression left, Expression right);
Expression Or(std::vector<Expression> operands);
Expression Or(Expression left, Expression right);
Expression Not(Expression operand);
Expression Arithmetic(ArithmeticOp op, Expression left, Expression right);
Expression Cast(Expression operand, Type target);
Expression Function(std::string name, std::vector<Expression> arguments);
Expression As(Expression operand, std::string name);

struct CaseBranch {
  Expression condition;
  Expression value;
};
/// CASE WHEN condition THEN value … ELSE otherwise END; without branches it is `otherwise`.
Expression Case(std::vector<CaseBranch> branches, Expression otherwise = NullLit());

}  // namespace iceframe
