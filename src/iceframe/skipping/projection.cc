// SPDX-License-Identifier: Apache-2.0
// Walking a row filter and putting together what its leaves mean for partitions.
#include "iceframe/skipping/projection.h"

#include "iceframe/skipping/column_predicate_internal.h"
#include "iceframe/skipping/transform_projection_internal.h"

namespace iceframe {
namespace {

using internal::AsColumnPredicate;
using internal::AsConstant;
using internal::ColumnPredicate;
using internal::FlatOperands;
using internal::ProjectionMode;

class Projector {
 public:
  Projector(const PartitionSpec& spec, const Schema& schema, Type partition_type,
            ProjectionMode mode)
      : spec_(spec), schema_(schema), partition_type_(std::move(partition_type)), mode_(mode) {}

  /// `negated`: project NOT expression instead. NOT goes to the leaves: the negation of an
  /// inclusive projection would not be one.
  Expression Visit(const Expression& expression, bool negated, int depth) const {
    if (depth > internal::kMaxDepth) return Undecided();
    if (expression.as<AndNode>() != nullptr) {
      return VisitAll(FlatOperands<AndNode>(expression), !negated, negated, depth);
    }
    if (expression.as<OrNode>() != nullptr) {
      return VisitAll(FlatOperands<OrNode>(expression), negated, negated, depth);
    }
    if (const auto* node = expression.as<NotNode>();
        node != nullptr && node->operands.size() == 1) {
      return Visit(node->operands[0], !negated, depth + 1);
    }
    if (const auto* literal = expression.as<LiteralNode>()) {
      // NULL is never true, nor is NOT NULL.
      if (!literal->value.holds<bool>()) return internal::BoundConstant(false);
      return internal::BoundConstant(literal->value.get<bool>() != negated);
    }
    auto predicate = AsColumnPredicate(expression);
    if (!predicate) return Undecided();
    return Leaf(negated ? predicate->Negated() : *predicate);
  }

 private:
  Expression Undecided() const {
    return internal::BoundConstant(mode_ == ProjectionMode::kInclusive);
  }

  Expression VisitAll(const std::vector<const Expression*>& operands, bool is_and, bool negated,
                      int depth) const {
    std::vector<Expression> parts;
    parts.reserve(operands.size());
    for (const Expression* operand : operands) {
      parts.push_back(Visit(*operand, negated, depth + 1));
      // One that decides all.
      if (AsConstant(parts.back()) == !is_and) return parts.back();
    }
    return is_and ? internal::BoundAnd(std::move(parts)) : internal::BoundOr(std::move(parts));
  }

  /// Inclusive: what every field demands. Strict: what any field proves.
  Expression Leaf(const ColumnPredicate& predicate) const {
    std::vector<Expression> parts;
    for (size_t i = 0; i < spec_.fields.size(); ++i) {
      const PartitionField& field = spec_.fields[i];
      if (field.source_ids.size() != 1 || field.source_id() != predicate.column->field_id) continue;
      if (schema_.FindField(field.source_id()) == nullptr) continue;
      const NestedField& partition_field = partition_type_.fields()[i];
      auto part =
          internal::ProjectThroughTransform(predicate, field.transform, partition_field, mode_);
      if (part) parts.push_back(std::move(*part));
    }
    if (mode_ == ProjectionMode::kInclusive) return internal::BoundAnd(std::move(parts));
    return internal::BoundOr(std::move(parts));
  }

  const PartitionSpec& spec_;
  const Schema& schema_;
  Type partition_type_;
  ProjectionMode mode_;
};

Result<Expression> Project(const Expression& filter, const PartitionSpec& spec,
                           const Schema& schema, ProjectionMode mode) {
  if (spec.is_unpartitioned() && !AsConstant(filter)) {
    return internal::BoundConstant(mode == ProjectionMode::kInclusive);
  }
  ICEFRAME_ASSIGN_OR_RETURN(Type partition_type, PartitionType(spec, schema));
  return Projector(spec, schema, std::move(partition_type), mode).Visit(filter, false, 0);
}

}  // namespace

Result<Expression> ProjectInclusive(const Expression& filter, const PartitionSpec& spec,
                                    const Schema& schema) {
  return Project(filter, spec, schema, ProjectionMode::kInclusive);
}

Result<Expression> ProjectStrict(const Expression& filter, const PartitionSpec& spec,
                                 const Schema& schema) {
  return Project(filter, spec, schema, ProjectionMode::kStrict);
}

}  // namespace iceframe
