// SPDX-License-Identifier: Apache-2.0
// The columns of two plans into those of their union.
#include <algorithm>
#include <utility>

#include "iceframe/expression/rewrite.h"
#include "iceframe/query/plan_binder_internal.h"

namespace iceframe {

namespace {

using Sources = std::map<FieldId, FieldId>;
using Fields = std::vector<NestedField>;

// A type that holds every value of both; nullopt if Iceberg promotes neither to the other.
std::optional<Type> Promoted(const Type& left, const Type& right) {
  if (left == right) return left;
  const auto are = [&](TypeId one, TypeId other) {
    return (left.id() == one && right.id() == other) || (left.id() == other && right.id() == one);
  };
  if (are(TypeId::kInt, TypeId::kLong)) return Type::Long();
  if (are(TypeId::kFloat, TypeId::kDouble)) return Type::Double();
  if (are(TypeId::kTimestamp, TypeId::kTimestampNs)) return Type::TimestampNs();
  if (are(TypeId::kTimestamptz, TypeId::kTimestamptzNs)) return Type::TimestamptzNs();
  if (are(TypeId::kDecimal, TypeId::kDecimal) && left.scale() == right.scale()) {
    return left.precision() > right.precision() ? left : right;
  }
  return std::nullopt;
}

std::string NamesOf(const Fields& fields) {
  std::string names;
  for (const NestedField& field : fields) names += (names.empty() ? "" : ", ") + field.name;
  return names;
}

// Merges fields, nested ones too, and notes which field of each side an output field has.
class UnionColumns {
 public:
  UnionColumns(const UnionOptions& options, ColumnIds* ids) : options_(options), ids_(ids) {}

  Result<Fields> MergeAll(const Fields& left, const Fields& right, const std::string& prefix) {
    return options_.by_name ? MergeByName(left, right, prefix)
                            : MergeByPosition(left, right, prefix);
  }

  const Sources& left() const { return left_; }
  const Sources& right() const { return right_; }

 private:
  Result<Fields> MergeByPosition(const Fields& left, const Fields& right,
                                 const std::string& prefix) {
    if (left.size() != right.size()) {
      return Error(ErrorKind::kInvalidArgument, "a union needs as many ",
                   prefix.empty() ? "columns" : "fields in " + prefix.substr(0, prefix.size() - 1),
                   " on both sides: ", left.size(), " (", NamesOf(left), ") and ", right.size(),
                   " (", NamesOf(right), "); select the same, or match them by name");
    }
    Fields merged;
    for (size_t i = 0; i < left.size(); ++i) {
      ICEFRAME_ASSIGN_OR_RETURN(NestedField field, Merge(left[i], right[i], prefix));
      merged.push_back(std::move(field));
    }
    return merged;
  }

  Result<Fields> MergeByName(const Fields& left, const Fields& right, const std::string& prefix) {
    const auto find = [](const Fields& fields, const std::string& name) {
      return std::ranges::find(fields, name, &NestedField::name);
    };
    Fields merged;
    for (const NestedField& field : left) {
      const auto other = find(right, field.name);
      ICEFRAME_ASSIGN_OR_RETURN(NestedField column, other == right.end()
                                                        ? TakeOne(field, prefix, "right", &left_)
                                                        : Merge(field, *other, prefix));
      merged.push_back(std::move(column));
    }
    for (const NestedField& field : right) {
      if (find(left, field.name) != left.end()) continue;
      ICEFRAME_ASSIGN_OR_RETURN(NestedField column, TakeOne(field, prefix, "left", &right_));
      merged.push_back(std::move(column));
    }
    return merged;
  }

  // A field that the other side lacks.
  Result<NestedField> TakeOne(const NestedField& field, const std::string& prefix,
                              std::string_view lacking, Sources* sources) {
    if (!options_.allow_missing_columns) {
      return Error(ErrorKind::kInvalidArgument, "column is missing on the ", lacking,
                   " side of a union: ", prefix, field.name,
                   "; add it, leave it out on the other side, or allow missing columns");
    }
    ICEFRAME_ASSIGN_OR_RETURN(NestedField copy, Copy(field, sources));
    copy.required = false;
    return copy;
  }

  // The field with new ids, at all depths, noted in `sources`.
  Result<NestedField> Copy(const NestedField& field, Sources* sources) {
    ICEFRAME_ASSIGN_OR_RETURN(const FieldId id, ids_->Next());
    sources->emplace(id, field.id);
    NestedField copy = NestedField::Optional(id, field.name, field.type);
    copy.required = field.required;
    if (field.type.is_primitive()) return copy;
    Fields below;
    for (const NestedField& child : field.type.fields()) {
      ICEFRAME_ASSIGN_OR_RETURN(NestedField inner, Copy(child, sources));
      below.push_back(std::move(inner));
    }
    copy.type = WithFields(field.type.id(), std::move(below));
    return copy;
  }

  static Type WithFields(TypeId id, Fields fields) {
    if (id == TypeId::kStruct) return Type::Struct(std::move(fields));
    if (id == TypeId::kList) return Type::List(std::move(fields[0]));
    return Type::Map(std::move(fields[0]), std::move(fields[1]));
  }

