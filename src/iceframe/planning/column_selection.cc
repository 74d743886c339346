// SPDX-License-Identifier: Apache-2.0
#include "iceframe/planning/column_selection.h"

#include <algorithm>
#include <set>
#include <utility>

#include "iceframe/base/nearest_name.h"

namespace iceframe {

namespace {

Status UnknownColumn(const Schema& schema, const std::string& name) {
  std::vector<std::string_view> known;
  known.reserve(schema.fields().size());
  for (const NestedField& field : schema.fields()) known.push_back(field.name);
  const std::string_view nearest = NearestName(name, known);
  if (nearest.empty()) return Error(ErrorKind::kInvalidArgument, "column does not exist: ", name);
  return Error(ErrorKind::kInvalidArgument, "column does not exist: ", name, "; did you mean ",
               nearest, "?");
}

FieldId TopLevelOf(const Schema& schema, FieldId id) {
  while (schema.ParentOf(id) != 0) id = schema.ParentOf(id);
  return id;
}

}  // namespace

Result<std::shared_ptr<const Schema>> SelectColumns(const Schema& schema,
                                                    const std::vector<std::string>& names,
                                                    bool case_sensitive) {
  std::set<FieldId> ids;
  std::vector<FieldId> order;
  for (const std::string& name : names) {
    const NestedField* field = schema.FindField(name, case_sensitive);
    if (field == nullptr) return UnknownColumn(schema, name);
    if (!ids.insert(field->id).second) {
      return Error(ErrorKind::kInvalidArgument, "column is selected twice: ", name);
    }
    const FieldId top = TopLevelOf(schema, field->id);
    if (std::find(order.begin(), order.end(), top) == order.end()) order.push_back(top);
  }
  const std::shared_ptr<const Schema> selected = schema.Select(ids);
  std::vector<NestedField> fields;
  fields.reserve(order.size());
  for (FieldId id : order) {
    const NestedField* field = selected->FindField(id);
    if (field != nullptr) fields.push_back(*field);
  }
  return Schema::Make(schema.schema_id(), std::move(fields));
}

}  // namespace iceframe
