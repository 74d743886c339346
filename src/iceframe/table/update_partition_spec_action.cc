// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/update_partition_spec_action.h"

#include <algorithm>
#include <utility>

#include "iceframe/base/nearest_name.h"
#include "iceframe/format/partition_field_name.h"
#include "iceframe/table/column_lookup_internal.h"

namespace iceframe {

namespace {

// Applies changes to a spec's fields one by one.
class SpecChanger {
 public:
  explicit SpecChanger(const TableMetadata& metadata)
      : metadata_(metadata),
        schema_(metadata.current_schema()),
        fields_(metadata.default_spec()->fields),
        last_field_id_(metadata.last_partition_id) {}

  Result<PartitionSpec> Finish() && {
    PartitionSpec spec;
    spec.fields = std::move(fields_);
    ICEFRAME_RETURN_NOT_OK(ValidatePartitionSpec(spec, *schema_));
    return spec;
  }

  Status operator()(const AddPartitionField& change) {
    ICEFRAME_ASSIGN_OR_RETURN(const NestedField* source,
                              internal::FindColumn(*schema_, change.column));
    PartitionField field{{source->id}, 0, change.name, change.transform};
    for (const PartitionField& other : fields_) {
      if (SameMeaning(other, field)) {
        return Error(ErrorKind::kInvalidArgument,
                     "the table is partitioned so already: ", other.name, ", ",
                     change.transform.ToString(), " of ", change.column);
      }
    }
    if (const PartitionField* old = FindInOldSpecs(field)) {
      field.field_id = old->field_id;
      if (field.name.empty()) field.name = old->name;
    } else {
      field.field_id = ++last_field_id_;
    }
    if (field.name.empty()) {
      field.name = DefaultPartitionFieldName(change.column, change.transform);
    }
    ICEFRAME_RETURN_NOT_OK(FreeName(field.name));
    fields_.push_back(std::move(field));
    return Status::OK();
  }

  Status operator()(const RemovePartitionField& change) {
    ICEFRAME_ASSIGN_OR_RETURN(const auto field, Find(change.name));
    if (metadata_.format_version == 1) {
      // Readers of version 1 find partition values by their place.
      field->transform = Transform::Void();
    } else {
      fields_.erase(field);
    }
    return Status::OK();
  }

  Status operator()(const RenamePartitionField& change) {
    ICEFRAME_ASSIGN_OR_RETURN(const auto field, Find(change.name));
    if (change.name == change.new_name) return Status::OK();
    ICEFRAME_RETURN_NOT_OK(FreeName(change.new_name));
    field->name = change.new_name;
    return Status::OK();
  }

 private:
  using Fields = std::vector<PartitionField>;

  static bool SameMeaning(const PartitionField& left, const PartitionField& right) {
    return left.source_ids == right.source_ids && left.transform == right.transform;
  }

  const PartitionField* FindInOldSpecs(const PartitionField& wanted) const {
    for (auto spec = metadata_.partition_specs.rbegin(); spec != metadata_.partition_specs.rend();
         ++spec) {
      for (const PartitionField& field : spec->fields) {
        const bool is_used = std::any_of(fields_.begin(), fields_.end(), [&](const auto& other) {
          return other.field_id == field.field_id;
        });
        if (SameMeaning(field, wanted) && !is_used) return &field;
      }
    }
    return nullptr;
  }

  Result<Fields::iterator> Find(const std::string& name) {
    const auto is_live = [](const PartitionField& field) {
      return field.transform.kind() != TransformKind::kVoid;
    };
    const auto named = std::find_if(fields_.begin(), fields_.end(), [&](const auto& field) {
      return field.name == name && is_live(field);
    });
    if (named != fields_.end()) return named;
    // A column that one field alone is made of says which one is meant, too.
    const NestedField* column = schema_->FindField(name);
    const auto is_of_column = [&](const PartitionField& field) {
      return column != nullptr && is_live(field) && field.source_ids == std::vector{column->id};
    };
    if (std::count_if(fields_.begin(), fields_.end(), is_of_column) == 1) {
      return std::find_if(fields_.begin(), fields_.end(), is_of_column);
    }
    return NotThere(name);
  }

  Status NotThere(const std::string& name) const {
    std::vector<std::string_view> known;
    for (const PartitionField& field : fields_) {
      if (field.transform.kind() != TransformKind::kVoid) known.push_back(field.name);
    }
    if (known.empty()) {
      return Error(ErrorKind::kInvalidArgument, "partition field does not exist: ", name,
                   "; the table is not partitioned");
    }
    return Error(ErrorKind::kInvalidArgument, "partition field does not exist: ", name,
                 "; did you mean ", NearestName(name, known), "?");
  }

  // A removed field of a version 1 table gives its name away.
  Status FreeName(const std::string& name) {
    for (PartitionField& field : fields_) {
      if (field.name != name) continue;
      if (field.transform.kind() != TransformKind::kVoid) {
        return Error(ErrorKind::kInvalidArgument, "partition field exists already: ", name);
      }
      field.name += "_" + std::to_string(field.field_id);
    }
    return Status::OK();
  }

  const TableMetadata& metadata_;
  const std::shared_ptr<const Schema> schema_;
  Fields fields_;
  FieldId last_field_id_;
};

}  // namespace

Result<PartitionSpec> ChangePartitionSpec(const TableMetadata& metadata,
                                          const std::vector<PartitionSpecChange>& changes) {
  SpecChanger changer(metadata);
  for (const PartitionSpecChange& change : changes) {
    ICEFRAME_RETURN_NOT_OK(std::visit(changer, change));
  }
  return std::move(changer).Finish();
}

Result<CommitRequest> UpdatePartitionSpecAction::Prepare(const CommitAttempt& attempt) {
  const TableMetadata& base = *attempt.base.metadata;
  ICEFRAME_ASSIGN_OR_RETURN(PartitionSpec wanted, ChangePartitionSpec(base, changes_));
  CommitRequest request;
  request.identifier = attempt.base.identifier;
  request.requirements = {AssertTableUuid{base.table_uuid},
                          AssertDefaultSpecId{base.default_spec_id},
                          AssertLastAssignedPartitionId{base.last_partition_id},
                          AssertCurrentSchemaId{base.current_schema_id}};
  request.updates = {AddPartitionSpec{std::move(wanted)}, SetDefaultSpec{}};
  return request;
}

}  // namespace iceframe
