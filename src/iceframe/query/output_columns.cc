// SPDX-License-Identifier: Apache-2.0
// Ids and names of the columns that a query makes.
#include <algorithm>
#include <limits>
#include <utility>

#include "iceframe/query/plan_binder_internal.h"

namespace iceframe {

namespace {

// Above are the ids of metadata columns. Spec: "Reserved Field IDs".
constexpr FieldId kLastColumnId = std::numeric_limits<FieldId>::max() - 1000;

void CollectIds(const NestedField& field, std::set<FieldId>* ids) {
  ids->insert(field.id);
  for (const NestedField& child : field.type.fields()) CollectIds(child, ids);
}

}  // namespace

Result<FieldId> ColumnIds::Next() {
  ICEFRAME_ASSIGN_OR_RETURN(const FieldId offset, Reserve(1));
  return offset + 1;
}

Result<FieldId> ColumnIds::Reserve(FieldId highest) {
  if (highest > kLastColumnId - last_) {
    return Error(ErrorKind::kInvalidArgument,
                 "the query's tables have too many field ids: ", highest, " above ", last_);
  }
  const FieldId offset = last_;
  last_ += highest;
  return offset;
}

Result<NamedExpression> OutputColumns::Make(std::string name, const Expression& bound) {
  NestedField field = NestedField::Optional(0, std::move(name), bound.type());
  std::set<FieldId> ids;
  if (const auto* column = bound.as<ColumnNode>()) {
    field.id = column->field_id;
    const NestedField* source = input_.FindField(column->field_id);
    field.required = source != nullptr && source->required && input_.ParentOf(source->id) == 0;
    CollectIds(field, &ids);
  }
  const bool is_free = std::ranges::none_of(ids, [&](FieldId id) { return used_.contains(id); });
  if (ids.empty() || !is_free) {
    std::set<FieldId> nested;
    CollectIds(field, &nested);
    ICEFRAME_ASSIGN_OR_RETURN(const FieldId offset,
                              ids_->Reserve(static_cast<FieldId>(nested.size())));
    field = AssignFreshIds({field}, offset + 1).front();
    ids.clear();
    CollectIds(field, &ids);
  }
  used_.merge(ids);
  return NamedExpression{std::move(field), bound};
}

void OutputColumns::Reserve(const NestedField& field) { CollectIds(field, &used_); }

std::string ItemName(const Expression& item) {
  if (const auto* alias = item.as<AliasNode>()) return alias->name;
  const auto* column = item.as<ColumnNode>();
  if (column == nullptr) return item.ToString();
  const size_t dot = column->name.rfind('.');
  return dot == std::string::npos ? column->name : column->name.substr(dot + 1);
}

}  // namespace iceframe
