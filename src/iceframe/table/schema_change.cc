// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/schema_change.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "iceframe/table/column_lookup_internal.h"

namespace iceframe {

namespace {

// Finds a field anywhere below `fields` and hands it, its siblings and its place to `change`.
using FieldChange = std::function<Status(std::vector<NestedField>* siblings, size_t at)>;

Status ChangeField(std::vector<NestedField>* fields, FieldId id, const FieldChange& change,
                   bool* found);

Type WithFields(const Type& type, std::vector<NestedField> fields) {
  switch (type.id()) {
    case TypeId::kStruct:
      return Type::Struct(std::move(fields));
    case TypeId::kList:
      return Type::List(std::move(fields[0]));
    case TypeId::kMap:
      return Type::Map(std::move(fields[0]), std::move(fields[1]));
    default:
      return type;
  }
}

Status ChangeField(std::vector<NestedField>* fields, FieldId id, const FieldChange& change,
                   bool* found) {
  for (size_t i = 0; i < fields->size(); ++i) {
    if ((*fields)[i].id == id) {
      *found = true;
      return change(fields, i);
    }
    std::vector<NestedField> children = (*fields)[i].type.fields();
    if (children.empty()) continue;
    ICEFRAME_RETURN_NOT_OK(ChangeField(&children, id, change, found));
    if (*found) {
      (*fields)[i].type = WithFields((*fields)[i].type, std::move(children));
      return Status::OK();
    }
  }
  return Status::OK();
}

Type WithFreshIds(const Type& type, FieldId* last_column_id) {
  if (type.fields().empty()) return type;
  std::vector<NestedField> fields = AssignFreshIds(type.fields(), *last_column_id + 1);
  Type fresh = WithFields(type, fields);
  const std::function<void(const Type&)> find_last = [&](const Type& nested) {
    for (const NestedField& field : nested.fields()) {
      *last_column_id = std::max(*last_column_id, field.id);
      find_last(field.type);
    }
  };
  find_last(fresh);
  return fresh;
}

// What a column of a type may become, as the end of an error.
std::string PromotionsOf(const Type& type, int32_t format_version) {
  switch (type.id()) {
    case TypeId::kInt:
      return "it can become long";
    case TypeId::kFloat:
      return "it can become double";
    case TypeId::kDecimal:
      return "it can become a decimal of more digits and the same scale, such as decimal(38, " +
             std::to_string(type.scale()) + ")";
    case TypeId::kDate:
      return format_version >= 3 ? "it can become timestamp or timestamp_ns"
                                 : "from format version 3 on it can become timestamp";
    default:
      return "it can become no other type; add a column, and drop this one";
  }
}

// Applies changes to a schema's fields one by one.
class SchemaChanger {
 public:
  SchemaChanger(std::shared_ptr<const Schema> schema, int32_t format_version,
                FieldId* last_column_id)
      : schema_(std::move(schema)),
        format_version_(format_version),
        last_column_id_(last_column_id) {}

  const std::shared_ptr<const Schema>& schema() const { return schema_; }

  Status operator()(const AddColumn& change) {
    NestedField field = NestedField::Optional(++*last_column_id_, change.name, Type(), change.doc);
    field.type = WithFreshIds(change.type, last_column_id_);
    field.required = change.required;
    if (change.default_value) {
      ICEFRAME_RETURN_NOT_OK(CheckDefault(change.name, field.type, *change.default_value));
      field.initial_default = change.default_value;
      field.write_default = change.default_value;
    }
    std::vector<NestedField> fields = schema_->fields();
    if (change.parent.empty()) {
      fields.push_back(std::move(field));
      return Rebuild(std::move(fields));
    }
    ICEFRAME_ASSIGN_OR_RETURN(const NestedField* parent, Find(change.parent));
    return Change(parent->id, [&](std::vector<NestedField>* siblings, size_t at) -> Status {
      return AddChild(&(*siblings)[at].type, field, change.parent);
    });
  }

