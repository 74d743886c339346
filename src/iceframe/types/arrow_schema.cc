// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/arrow_schema.h"

#include <charconv>
#include <utility>

#include <arrow/extension/uuid.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include "iceframe/types/max_depth_internal.h"

namespace iceframe {

namespace {

// Hostile schemas come over the C data interface too.

Result<std::shared_ptr<arrow::Field>> ToArrowField(const NestedField& field, bool with_field_ids) {
  ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(std::shared_ptr<arrow::DataType> type,
                                    ToArrowType(field.type, with_field_ids), "column", field.name);
  std::shared_ptr<const arrow::KeyValueMetadata> metadata;
  if (with_field_ids) {
    metadata = arrow::key_value_metadata({kArrowFieldIdKey}, {std::to_string(field.id)});
  }
  return arrow::field(field.name, std::move(type), !field.required, std::move(metadata));
}

Result<arrow::FieldVector> ToArrowFields(const std::vector<NestedField>& fields,
                                         bool with_field_ids) {
  arrow::FieldVector arrow_fields;
  arrow_fields.reserve(fields.size());
  for (const NestedField& field : fields) {
    ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Field> arrow_field,
                              ToArrowField(field, with_field_ids));
    arrow_fields.push_back(std::move(arrow_field));
  }
  return arrow_fields;
}

Result<std::shared_ptr<arrow::DataType>> ToArrowNested(const Type& type, bool with_field_ids) {
  ICEFRAME_ASSIGN_OR_RETURN(arrow::FieldVector children,
                            ToArrowFields(type.fields(), with_field_ids));
  if (type.id() == TypeId::kList) return arrow::list(children[0]);
  if (type.id() == TypeId::kMap) {
    return std::make_shared<arrow::MapType>(std::move(children[0]), std::move(children[1]));
  }
  return arrow::struct_(children);
}

/// Reads Arrow fields; notes whether all of them carry ids.
class ArrowReader {
 public:
  explicit ArrowReader(int32_t format_version) : format_version_(format_version) {}

  bool all_have_ids() const { return all_have_ids_; }

  Result<NestedField> ReadField(const arrow::Field& field, const std::string& path, int depth) {
    NestedField read;
    read.id = ReadId(field);
    all_have_ids_ &= read.id > 0;
    read.name = field.name();
    read.required = !field.nullable();
    if (field.metadata() != nullptr) {
      const Result<std::string> doc = field.metadata()->Get("doc");
      if (doc.ok()) read.doc = *doc;
    }
    ICEFRAME_ASSIGN_OR_RETURN(read.type, ReadType(*field.type(), path, depth));
    return read;
  }

 private:
  static FieldId ReadId(const arrow::Field& field) {
    if (field.metadata() == nullptr) return 0;
    const Result<std::string> text = field.metadata()->Get(kArrowFieldIdKey);
    FieldId id = 0;
    if (!text.ok()) return 0;
    const auto parsed = std::from_chars(text->data(), text->data() + text->size(), id);
    return parsed.ec == std::errc() && parsed.ptr == text->data() + text->size() ? id : 0;
  }

  static Status NoType(const arrow::DataType& type, const std::string& path,
                       const char* what_to_do) {
    return Error(ErrorKind::kSchemaMismatch, "column has an Arrow type that Iceberg lacks: ", path,
                 " is ", type.ToString(), "; ", what_to_do);
  }

  Result<Type> ReadType(const arrow::DataType& type, const std::string& path, int depth) {
    if (depth > internal::kMaxDepth) {
      return Error(ErrorKind::kSchemaMismatch, "column is nested too deeply: ", path.substr(0, 200),
                   ", at most ", internal::kMaxDepth, " levels");
    }
    switch (type.id()) {
      case arrow::Type::DICTIONARY:
        return ReadType(*static_cast<const arrow::DictionaryType&>(type).value_type(), path,
                        depth + 1);
      case arrow::Type::RUN_END_ENCODED:
        return ReadType(*static_cast<const arrow::RunEndEncodedType&>(type).value_type(), path,
                        depth + 1);
      case arrow::Type::EXTENSION:
        return ReadExtension(static_cast<const arrow::ExtensionType&>(type), path);
      case arrow::Type::STRUCT:
      case arrow::Type::LIST:
      case arrow::Type::LARGE_LIST:
      case arrow::Type::LIST_VIEW:
      case arrow::Type::LARGE_LIST_VIEW:
      case arrow::Type::FIXED_SIZE_LIST:
      case arrow::Type::MAP:
        return ReadNested(type, path, depth);
      default:
        return ReadPrimitive(type, path);
    }
  }

  Result<Type> ReadExtension(const arrow::ExtensionType& type, const std::string& path) {
    if (type.extension_name() == "arrow.uuid") return Type::Uuid();
    if (type.extension_name() == "arrow.json") return Type::String();
    return NoType(type, path, "cast it to its storage type");
  }

  Result<Type> ReadNested(const arrow::DataType& type, const std::string& path, int depth) {
    if (type.id() == arrow::Type::STRUCT) {
      std::vector<NestedField> fields;
      for (const auto& child : type.fields()) {
        ICEFRAME_ASSIGN_OR_RETURN(NestedField field,
                                  ReadField(*child, path + "." + child->name(), depth + 1));
        fields.push_back(std::move(field));
      }
      return Type::Struct(std::move(fields));
    }
    if (type.id() == arrow::Type::MAP) {
      const auto& map = static_cast<const arrow::MapType&>(type);
      ICEFRAME_ASSIGN_OR_RETURN(NestedField key,
                                ReadField(*map.key_field(), path + ".key", depth + 1));
      ICEFRAME_ASSIGN_OR_RETURN(NestedField value,
                                ReadField(*map.item_field(), path + ".value", depth + 1));
      return Type::Map(std::move(key), std::move(value));
    }
    ICEFRAME_ASSIGN_OR_RETURN(NestedField element,
                              ReadField(*type.field(0), path + ".element", depth + 1));
    return Type::List(std::move(element));
  }

