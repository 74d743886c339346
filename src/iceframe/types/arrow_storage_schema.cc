// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/arrow_storage_schema.h"

#include <utility>
#include <vector>

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include "iceframe/types/arrow_schema.h"

namespace iceframe {

namespace {

Result<std::shared_ptr<arrow::Field>> ToStorageField(const NestedField& field);

Result<arrow::FieldVector> ToStorageFields(const std::vector<NestedField>& fields) {
  arrow::FieldVector arrow_fields;
  arrow_fields.reserve(fields.size());
  for (const NestedField& field : fields) {
    ICEFRAME_ASSIGN_OR_RETURN(auto arrow_field, ToStorageField(field));
    arrow_fields.push_back(std::move(arrow_field));
  }
  return arrow_fields;
}

Result<std::shared_ptr<arrow::DataType>> ToStorageType(const Type& type) {
  switch (type.id()) {
    case TypeId::kVariant:
      return arrow::struct_({arrow::field("metadata", arrow::binary(), false),
                             arrow::field("value", arrow::binary(), false)});
    case TypeId::kGeometry:
    case TypeId::kGeography:
      return arrow::binary();
    case TypeId::kStruct: {
      ICEFRAME_ASSIGN_OR_RETURN(arrow::FieldVector children, ToStorageFields(type.fields()));
      return arrow::struct_(children);
    }
    case TypeId::kList: {
      ICEFRAME_ASSIGN_OR_RETURN(arrow::FieldVector children, ToStorageFields(type.fields()));
      return arrow::list(std::move(children[0]));
    }
    case TypeId::kMap: {
      ICEFRAME_ASSIGN_OR_RETURN(arrow::FieldVector children, ToStorageFields(type.fields()));
      return std::make_shared<arrow::MapType>(std::move(children[0]), std::move(children[1]));
    }
    default:
      return ToArrowType(type);
  }
}

const char* ExtensionNameOf(const Type& type) {
  if (type.id() == TypeId::kVariant) return "arrow.parquet.variant";
  const bool is_geo = type.id() == TypeId::kGeometry || type.id() == TypeId::kGeography;
  return is_geo ? "geoarrow.wkb" : nullptr;
}

Result<std::shared_ptr<arrow::Field>> ToStorageField(const NestedField& field) {
  ICEFRAME_ASSIGN_OR_RETURN(auto type, ToStorageType(field.type));
  std::shared_ptr<const arrow::KeyValueMetadata> metadata;
  if (const char* extension = ExtensionNameOf(field.type)) {
    metadata = arrow::key_value_metadata({"ARROW:extension:name", "ARROW:extension:metadata"},
                                         {extension, ""});
  }
  return arrow::field(field.name, std::move(type), !field.required, std::move(metadata));
}

}  // namespace

Result<std::shared_ptr<arrow::Schema>> ToArrowStorageSchema(const Schema& schema) {
  ICEFRAME_ASSIGN_OR_RETURN(arrow::FieldVector fields, ToStorageFields(schema.fields()));
  return arrow::schema(std::move(fields));
}

}  // namespace iceframe