  Status operator()(const RenameColumn& change) {
    ICEFRAME_ASSIGN_OR_RETURN(const NestedField* field, FindStructChild(change.name));
    return Change(field->id, [&](std::vector<NestedField>* siblings, size_t at) {
      (*siblings)[at].name = change.new_name;
      return Status::OK();
    });
  }

  Status operator()(const DropColumn& change) {
    ICEFRAME_ASSIGN_OR_RETURN(const NestedField* field, FindStructChild(change.name));
    ICEFRAME_RETURN_NOT_OK(CheckIdentifiesNothing(field->id, "dropped"));
    return Change(field->id, [](std::vector<NestedField>* siblings, size_t at) {
      siblings->erase(siblings->begin() + static_cast<std::ptrdiff_t>(at));
      return Status::OK();
    });
  }

  Status operator()(const PromoteColumn& change) {
    ICEFRAME_ASSIGN_OR_RETURN(const NestedField* field, Find(change.name));
    if (field->type == change.type) return Status::OK();
    if (!IsPromotionAllowed(field->type, change.type, format_version_)) {
      return Error(ErrorKind::kInvalidArgument, "column type can't be changed so: ", change.name,
                   " from ", field->type.ToString(), " to ", change.type.ToString(), "; ",
                   PromotionsOf(field->type, format_version_));
    }
    return Change(field->id, [&](std::vector<NestedField>* siblings, size_t at) {
      (*siblings)[at].type = change.type;
      return Status::OK();
    });
  }

  Status operator()(const MakeColumnOptional& change) {
    ICEFRAME_ASSIGN_OR_RETURN(const NestedField* field, Find(change.name));
    ICEFRAME_RETURN_NOT_OK(CheckIdentifiesNothing(field->id, "made optional"));
    return Change(field->id, [](std::vector<NestedField>* siblings, size_t at) {
      (*siblings)[at].required = false;
      return Status::OK();
    });
  }

  Status operator()(const MakeColumnRequired& change) {
    ICEFRAME_ASSIGN_OR_RETURN(const NestedField* field, Find(change.name));
    return Change(field->id, [](std::vector<NestedField>* siblings, size_t at) {
      (*siblings)[at].required = true;
      return Status::OK();
    });
  }

  Status operator()(const SetColumnDefault& change) {
    ICEFRAME_ASSIGN_OR_RETURN(const NestedField* field, Find(change.name));
    if (change.value) {
      ICEFRAME_RETURN_NOT_OK(CheckDefault(change.name, field->type, *change.value));
    }
    return Change(field->id, [&](std::vector<NestedField>* siblings, size_t at) {
      (*siblings)[at].write_default = change.value;
      return Status::OK();
    });
  }

  Status operator()(const SetIdentifierColumns& change) {
    std::vector<FieldId> ids;
    for (const std::string& name : change.names) {
      ICEFRAME_ASSIGN_OR_RETURN(const NestedField* field, Find(name));
      ids.push_back(field->id);
    }
    return Schema::Make(schema_->schema_id(), schema_->fields(), std::move(ids)).Value(&schema_);
  }

  Status operator()(const SetColumnDoc& change) {
    ICEFRAME_ASSIGN_OR_RETURN(const NestedField* field, Find(change.name));
    return Change(field->id, [&](std::vector<NestedField>* siblings, size_t at) {
      (*siblings)[at].doc = change.doc;
      return Status::OK();
    });
  }

  Status operator()(const MoveColumn& change) {
    ICEFRAME_ASSIGN_OR_RETURN(const NestedField* field, FindStructChild(change.name));
    FieldId anchor = 0;
    if (change.after || change.before) {
      const std::string& name = change.after ? *change.after : *change.before;
      ICEFRAME_ASSIGN_OR_RETURN(const NestedField* sibling, Find(name));
      anchor = sibling->id;
      if (anchor == field->id || schema_->ParentOf(anchor) != schema_->ParentOf(field->id)) {
        return Error(ErrorKind::kInvalidArgument,
                     "a column only moves among its siblings: ", change.name,
                     change.after ? " after " : " before ", name);
      }
    }
    return Change(field->id, [&](std::vector<NestedField>* siblings, size_t at) {
      NestedField moved = std::move((*siblings)[at]);
      siblings->erase(siblings->begin() + static_cast<std::ptrdiff_t>(at));
      auto place = siblings->begin();
      if (anchor != 0) {
        place = std::ranges::find(*siblings, anchor, &NestedField::id);
        if (change.after) ++place;
      }
      siblings->insert(place, std::move(moved));
      return Status::OK();
    });
  }

