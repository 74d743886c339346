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

// A relation's column, or field, that a plan's column is without being computed.
struct Origin {
  const ScanNode* scan;
  FieldId id;
};

std::optional<Origin> OriginOf(const PlanNode& plan, const NestedField& field) {
  if (const auto* scan = plan.as<ScanNode>()) {
    const bool is_there = scan->columns->FindField(field.id) != nullptr;
    return is_there ? std::optional(Origin{scan, scan->RelationId(field.id)}) : std::nullopt;
  }
  const auto* node = plan.as<UnionNode>();
  if (node == nullptr) {
    const bool is_row_by_row = plan.as<FilterNode>() != nullptr ||
                               plan.as<ProjectNode>() != nullptr ||
                               plan.as<SortNode>() != nullptr || plan.as<LimitNode>() != nullptr;
    return is_row_by_row ? OriginOf(*plan.inputs[0], field) : std::nullopt;
  }
  // That of the input which gave the type.
  std::optional<Origin> found;
  for (size_t i = 0; i < node->sources.size(); ++i) {
    const auto source = node->sources[i].find(field.id);
    if (source == node->sources[i].end()) continue;
    const NestedField* own = plan.inputs[i]->schema->FindField(source->second);
    const bool is_equal = own != nullptr && own->type == field.type;
    if (own != nullptr && (is_equal || !found)) found = OriginOf(*plan.inputs[i], *own);
    if (is_equal) break;
  }
  return found;
}

// Merges fields, nested ones too, and notes which field of each side an output field has.
class UnionColumns {
 public:
  UnionColumns(const PlanPtr& left, const PlanPtr& right, const UnionOptions& options,
               ColumnIds* ids)
      : left_plan_(*left), right_plan_(*right), options_(options), ids_(ids) {}

  Result<Fields> Make() {
    ICEFRAME_ASSIGN_OR_RETURN(
        Fields all, MergeAll(left_plan_.schema->fields(), right_plan_.schema->fields(), ""));
    std::ranges::stable_partition(all, [&](const NestedField& field) {
      return std::ranges::find(options_.last_columns, field.name) == options_.last_columns.end();
    });
    return all;
  }

  const Sources& left() const { return left_; }
  const Sources& right() const { return right_; }

 private:
  Result<Fields> MergeAll(const Fields& left, const Fields& right, const std::string& prefix) {
    return options_.by_name ? MergeByName(left, right, prefix)
                            : MergeByPosition(left, right, prefix);
  }

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

  // Which of the right fields each of the left ones is; those that are none's are left over.
  std::vector<Fields::const_iterator> Partners(const Fields& left, const Fields& right) const {
    std::vector<Fields::const_iterator> partners;
    for (const NestedField& field : left) {
      partners.push_back(std::ranges::find_if(
          right, [&](const NestedField& other) { return AreOne(field, other); }));
    }
    return partners;
  }

  bool AreOne(const NestedField& left, const NestedField& right) const {
    if (options_.by_field_id) {
      const auto one = OriginOf(left_plan_, left);
      const auto other = OriginOf(right_plan_, right);
      if (one && other) return one->id == other->id;
    }
    return left.name == right.name;
  }

  Result<Fields> MergeByName(const Fields& left, const Fields& right, const std::string& prefix) {
    const auto partners = Partners(left, right);
    Fields merged;
    for (size_t i = 0; i < left.size(); ++i) {
      ICEFRAME_ASSIGN_OR_RETURN(NestedField column, partners[i] == right.end()
                                                        ? TakeOne(left[i], prefix, "right", &left_)
                                                        : Merge(left[i], *partners[i], prefix));
      merged.push_back(std::move(column));
    }
    for (auto field = right.begin(); field != right.end(); ++field) {
      if (std::ranges::find(partners, field) != partners.end()) continue;
      const auto namesake = std::ranges::find(left, field->name, &NestedField::name);
      if (namesake != left.end()) return ClashOfIds(*namesake, *field, prefix);
      ICEFRAME_ASSIGN_OR_RETURN(NestedField column, TakeOne(*field, prefix, "left", &right_));
      merged.push_back(std::move(column));
    }
    return merged;
  }

  Status ClashOfIds(const NestedField& left, const NestedField& right,
                    const std::string& prefix) const {
    const auto one = OriginOf(left_plan_, left);
    const auto other = OriginOf(right_plan_, right);
    const std::string ids = one && other ? ", field " + std::to_string(one->id) + " and field " +
                                               std::to_string(other->id)
                                         : "";
    return Error(ErrorKind::kInvalidArgument,
                 "columns of a union have one name, but are others: ", prefix, left.name, " ",
                 PlaceOf(left_plan_, left, right_plan_, right, "left"), " and ",
                 PlaceOf(right_plan_, right, left_plan_, left, "right"), ids,
                 "; rename one of them, or match them by name");
  }

  // Where a column is: "in prod.users", or its side if that says no more.
  static std::string PlaceOf(const PlanNode& plan, const NestedField& field, const PlanNode& others,
                             const NestedField& other, const std::string& side) {
    const auto own = OriginOf(plan, field);
    const auto its = OriginOf(others, other);
    const bool is_told = own && its && own->scan->relation->name != its->scan->relation->name;
    return is_told ? "in " + own->scan->relation->name : "on the " + side;
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
      const std::string inside = prefix + left.name + ".";
      // Elements, keys and values are told by their place alone.
      const bool is_struct = left.type.id() == TypeId::kStruct;
      ICEFRAME_ASSIGN_OR_RETURN(
          Fields below, is_struct
                            ? MergeAll(left.type.fields(), right.type.fields(), inside)
                            : MergeByPosition(left.type.fields(), right.type.fields(), inside));
      return WithFields(left.type.id(), std::move(below));
    }
    if (auto promoted = Promoted(left.type, right.type)) return *promoted;
    const std::string right_name = right.name == left.name ? "" : " of " + right.name;
    return Error(ErrorKind::kInvalidArgument,
                 "columns of a union have types that don't meet: ", prefix, left.name, " is ",
                 left.type.ToString(), " ", PlaceOf(left_plan_, left, right_plan_, right, "left"),
                 " and ", right.type.ToString(), right_name, " ",
                 PlaceOf(right_plan_, right, left_plan_, left, "right"), "; cast one of them");
  }

  const PlanNode& left_plan_;
  const PlanNode& right_plan_;
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
  UnionColumns columns(left, right, options, ids);
  UnionNode node;
  ICEFRAME_ASSIGN_OR_RETURN(node.columns, columns.Make());
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
