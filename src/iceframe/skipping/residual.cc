// SPDX-License-Identifier: Apache-2.0
// Residual filters: leaves replaced by what strict and inclusive projection say of a partition.
#include "iceframe/skipping/residual.h"

#include "iceframe/skipping/column_predicate_internal.h"
#include "iceframe/skipping/evaluators.h"
#include "iceframe/skipping/projection.h"
#include "iceframe/skipping/transform_projection_internal.h"

namespace iceframe {

/// The filter's AND/OR skeleton; leaves carry their projections. A NOT stays a leaf: under it,
/// "never true" and "false" are not the same.
struct ResidualEvaluator::Node {
  enum class Kind : uint8_t { kAnd, kOr, kLeaf };
  Kind kind = Kind::kLeaf;
  Expression expression;
  Expression inclusive;
  Expression strict;
  std::vector<Node> operands;

  static Result<Node> Make(const Expression& expression, const PartitionSpec& spec,
                           const Schema& schema, int depth);
  Expression Residual(const Type& partition_type, const std::vector<Value>& partition) const;
};

Result<ResidualEvaluator::Node> ResidualEvaluator::Node::Make(const Expression& expression,
                                                              const PartitionSpec& spec,
                                                              const Schema& schema, int depth) {
  Node node;
  node.expression = expression;
  std::vector<const Expression*> operands;
  if (depth <= internal::kMaxDepth && expression.as<AndNode>() != nullptr) {
    node.kind = Kind::kAnd;
    operands = internal::FlatOperands<AndNode>(expression);
  } else if (depth <= internal::kMaxDepth && expression.as<OrNode>() != nullptr) {
    node.kind = Kind::kOr;
    operands = internal::FlatOperands<OrNode>(expression);
  } else {
    ICEFRAME_ASSIGN_OR_RETURN(node.inclusive, ProjectInclusive(expression, spec, schema));
    ICEFRAME_ASSIGN_OR_RETURN(node.strict, ProjectStrict(expression, spec, schema));
    return node;
  }
  node.operands.reserve(operands.size());
  for (const Expression* operand : operands) {
    ICEFRAME_ASSIGN_OR_RETURN(Node child, Make(*operand, spec, schema, depth + 1));
    node.operands.push_back(std::move(child));
  }
  return node;
}

Expression ResidualEvaluator::Node::Residual(const Type& partition_type,
                                             const std::vector<Value>& partition) const {
  if (kind == Kind::kLeaf) {
    if (internal::AsConstant(strict) != false &&
        PartitionMustMatch(strict, partition_type, partition)) {
      return internal::BoundConstant(true);
    }
    if (!PartitionMayMatch(inclusive, partition_type, partition)) {
      return internal::BoundConstant(false);
    }
    return expression;
  }
  std::vector<Expression> parts;
  parts.reserve(operands.size());
  for (const Node& operand : operands) {
    parts.push_back(operand.Residual(partition_type, partition));
  }
  return kind == Kind::kAnd ? internal::BoundAnd(std::move(parts))
                            : internal::BoundOr(std::move(parts));
}

Result<ResidualEvaluator> ResidualEvaluator::Make(Expression filter, const PartitionSpec& spec,
                                                  const Schema& schema) {
  ResidualEvaluator evaluator;
  ICEFRAME_ASSIGN_OR_RETURN(evaluator.partition_type_, PartitionType(spec, schema));
  ICEFRAME_ASSIGN_OR_RETURN(Node root, Node::Make(filter, spec, schema, 0));
  evaluator.root_ = std::make_shared<const Node>(std::move(root));
  return evaluator;
}

Expression ResidualEvaluator::Residual(const std::vector<Value>& partition) const {
  return root_->Residual(partition_type_, partition);
}

}  // namespace iceframe
