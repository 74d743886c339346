// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/update_schema_action.h"

#include <algorithm>
#include <utility>

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
    std::vector<NestedField> fields = schema_->fields();
    if (change.parent.empty()) {
      fields.push_back(std::move(field));
      return Rebuild(std::move(fields));
    }
    ICEFRAME_ASSIGN_OR_RETURN(const NestedField* parent, Find(change.parent));
    return Change(parent->id, [&](std::vector<NestedField>* siblings, size_t at) -> Status {
      NestedField& target = (*siblings)[at];
      if (target.type.id() != TypeId::kStruct) {
        return Error(ErrorKind::kInvalidArgument,
                     "a column can only be added to a struct: ", change.parent);
      }
      std::vector<NestedField> children = target.type.fields();
      children.push_back(field);
      target.type = Type::Struct(std::move(children));
      return Status::OK();
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
    for (FieldId id : schema_->identifier_field_ids()) {
      for (FieldId at = id; at != 0; at = schema_->ParentOf(at)) {
        if (at == field->id) {
          return Error(ErrorKind::kInvalidArgument,
                       "an identifier column can't be dropped: ", schema_->FullName(id));
        }
      }
    }
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
                   " from ", field->type.ToString(), " to ", change.type.ToString());
    }
    return Change(field->id, [&](std::vector<NestedField>* siblings, size_t at) {
      (*siblings)[at].type = change.type;
      return Status::OK();
    });
  }

  Status operator()(const MakeColumnOptional& change) {
    ICEFRAME_ASSIGN_OR_RETURN(const NestedField* field, Find(change.name));
    return Change(field->id, [](std::vector<NestedField>* siblings, size_t at) {
      (*siblings)[at].required = false;
      return Status::OK();
    });
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
    FieldId after = 0;
    if (change.after) {
      ICEFRAME_ASSIGN_OR_RETURN(const NestedField* sibling, Find(*change.after));
      after = sibling->id;
      if (after == field->id || schema_->ParentOf(after) != schema_->ParentOf(field->id)) {
        return Error(ErrorKind::kInvalidArgument,
                     "a column only moves among its siblings: ", change.name, " after ",
                     *change.after);
      }
    }
    return Change(field->id, [&](std::vector<NestedField>* siblings, size_t at) {
      NestedField moved = std::move((*siblings)[at]);
      siblings->erase(siblings->begin() + static_cast<std::ptrdiff_t>(at));
      auto place = siblings->begin();
      if (after != 0) {
        place = std::find_if(siblings->begin(), siblings->end(),
                             [&](const NestedField& sibling) { return sibling.id == after; });
        ++place;
      }
      siblings->insert(place, std::move(moved));
      return Status::OK();
    });
  }

 private:
  Result<const NestedField*> Find(const std::string& name) const {
    const NestedField* field = schema_->FindField(name);
    if (field != nullptr) return field;
    return Error(ErrorKind::kInvalidArgument, "column does not exist: ", name);
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

namespace {

// Files of the table keep partition values that were made of the old type. Only a date that becomes
// a timestamp gives others than before; years, months and days of it stay what they were.
Status CheckPartitionValuesStay(const TableMetadata& base, const Schema& wanted) {
  for (const PartitionSpec& spec : base.partition_specs) {
    for (const PartitionField& field : spec.fields) {
      const TransformKind kind = field.transform.kind();
      const bool depends_on_type = kind == TransformKind::kIdentity ||
                                   kind == TransformKind::kBucket ||
                                   kind == TransformKind::kUnknown;
      if (!depends_on_type) continue;
      for (const FieldId id : field.source_ids) {
        const NestedField* before = base.current_schema()->FindField(id);
        const NestedField* after = wanted.FindField(id);
        if (before == nullptr || after == nullptr || before->type == after->type) continue;
        if (before->type.id() != TypeId::kDate) continue;
        return Error(ErrorKind::kInvalidArgument,
                     "column type can't be changed, since partition values would change: ",
                     before->name, " from ", before->type.ToString(), " to ",
                     after->type.ToString(), ", partition field ", field.name);
      }
    }
  }
  return Status::OK();
}

}  // namespace

Result<CommitRequest> UpdateSchemaAction::Prepare(const CommitAttempt& attempt) {
  const TableMetadata& base = *attempt.base.metadata;
  FieldId last_column_id = base.last_column_id;
  ICEFRAME_ASSIGN_OR_RETURN(
      wanted_, ChangeSchema(base.current_schema(), changes_, base.format_version, &last_column_id));
  ICEFRAME_RETURN_NOT_OK(CheckPartitionValuesStay(base, *wanted_));
  CommitRequest request;
  request.identifier = attempt.base.identifier;
  request.requirements = {AssertTableUuid{base.table_uuid},
                          AssertCurrentSchemaId{base.current_schema_id},
                          AssertLastAssignedFieldId{base.last_column_id}};
  request.updates = {AddSchema{wanted_, last_column_id}, SetCurrentSchema{}};
  return request;
}

bool UpdateSchemaAction::IsAppliedIn(const TableMetadata& now) const {
  return wanted_ != nullptr && now.current_schema()->SameColumns(*wanted_);
}

}  // namespace iceframe