  Result<Type> ReadTimestamp(const arrow::TimestampType& type) const {
    const bool zoned = !type.timezone().empty();
    if (type.unit() == arrow::TimeUnit::NANO && format_version_ >= 3) {
      return zoned ? Type::TimestamptzNs() : Type::TimestampNs();
    }
    return zoned ? Type::Timestamptz() : Type::Timestamp();
  }

  Result<Type> ReadPrimitive(const arrow::DataType& type, const std::string& path) const {
    switch (type.id()) {
      case arrow::Type::BOOL:
        return Type::Boolean();
      case arrow::Type::INT8:
      case arrow::Type::INT16:
      case arrow::Type::INT32:
      case arrow::Type::UINT8:
      case arrow::Type::UINT16:
        return Type::Int();
      case arrow::Type::INT64:
      case arrow::Type::UINT32:
        return Type::Long();
      case arrow::Type::UINT64:
        return NoType(type, path, "cast it to int64 or decimal(20, 0)");
      case arrow::Type::HALF_FLOAT:
      case arrow::Type::FLOAT:
        return Type::Float();
      case arrow::Type::DOUBLE:
        return Type::Double();
      case arrow::Type::STRING:
      case arrow::Type::LARGE_STRING:
      case arrow::Type::STRING_VIEW:
        return Type::String();
      case arrow::Type::BINARY:
      case arrow::Type::LARGE_BINARY:
      case arrow::Type::BINARY_VIEW:
        return Type::Binary();
      case arrow::Type::FIXED_SIZE_BINARY:
        return Type::Fixed(static_cast<const arrow::FixedSizeBinaryType&>(type).byte_width());
      case arrow::Type::DATE32:
      case arrow::Type::DATE64:
        return Type::Date();
      case arrow::Type::TIME32:
      case arrow::Type::TIME64:
        return Type::Time();
      case arrow::Type::TIMESTAMP:
        return ReadTimestamp(static_cast<const arrow::TimestampType&>(type));
      case arrow::Type::DECIMAL32:
      case arrow::Type::DECIMAL64:
      case arrow::Type::DECIMAL128:
      case arrow::Type::DECIMAL256: {
        const auto& decimal = static_cast<const arrow::DecimalType&>(type);
        Result<Type> read = Type::Decimal(decimal.precision(), decimal.scale());
        if (read.ok()) return read;
        return NoType(type, path, "cast it to a precision of at most 38 and a scale of 0 or more");
      }
      case arrow::Type::NA:
        if (format_version_ >= 3) return Type::Unknown();
        return NoType(type, path, "give the column a type, or use format version 3");
      default:
        return NoType(type, path, "cast the column to another type");
    }
  }

  int32_t format_version_;
  bool all_have_ids_ = true;
};

}  // namespace

Result<std::shared_ptr<arrow::DataType>> ToArrowType(const Type& type, bool with_field_ids) {
  switch (type.id()) {
    case TypeId::kBoolean:
      return arrow::boolean();
    case TypeId::kInt:
      return arrow::int32();
    case TypeId::kLong:
      return arrow::int64();
    case TypeId::kFloat:
      return arrow::float32();
    case TypeId::kDouble:
      return arrow::float64();
    case TypeId::kDecimal:
      return arrow::decimal128(type.precision(), type.scale());
    case TypeId::kDate:
      return arrow::date32();
    case TypeId::kTime:
      return arrow::time64(arrow::TimeUnit::MICRO);
    case TypeId::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case TypeId::kTimestamptz:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case TypeId::kTimestampNs:
      return arrow::timestamp(arrow::TimeUnit::NANO);
    case TypeId::kTimestamptzNs:
      return arrow::timestamp(arrow::TimeUnit::NANO, "UTC");
    case TypeId::kString:
      return arrow::utf8();
    case TypeId::kUuid:
      return arrow::extension::uuid();
    case TypeId::kFixed:
      return arrow::fixed_size_binary(type.length());
    case TypeId::kBinary:
      return arrow::binary();
    case TypeId::kUnknown:
      return arrow::null();
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
      return Error(ErrorKind::kUnsupported,
                   "data of this type can't be read or written yet: ", type.ToString());
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      return ToArrowNested(type, with_field_ids);
  }
  return Error(ErrorKind::kUnsupported, "unknown type");
}

Result<std::shared_ptr<arrow::Schema>> ToArrowSchema(const Schema& schema, bool with_field_ids) {
  ICEFRAME_ASSIGN_OR_RETURN(arrow::FieldVector fields,
                            ToArrowFields(schema.fields(), with_field_ids));
  return arrow::schema(std::move(fields));
}

Result<std::vector<NestedField>> FromArrowSchema(const arrow::Schema& schema,
                                                 int32_t format_version) {
  ArrowReader reader(format_version);
  std::vector<NestedField> fields;
  fields.reserve(static_cast<size_t>(schema.num_fields()));
  for (const auto& arrow_field : schema.fields()) {
    ICEFRAME_ASSIGN_OR_RETURN(NestedField field,
                              reader.ReadField(*arrow_field, arrow_field->name(), 0));
    fields.push_back(std::move(field));
  }
  return reader.all_have_ids() ? fields : AssignFreshIds(fields);
}

}  // namespace iceframe
