// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/schema.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "iceframe/base/ascii.h"
#include "iceframe/types/max_depth_internal.h"

namespace iceframe {

namespace {

// Deeper than any sane table, shallow enough for recursion over hostile schemas.

}  // namespace

/// Where every field is; built once, points into the schema's own fields.
struct Schema::Index {
  struct Entry {
    const NestedField* field = nullptr;
    FieldId parent = 0;
    std::string full_name;
    // Empty inside of lists and maps.
    std::vector<int> struct_path;
  };
  static constexpr FieldId kAmbiguous = -1;

  std::unordered_map<FieldId, Entry> by_id;
  std::unordered_map<std::string, FieldId> by_name;
  std::unordered_map<std::string, FieldId> by_lower_name;
  // Names without "element" and "value"; a full name wins over them.
  std::vector<std::pair<std::string, FieldId>> short_names;
  FieldId highest = 0;

  /// The place that the fields below one field share.
  struct Place {
    FieldId id = 0;
    std::string full_prefix;
    std::string short_prefix;
    std::vector<int> struct_path;
    bool in_struct = true;
    int depth = 0;
  };

  Status AddLevel(const std::vector<NestedField>& fields, const Place& place) {
    if (place.depth > internal::kMaxDepth) {
      return Error(ErrorKind::kInvalidArgument, "schema is nested too deeply, at most ",
                   internal::kMaxDepth, " levels: ", place.full_prefix);
    }
    for (size_t i = 0; i < fields.size(); ++i) {
      ICEFRAME_RETURN_NOT_OK(AddField(fields[i], static_cast<int>(i), place));
    }
    return Status::OK();
  }

  void AddShortNames() {
    for (auto& [name, id] : short_names) by_name.try_emplace(std::move(name), id);
    for (const auto& [name, id] : by_name) {
      const auto [entry, added] = by_lower_name.try_emplace(AsciiLower(name), id);
      if (!added && entry->second != id) entry->second = kAmbiguous;
    }
  }

 private:
  Status AddField(const NestedField& field, int position, const Place& place) {
    const std::string full_name = place.full_prefix + field.name;
    if (field.name.empty()) {
      return Error(ErrorKind::kInvalidArgument, "schema has a field without a name: id ", field.id);
    }
    if (field.id <= 0) {
      return Error(ErrorKind::kInvalidArgument, "field id must be greater than 0: ", full_name,
                   " has ", field.id);
    }
    Entry entry{&field, place.id, full_name, {}};
    if (place.in_struct) {
      entry.struct_path = place.struct_path;
      entry.struct_path.push_back(position);
    }
    const auto [added, is_new_id] = by_id.try_emplace(field.id, std::move(entry));
    if (!is_new_id) {
      return Error(ErrorKind::kInvalidArgument,
                   "two fields have the same id: ", added->second.full_name, " and ", full_name,
                   " have ", field.id);
    }
    if (!by_name.try_emplace(full_name, field.id).second) {
      return Error(ErrorKind::kInvalidArgument, "two fields have the same name: ", full_name);
    }
    const std::string short_name = place.short_prefix + field.name;
    if (short_name != full_name) short_names.emplace_back(short_name, field.id);
    highest = std::max(highest, field.id);
    return field.type.is_nested() ? AddChildren(field, added->second, short_name, place)
                                  : Status::OK();
  }

  Status AddChildren(const NestedField& field, const Entry& entry, const std::string& short_name,
                     const Place& place) {
    Place below;
    below.id = field.id;
    below.full_prefix = entry.full_name + ".";
    below.struct_path = entry.struct_path;
    below.in_struct = place.in_struct && field.type.id() == TypeId::kStruct;
    below.depth = place.depth + 1;
    // "locations.latitude" stands for "locations.element.latitude".
    const bool left_out = field.type.id() == TypeId::kStruct && IsLeftOut(field, place);
    below.short_prefix = left_out ? place.short_prefix : short_name + ".";
    return AddLevel(field.type.fields(), below);
  }

