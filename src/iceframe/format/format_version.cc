// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/format_version_internal.h"

namespace iceframe::internal {

namespace {

bool IsTypeOfVersion3(TypeId id) {
  switch (id) {
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
    case TypeId::kUnknown:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
      return true;
    case TypeId::kBoolean:
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kFloat:
    case TypeId::kDouble:
    case TypeId::kDecimal:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kString:
    case TypeId::kUuid:
    case TypeId::kFixed:
    case TypeId::kBinary:
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      return false;
  }
  return false;
}

bool IsNotNull(const std::optional<Value>& value) { return value && !value->is_null(); }

Status CheckFields(const Schema& schema, const std::vector<NestedField>& fields,
                   int32_t format_version) {
  for (const NestedField& field : fields) {
    if (IsTypeOfVersion3(field.type.id())) {
      return Error(ErrorKind::kInvalidArgument,
                   "column type needs format version 3: ", schema.FullName(field.id), ", ",
                   field.type.ToString(), " in a v", format_version, " table");
    }
    if (IsNotNull(field.initial_default)) {
      return Error(ErrorKind::kInvalidArgument,
                   "column default needs format version 3: ", schema.FullName(field.id), " in a v",
                   format_version, " table");
    }
    ICEFRAME_RETURN_NOT_OK(CheckFields(schema, field.type.fields(), format_version));
  }
  return Status::OK();
}

}  // namespace

Status CheckSchemaFitsVersion(const Schema& schema, int32_t format_version) {
  if (format_version >= 3) return Status::OK();
  return CheckFields(schema, schema.fields(), format_version);
}

Status CheckSpecFitsVersion(const PartitionSpec& spec, int32_t format_version) {
  if (format_version >= 3) return Status::OK();
  for (const PartitionField& field : spec.fields) {
    if (field.source_ids.size() > 1) {
      return Error(ErrorKind::kInvalidArgument,
                   "partition field of several columns needs format version 3: ", field.name);
    }
  }
  return Status::OK();
}

}  // namespace iceframe::internal