  Result<NestedField> Merge(const NestedField& left, const NestedField& right,
                            const std::string& prefix) {
    // What is null in all rows takes the other side's type.
    if (left.type.id() != right.type.id()) {
      const bool is_left_null = left.type.id() == TypeId::kUnknown;
      if (is_left_null || right.type.id() == TypeId::kUnknown) {
        ICEFRAME_ASSIGN_OR_RETURN(
            NestedField copy, Copy(is_left_null ? right : left, is_left_null ? &right_ : &left_));
        (is_left_null ? left_ : right_).emplace(copy.id, is_left_null ? left.id : right.id);
        copy.name = left.name;
        copy.required = false;
        return copy;
      }
    }
    ICEFRAME_ASSIGN_OR_RETURN(const FieldId id, ids_->Next());
    left_.emplace(id, left.id);
    right_.emplace(id, right.id);
    NestedField merged = NestedField::Optional(id, left.name, left.type);
    merged.required = left.required && right.required;
    ICEFRAME_ASSIGN_OR_RETURN(merged.type, MergeTypes(left, right, prefix));
    return merged;
  }

  Result<Type> MergeTypes(const NestedField& left, const NestedField& right,
                          const std::string& prefix) {
    if (left.type.is_nested() && left.type.id() == right.type.id()) {
      ICEFRAME_ASSIGN_OR_RETURN(Fields below, MergeAll(left.type.fields(), right.type.fields(),
                                                       prefix + left.name + "."));
      return WithFields(left.type.id(), std::move(below));
    }
    if (auto promoted = Promoted(left.type, right.type)) return *promoted;
    const std::string right_name = right.name == left.name ? "" : " of " + right.name;
    return Error(ErrorKind::kInvalidArgument,
                 "columns of a union have types that don't meet: ", prefix, left.name, " is ",
                 left.type.ToString(), " on the left and ", right.type.ToString(), right_name,
                 " on the right; cast one of them");
  }

  const UnionOptions& options_;
  ColumnIds* ids_;
  Sources left_;
  Sources right_;
};

// The sources of a union's input under the ids of a union above it.
Sources Composed(const Sources& outer, const Sources& inner) {
  Sources composed;
  for (const auto& [column, middle] : outer) {
    const auto source = inner.find(middle);
    if (source != inner.end()) composed.emplace(column, source->second);
  }
  return composed;
}

// A plan as one input of a union, or, being a union itself, its inputs.
void AddInputs(const PlanPtr& plan, const Sources& sources, UnionNode* node,
               std::vector<PlanPtr>* inputs) {
  const auto* inner = plan->as<UnionNode>();
  if (inner == nullptr) {
    node->sources.push_back(sources);
    inputs->push_back(plan);
    return;
  }
  for (size_t i = 0; i < inner->sources.size(); ++i) {
    node->sources.push_back(Composed(sources, inner->sources[i]));
    inputs->push_back(plan->inputs[i]);
  }
}

}  // namespace

Result<PlanPtr> BindUnion(const PlanPtr& left, const PlanPtr& right, const UnionOptions& options,
                          ColumnIds* ids) {
  if (options.allow_missing_columns && !options.by_name) {
    return Error(ErrorKind::kInvalidArgument,
                 "a union by position can't lack columns; match them by name");
  }
  UnionColumns columns(options, ids);
  UnionNode node;
  ICEFRAME_ASSIGN_OR_RETURN(node.columns,
                            columns.MergeAll(left->schema->fields(), right->schema->fields(), ""));
  std::vector<PlanPtr> inputs;
  AddInputs(left, columns.left(), &node, &inputs);
  AddInputs(right, columns.right(), &node, &inputs);
  return MakePlan(std::move(node), std::move(inputs));
}

std::optional<Expression> OverUnionInput(const PlanNode& plan, size_t i, const Expression& bound) {
  const Sources& sources = plan.as<UnionNode>()->sources[i];
  const Schema& input = *plan.inputs[i]->schema;
  // A nested column's own type may differ within; whether it is null does not.
  const bool asks_for_null = bound.as<IsNullNode>() != nullptr;
  bool is_expressible = true;
  Expression over = RewriteExpression(bound, [&](const Expression& e) -> std::optional<Expression> {
    const auto* column = e.as<ColumnNode>();
    if (column == nullptr) return std::nullopt;
    const auto source = sources.find(column->field_id);
    if (source == sources.end()) return Expression(LiteralNode{Value()}, e.type(), true);
    const NestedField* field = input.FindField(source->second);
    if (field != nullptr && field->type.id() == TypeId::kUnknown) {
      return Expression(LiteralNode{Value()}, e.type(), true);
    }
    if (field == nullptr || (field->type.is_nested() && !asks_for_null)) {
      is_expressible = false;
      return std::nullopt;
    }
    Expression own(ColumnNode{input.FullName(field->id), field->id}, field->type, true);
    if (field->type.is_nested() || field->type == e.type()) return own;
    return Expression(CastNode{{std::move(own)}, e.type()}, e.type(), true);
  });
  return is_expressible ? std::optional(std::move(over)) : std::nullopt;
}

}  // namespace iceframe
