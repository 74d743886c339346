// SPDX-License-Identifier: Apache-2.0
// Updates of what rows look like and how they are laid out: schemas, partition specs, sort orders.
#include <algorithm>
#include <string>

#include "iceframe/format/format_version_internal.h"
#include "iceframe/format/metadata_change_internal.h"

namespace iceframe::internal {

namespace {

bool SameFields(const PartitionSpec& left, const PartitionSpec& right) {
  return std::equal(left.fields.begin(), left.fields.end(), right.fields.begin(),
                    right.fields.end(), [](const PartitionField& a, const PartitionField& b) {
                      return a.source_ids == b.source_ids && a.transform == b.transform &&
                             a.name == b.name;
                    });
}

}  // namespace

Status MetadataChange::operator()(const AddSchema& update) {
  if (update.schema == nullptr) {
    return Error(ErrorKind::kInvalidArgument, "no schema to add");
  }
  ICEFRAME_RETURN_NOT_OK(CheckSchemaFitsVersion(*update.schema, metadata_->format_version));
  metadata_->last_column_id = std::max(
      {metadata_->last_column_id, update.last_column_id, update.schema->highest_field_id()});
  int32_t next_id = -1;
  for (const auto& schema : metadata_->schemas) {
    if (schema->SameColumns(*update.schema)) {
      last_added_schema_ = schema->schema_id();
      return Status::OK();
    }
    next_id = std::max(next_id, schema->schema_id().value());
  }
  const SchemaId id(next_id + 1);
  std::shared_ptr<const Schema> schema = update.schema;
  if (schema->schema_id() != id) {
    ICEFRAME_ASSIGN_OR_RETURN(schema,
                              Schema::Make(id, schema->fields(), schema->identifier_field_ids()));
  }
  metadata_->schemas.push_back(std::move(schema));
  last_added_schema_ = id;
  return Status::OK();
}

Status MetadataChange::operator()(const SetCurrentSchema& update) {
  SchemaId id = update.schema_id;
  if (id == SchemaId(kLastAdded)) {
    if (!last_added_schema_) {
      return Error(ErrorKind::kInvalidArgument, "no schema was added that could become current");
    }
    id = *last_added_schema_;
  }
  if (metadata_->FindSchema(id) == nullptr) {
    return Error(ErrorKind::kInvalidArgument, "schema to become current does not exist: ", id);
  }
  checks_spec_and_order_ = checks_spec_and_order_ || id != metadata_->current_schema_id;
  metadata_->current_schema_id = id;
  return Status::OK();
}

Status MetadataChange::operator()(const RemoveSchemas& update) {
  for (SchemaId id : update.schema_ids) {
    if (id == metadata_->current_schema_id) {
      return Error(ErrorKind::kInvalidArgument, "the current schema can't be removed: ", id);
    }
    std::erase_if(metadata_->schemas,
                  [&](const auto& schema) { return schema->schema_id() == id; });
  }
  return Status::OK();
}

// A field that some spec had before keeps its id, so that partition tuples can be compared.
void MetadataChange::AssignFieldIds(PartitionSpec* spec) const {
  FieldId next = metadata_->last_partition_id + 1;
  for (PartitionField& field : spec->fields) {
    if (field.field_id != 0) continue;
    for (const PartitionSpec& known : metadata_->partition_specs) {
      for (const PartitionField& other : known.fields) {
        if (other.source_ids == field.source_ids && other.transform == field.transform) {
          field.field_id = other.field_id;
        }
      }
    }
    if (field.field_id == 0) field.field_id = next++;
  }
}

Status MetadataChange::operator()(const AddPartitionSpec& update) {
  int32_t next_id = -1;
  for (const PartitionSpec& known : metadata_->partition_specs) {
    if (SameFields(known, update.spec)) {
      last_added_spec_ = known.spec_id;
      return Status::OK();
    }
    next_id = std::max(next_id, known.spec_id.value());
  }
  PartitionSpec spec = update.spec;
  spec.spec_id = PartitionSpecId(next_id + 1);
  AssignFieldIds(&spec);
  ICEFRAME_RETURN_NOT_OK(CheckSpecFitsVersion(spec, metadata_->format_version));
  if (auto schema = metadata_->current_schema()) {
    ICEFRAME_RETURN_NOT_OK(ValidatePartitionSpec(spec, *schema));
  }
  for (const PartitionField& field : spec.fields) {
    metadata_->last_partition_id = std::max(metadata_->last_partition_id, field.field_id);
  }
  last_added_spec_ = spec.spec_id;
  metadata_->partition_specs.push_back(std::move(spec));
  return Status::OK();
}

Status MetadataChange::operator()(const SetDefaultSpec& update) {
  PartitionSpecId id = update.spec_id;
  if (id == PartitionSpecId(kLastAdded)) {
    if (!last_added_spec_) {
      return Error(ErrorKind::kInvalidArgument,
                   "no partition spec was added that could become the default");
    }
    id = *last_added_spec_;
  }
  if (metadata_->FindPartitionSpec(id) == nullptr) {
    return Error(ErrorKind::kInvalidArgument,
                 "partition spec to become the default does not exist: ", id);
  }
  checks_spec_and_order_ = checks_spec_and_order_ || id != metadata_->default_spec_id;
  metadata_->default_spec_id = id;
  return Status::OK();
}

Status MetadataChange::operator()(const RemovePartitionSpecs& update) {
  for (PartitionSpecId id : update.spec_ids) {
    if (id == metadata_->default_spec_id) {
      return Error(ErrorKind::kInvalidArgument,
                   "the default partition spec can't be removed: ", id);
    }
    std::erase_if(metadata_->partition_specs,
                  [&](const PartitionSpec& spec) { return spec.spec_id == id; });
  }
  return Status::OK();
}

Status MetadataChange::operator()(const AddSortOrder& update) {
  int32_t next_id = 0;
  for (const SortOrder& known : metadata_->sort_orders) {
    if (known.fields == update.sort_order.fields) {
      last_added_order_ = known.order_id;
      return Status::OK();
    }
    next_id = std::max(next_id, known.order_id.value());
  }
  SortOrder order = update.sort_order;
  order.order_id = SortOrderId(order.is_unsorted() ? 0 : next_id + 1);
  if (auto schema = metadata_->current_schema()) {
    ICEFRAME_RETURN_NOT_OK(ValidateSortOrder(order, *schema));
  }
  last_added_order_ = order.order_id;
  metadata_->sort_orders.push_back(std::move(order));
  return Status::OK();
}

Status MetadataChange::operator()(const SetDefaultSortOrder& update) {
  SortOrderId id = update.sort_order_id;
  if (id == SortOrderId(kLastAdded)) {
    if (!last_added_order_) {
      return Error(ErrorKind::kInvalidArgument,
                   "no sort order was added that could become the default");
    }
    id = *last_added_order_;
  }
  if (metadata_->FindSortOrder(id) == nullptr) {
    return Error(ErrorKind::kInvalidArgument,
                 "sort order to become the default does not exist: ", id);
  }
  checks_spec_and_order_ = checks_spec_and_order_ || id != metadata_->default_sort_order_id;
  metadata_->default_sort_order_id = id;
  return Status::OK();
}

}  // namespace iceframe::internal
