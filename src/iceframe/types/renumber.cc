// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/renumber.h"

#include <utility>

namespace iceframe {

namespace {

Type Renumber(const Type& type, const FieldIdMap& new_id) {
  if (type.is_primitive()) return type;
  std::vector<NestedField> fields;
  for (const NestedField& child : type.fields()) {
    fields.push_back(iceframe::Renumber(child, new_id));
  }
  if (type.id() == TypeId::kStruct) return Type::Struct(std::move(fields));
  if (type.id() == TypeId::kList) return Type::List(std::move(fields[0]));
  return Type::Map(std::move(fields[0]), std::move(fields[1]));
}

}  // namespace

NestedField Renumber(const NestedField& field, const FieldIdMap& new_id) {
  NestedField renumbered = field;
  renumbered.id = new_id(field.id);
  renumbered.type = Renumber(field.type, new_id);
  return renumbered;
}

Result<std::shared_ptr<const Schema>> Renumber(const Schema& schema, const FieldIdMap& new_id) {
  std::vector<NestedField> fields;
  fields.reserve(schema.fields().size());
  for (const NestedField& field : schema.fields()) fields.push_back(Renumber(field, new_id));
  return Schema::Make(schema.schema_id(), std::move(fields));
}

}  // namespace iceframe
