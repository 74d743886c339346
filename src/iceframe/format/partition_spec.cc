// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/partition_spec.h"

#include <algorithm>
#include <set>

namespace iceframe {

namespace {

// What a transform gives whatever its source, for sources that are gone.
Type ResultTypeWithoutSource(const Transform& transform) {
  switch (transform.kind()) {
    case TransformKind::kBucket:
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kHour:
      return Type::Int();
    case TransformKind::kDay:
      return Type::Date();
    case TransformKind::kIdentity:
    case TransformKind::kTruncate:
    case TransformKind::kVoid:
    case TransformKind::kUnknown:
      return Type::Unknown();
  }
  return Type::Unknown();
}

Type PartitionFieldType(const PartitionField& field, const Schema& schema) {
  if (field.source_ids.size() == 1 && field.transform.kind() != TransformKind::kUnknown) {
    if (const NestedField* source = schema.FindField(field.source_id())) {
      auto type = field.transform.ResultType(source->type);
      if (type.ok()) return std::move(type).ValueUnsafe();
    }
  }
  return ResultTypeWithoutSource(field.transform);
}

Status ValidateSource(const PartitionField& field, FieldId source_id, const Schema& schema) {
  const NestedField* source = schema.FindField(source_id);
  if (source == nullptr) {
    return Error(ErrorKind::kInvalidArgument,
                 "partition field's source column does not exist: ", field.name, ", source id ",
                 source_id);
  }
  if (!source->type.is_primitive()) {
    return Error(ErrorKind::kInvalidArgument,
                 "partition field's source column is not primitive: ", field.name, " from ",
                 source->type.ToString());
  }
  if (!field.transform.CanTransform(source->type)) {
    return Error(ErrorKind::kInvalidArgument,
                 "partition field's transform does not take its column: ", field.name, " = ",
                 field.transform.ToString(), " of ", source->type.ToString());
  }
  for (FieldId parent = schema.ParentOf(source_id); parent != 0; parent = schema.ParentOf(parent)) {
    const NestedField* enclosing = schema.FindField(parent);
    if (enclosing != nullptr && enclosing->type.id() != TypeId::kStruct) {
      return Error(ErrorKind::kInvalidArgument,
                   "partition field's source column is inside a list or map: ", field.name);
    }
  }
  return Status::OK();
}

// A partition field may be called like a column only if it holds that column's values.
Status ValidateName(const PartitionField& field, const Schema& schema) {
  if (field.name.empty()) {
    return Error(ErrorKind::kInvalidArgument, "partition field has no name: id ", field.field_id);
  }
  const NestedField* column = schema.FindField(field.name);
  if (column == nullptr || field.transform.kind() == TransformKind::kVoid) return Status::OK();
  if (field.transform.kind() == TransformKind::kIdentity && field.source_id() == column->id) {
    return Status::OK();
  }
  return Error(ErrorKind::kInvalidArgument,
               "partition field has the name of another column: ", field.name);
}

void AppendPercentEncoded(std::string_view text, std::string* out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.';
    if (plain) {
      *out += c;
    } else {
      *out += '%';
      *out += kHex[byte >> 4];
      *out += kHex[byte & 15];
    }
  }
}

}  // namespace

bool PartitionSpec::is_unpartitioned() const {
  return std::all_of(fields.begin(), fields.end(), [](const PartitionField& field) {
    return field.transform.kind() == TransformKind::kVoid;
  });
}

Result<Type> PartitionType(const PartitionSpec& spec, const Schema& schema) {
  std::vector<NestedField> fields;
  fields.reserve(spec.fields.size());
  for (const PartitionField& field : spec.fields) {
    fields.push_back(
        NestedField::Optional(field.field_id, field.name, PartitionFieldType(field, schema)));
  }
  return Type::Struct(std::move(fields));
}

Status ValidatePartitionSpec(const PartitionSpec& spec, const Schema& schema) {
  std::set<std::string> names;
  std::set<FieldId> ids;
  for (const PartitionField& field : spec.fields) {
    ICEFRAME_RETURN_NOT_OK(ValidateName(field, schema));
    if (!names.insert(field.name).second) {
      return Error(ErrorKind::kInvalidArgument, "two partition fields have one name: ", field.name);
    }
    if (!ids.insert(field.field_id).second) {
      return Error(ErrorKind::kInvalidArgument, "two partition fields have one id: ", field.name,
                   ", id ", field.field_id);
    }
    if (field.transform.kind() == TransformKind::kVoid) continue;
    if (field.transform.kind() == TransformKind::kUnknown) {
      return Error(ErrorKind::kInvalidArgument, "unknown transform in partition spec: ", field.name,
                   " = ", field.transform.ToString());
    }
    if (field.source_ids.empty()) {
      return Error(ErrorKind::kInvalidArgument,
                   "partition field has no source column: ", field.name);
    }
    for (FieldId source_id : field.source_ids) {
      ICEFRAME_RETURN_NOT_OK(ValidateSource(field, source_id, schema));
    }
  }
  return Status::OK();
}

std::string PartitionPath(const PartitionSpec& spec, const Schema& schema,
                          const std::vector<Value>& partition) {
  std::string path;
  if (spec.is_unpartitioned()) return path;
  for (size_t i = 0; i < spec.fields.size() && i < partition.size(); ++i) {
    const PartitionField& field = spec.fields[i];
    const NestedField* source = schema.FindField(field.source_id());
    const Type source_type = source == nullptr ? Type::Unknown() : source->type;
    if (!path.empty()) path += '/';
    AppendPercentEncoded(field.name, &path);
    path += '=';
    AppendPercentEncoded(field.transform.ToHumanString(source_type, partition[i]), &path);
  }
  return path;
}

}  // namespace iceframe