 private:
  Result<const NestedField*> Find(const std::string& name) const {
    return internal::FindColumn(*schema_, name);
  }

  Status CheckDefault(const std::string& name, const Type& type, const Value& value) const {
    if (format_version_ < 3) {
      return Error(ErrorKind::kInvalidArgument, "a default needs format version 3: column ", name,
                   ", the table is of version ", format_version_);
    }
    if (!type.is_nested() && Fits(type, value)) return Status::OK();
    return Error(ErrorKind::kInvalidArgument, "default does not fit its column: ", name, " is ",
                 type.ToString());
  }

  Status CheckIdentifiesNothing(FieldId dropped, std::string_view what) const {
    for (const FieldId id : schema_->identifier_field_ids()) {
      for (FieldId at = id; at != 0; at = schema_->ParentOf(at)) {
        if (at != dropped) continue;
        return Error(ErrorKind::kInvalidArgument, "an identifier column can't be ", what, ": ",
                     schema_->FullName(id));
      }
    }
    return Status::OK();
  }

  // Columns of a list's or map's rows are added to its element or value.
  static Status AddChild(Type* type, const NestedField& child, const std::string& parent) {
    std::vector<NestedField> fields = type->fields();
    if (type->id() == TypeId::kStruct) {
      fields.push_back(child);
    } else if (type->id() == TypeId::kList || type->id() == TypeId::kMap) {
      ICEFRAME_RETURN_NOT_OK(AddChild(&fields.back().type, child, parent));
    } else {
      return Error(ErrorKind::kInvalidArgument, "a column can only be added to a struct: ", parent,
                   " is ", type->ToString());
    }
    *type = WithFields(*type, std::move(fields));
    return Status::OK();
  }

  // Elements, keys and values of lists and maps have no names of their own.
  Result<const NestedField*> FindStructChild(const std::string& name) const {
    ICEFRAME_ASSIGN_OR_RETURN(const NestedField* field, Find(name));
    const NestedField* parent = schema_->FindField(schema_->ParentOf(field->id));
    if (parent == nullptr || parent->type.id() == TypeId::kStruct) return field;
    return Error(ErrorKind::kInvalidArgument,
                 "an element, key or value is no column of its own: ", name);
  }

  Status Change(FieldId id, const FieldChange& change) {
    std::vector<NestedField> fields = schema_->fields();
    bool found = false;
    ICEFRAME_RETURN_NOT_OK(ChangeField(&fields, id, change, &found));
    return Rebuild(std::move(fields));
  }

  Status Rebuild(std::vector<NestedField> fields) {
    ICEFRAME_ASSIGN_OR_RETURN(schema_, Schema::Make(schema_->schema_id(), std::move(fields),
                                                    schema_->identifier_field_ids()));
    return Status::OK();
  }

  std::shared_ptr<const Schema> schema_;
  int32_t format_version_;
  FieldId* last_column_id_;
};

}  // namespace

Result<std::shared_ptr<const Schema>> ChangeSchema(const std::shared_ptr<const Schema>& schema,
                                                   const std::vector<SchemaChange>& changes,
                                                   int32_t format_version,
                                                   FieldId* last_column_id) {
  SchemaChanger changer(schema, format_version, last_column_id);
  for (const SchemaChange& change : changes) ICEFRAME_RETURN_NOT_OK(std::visit(changer, change));
  return changer.schema();
}

}  // namespace iceframe
