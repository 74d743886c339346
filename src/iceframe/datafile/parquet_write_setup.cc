// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <arrow/api.h>

#include "iceframe/datafile/parquet_file_writer_internal.h"
#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/schema_json.h"

namespace iceframe::internal {
namespace {

Type WithFields(const Type& type, std::vector<NestedField> fields) {
  if (type.id() == TypeId::kStruct) return Type::Struct(std::move(fields));
  if (type.id() == TypeId::kList) return Type::List(std::move(fields[0]));
  return Type::Map(std::move(fields[0]), std::move(fields[1]));
}

/// The fields that are stored: columns of type unknown hold nothing and are left out, also inside
/// of structs. Errors: Unsupported where that leaves nothing to store.
Result<std::vector<NestedField>> StoredFields(const std::vector<NestedField>& fields,
                                              const std::string& parent) {
  std::vector<NestedField> stored;
  for (const NestedField& field : fields) {
    const std::string path = parent.empty() ? field.name : parent + "." + field.name;
    switch (field.type.id()) {
      case TypeId::kUnknown:
        continue;
      case TypeId::kVariant:
      case TypeId::kGeometry:
      case TypeId::kGeography:
        return Error(ErrorKind::kUnsupported, "columns of this type can't be written: ", path, " ",
                     field.type.ToString());
      case TypeId::kStruct:
      case TypeId::kList:
      case TypeId::kMap: {
        ICEFRAME_ASSIGN_OR_RETURN(auto children, StoredFields(field.type.fields(), path));
        const bool is_struct = field.type.id() == TypeId::kStruct;
        if (is_struct ? children.empty() : children.size() != field.type.fields().size()) {
          return Error(ErrorKind::kUnsupported,
                       "a column can't be written that holds nothing but type unknown: ", path);
        }
        stored.push_back(field);
        stored.back().type = WithFields(field.type, std::move(children));
        continue;
      }
      default:
        break;
    }
    stored.push_back(field);
  }
  return stored;
}

void CollectLeaves(const std::vector<NestedField>& fields, const MetricsConfig& config,
                   std::vector<int> path, bool in_struct, ParquetWriteSetup* setup) {
  for (size_t i = 0; i < fields.size(); ++i) {
    const NestedField& field = fields[i];
    path.push_back(static_cast<int>(i));
    if (field.type.is_nested()) {
      CollectLeaves(field.type.fields(), config, path,
                    in_struct && field.type.id() == TypeId::kStruct, setup);
    } else {
      const MetricsMode mode = config.ModeOf(field.id);
      setup->leaves[field.id] = {field.type, in_struct, mode};
      const bool floating = field.type.id() == TypeId::kFloat || field.type.id() == TypeId::kDouble;
      if (floating && in_struct && mode.keeps_counts()) {
        setup->nan_columns.push_back({field.id, path});
      }
    }
    path.pop_back();
  }
}

}  // namespace

Result<std::shared_ptr<const ParquetWriteSetup>> ParquetWriteSetup::Make(
    const Schema& schema, const Properties& properties) {
  auto setup = std::make_shared<ParquetWriteSetup>();
  ICEFRAME_ASSIGN_OR_RETURN(setup->properties, WriteProperties::Parse(properties));
  ICEFRAME_ASSIGN_OR_RETURN(MetricsConfig config, MetricsConfig::Make(schema, properties));
  ICEFRAME_ASSIGN_OR_RETURN(std::vector<NestedField> stored, StoredFields(schema.fields(), ""));
  if (stored.empty()) {
    return Error(ErrorKind::kUnsupported, "a data file needs at least one column that is stored");
  }
  ICEFRAME_ASSIGN_OR_RETURN(setup->batch_schema, ToArrowSchema(schema));
  for (size_t i = 0; i < schema.fields().size(); ++i) {
    if (schema.fields()[i].type.id() == TypeId::kUnknown) continue;
    setup->stored_columns.push_back(static_cast<int>(i));
  }
  ICEFRAME_ASSIGN_OR_RETURN(auto stored_schema,
                            Schema::Make(schema.schema_id(), std::move(stored)));
  ICEFRAME_ASSIGN_OR_RETURN(setup->stored_schema,
                            ToArrowSchema(*stored_schema, /*with_field_ids=*/true));
  CollectLeaves(schema.fields(), config, {}, true, setup.get());
  setup->schema_json = SchemaToJson(schema).Dump();
  for (const auto& filter : setup->properties.bloom_filters) {
    if (schema.FindField(filter.column) == nullptr) {
      return Error(ErrorKind::kInvalidArgument,
                   "a bloom filter is asked for an unknown column: ", filter.column);
    }
  }
  return std::shared_ptr<const ParquetWriteSetup>(std::move(setup));
}

}  // namespace iceframe::internal