  bool IsLeftOut(const NestedField& field, const Place& place) const {
    const auto parent = by_id.find(place.id);
    if (parent == by_id.end()) return false;
    const Type& type = parent->second.field->type;
    if (type.id() == TypeId::kList) return true;
    return type.id() == TypeId::kMap && type.fields()[1].id == field.id;
  }
};

namespace {

Status CheckIdentifierField(const Schema& schema, FieldId id) {
  const NestedField* field = schema.FindField(id);
  if (field == nullptr) {
    return Error(ErrorKind::kInvalidArgument, "identifier field is not in the schema: id ", id);
  }
  const std::string name = schema.FullName(id);
  if (!field->type.is_primitive() || field->type.id() == TypeId::kFloat ||
      field->type.id() == TypeId::kDouble) {
    return Error(ErrorKind::kInvalidArgument,
                 "identifier field must be a primitive, and no float or double: ", name, " is ",
                 field->type.ToString());
  }
  for (FieldId at = id; at != 0; at = schema.ParentOf(at)) {
    const NestedField* step = schema.FindField(at);
    if (at != id && step->type.id() != TypeId::kStruct) {
      return Error(ErrorKind::kInvalidArgument,
                   "identifier field must be outside of lists and maps: ", name);
    }
    if (!step->required) {
      return Error(ErrorKind::kInvalidArgument,
                   "identifier field and the structs around it must be required: ", name);
    }
  }
  return Status::OK();
}

// Returns the field with only what `ids` asks for inside, or nullopt if it asks for nothing.
std::optional<NestedField> SelectField(const NestedField& field, const std::set<FieldId>& ids) {
  if (ids.contains(field.id)) return field;
  if (!field.type.is_nested()) return std::nullopt;
  std::vector<NestedField> children;
  bool any = false;
  for (const NestedField& child : field.type.fields()) {
    std::optional<NestedField> selected = SelectField(child, ids);
    any |= selected.has_value();
    if (selected) {
      children.push_back(std::move(*selected));
    } else if (field.type.id() == TypeId::kMap) {
      children.push_back(child);
    }
  }
  if (!any) return std::nullopt;
  NestedField kept = field;
  switch (field.type.id()) {
    case TypeId::kList:
      kept.type = Type::List(std::move(children[0]));
      break;
    case TypeId::kMap:
      kept.type = Type::Map(std::move(children[0]), std::move(children[1]));
      break;
    default:
      kept.type = Type::Struct(std::move(children));
  }
  return kept;
}

std::vector<NestedField> AssignLevel(const std::vector<NestedField>& fields, FieldId* next_id);

Type AssignType(const Type& type, FieldId* next_id) {
  if (!type.is_nested()) return type;
  std::vector<NestedField> children = AssignLevel(type.fields(), next_id);
  if (type.id() == TypeId::kList) return Type::List(std::move(children[0]));
  if (type.id() == TypeId::kMap) return Type::Map(std::move(children[0]), std::move(children[1]));
  return Type::Struct(std::move(children));
}

std::vector<NestedField> AssignLevel(const std::vector<NestedField>& fields, FieldId* next_id) {
  std::vector<NestedField> assigned = fields;
  for (NestedField& field : assigned) field.id = (*next_id)++;
  for (NestedField& field : assigned) field.type = AssignType(field.type, next_id);
  return assigned;
}

}  // namespace

Result<std::shared_ptr<const Schema>> Schema::Make(SchemaId schema_id,
                                                   std::vector<NestedField> fields,
                                                   std::vector<FieldId> identifier_field_ids) {
  std::shared_ptr<Schema> schema(new Schema());
  schema->schema_id_ = schema_id;
  schema->fields_ = std::move(fields);
  schema->identifier_field_ids_ = std::move(identifier_field_ids);
  auto index = std::make_shared<Index>();
  ICEFRAME_RETURN_NOT_OK(index->AddLevel(schema->fields_, Index::Place{}));
  index->AddShortNames();
  schema->highest_field_id_ = index->highest;
  schema->index_ = std::move(index);
  for (FieldId id : schema->identifier_field_ids_) {
    ICEFRAME_RETURN_NOT_OK(CheckIdentifierField(*schema, id));
  }
  return schema;
}

const NestedField* Schema::FindField(FieldId id) const {
  const auto found = index_->by_id.find(id);
  return found == index_->by_id.end() ? nullptr : found->second.field;
}

const NestedField* Schema::FindField(std::string_view name, bool case_sensitive) const {
  if (case_sensitive) {
    const auto found = index_->by_name.find(std::string(name));
    return found == index_->by_name.end() ? nullptr : FindField(found->second);
  }
  const auto found = index_->by_lower_name.find(AsciiLower(name));
  return found == index_->by_lower_name.end() ? nullptr : FindField(found->second);
}

std::string Schema::FullName(FieldId id) const {
  const auto found = index_->by_id.find(id);
  return found == index_->by_id.end() ? std::string() : found->second.full_name;
}

std::vector<int> Schema::StructPath(FieldId id) const {
  const auto found = index_->by_id.find(id);
  return found == index_->by_id.end() ? std::vector<int>() : found->second.struct_path;
}

FieldId Schema::ParentOf(FieldId id) const {
  const auto found = index_->by_id.find(id);
  return found == index_->by_id.end() ? 0 : found->second.parent;
}

std::shared_ptr<const Schema> Schema::Select(const std::set<FieldId>& ids) const {
  std::vector<NestedField> fields;
  for (const NestedField& field : fields_) {
    if (std::optional<NestedField> kept = SelectField(field, ids)) {
      fields.push_back(std::move(*kept));
    }
  }
  // Every part of a valid schema is one, so only the identifier fields need another look.
  std::shared_ptr<Schema> selected(new Schema());
  selected->schema_id_ = schema_id_;
  selected->fields_ = std::move(fields);
  auto index = std::make_shared<Index>();
  (void)index->AddLevel(selected->fields_, Index::Place{});
  index->AddShortNames();
  selected->highest_field_id_ = index->highest;
  selected->index_ = std::move(index);
  for (FieldId id : identifier_field_ids_) {
    if (selected->FindField(id) != nullptr) selected->identifier_field_ids_.push_back(id);
  }
  return selected;
}

std::string Schema::ToString() const {
  std::string text = "table {";
  for (const NestedField& field : fields_) {
    text += "\n  " + std::to_string(field.id) + ": " + field.name + ": " +
            (field.required ? "required " : "optional ") + field.type.ToString();
    const bool is_identifier = std::find(identifier_field_ids_.begin(), identifier_field_ids_.end(),
                                         field.id) != identifier_field_ids_.end();
    if (is_identifier) text += " (id)";
    if (!field.doc.empty()) text += " (" + field.doc + ")";
  }
  return text + "\n}";
}

bool Schema::SameColumns(const Schema& other) const {
  if (fields_ != other.fields_) return false;
  const std::set<FieldId> mine(identifier_field_ids_.begin(), identifier_field_ids_.end());
  const std::set<FieldId> theirs(other.identifier_field_ids_.begin(),
                                 other.identifier_field_ids_.end());
  return mine == theirs;
}

std::vector<NestedField> AssignFreshIds(const std::vector<NestedField>& fields, FieldId next_id) {
  return AssignLevel(fields, &next_id);
}

}  // namespace iceframe
