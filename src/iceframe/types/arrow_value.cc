// SPDX-License-Identifier: Apache-2.0
// Single values out of Arrow arrays and into them.
#include <utility>

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/extension/uuid.h>
#include <arrow/extension_type.h>
#include <arrow/scalar.h>

#include "iceframe/types/arrow_form.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe {

namespace {

Status WrongArray(const Type& type, const arrow::Array& array) {
  return Error(ErrorKind::kInvalidArgument,
               "array is not in the Arrow form of its type: ", type.ToString(), " as ",
               array.type()->ToString());
}

template <typename ArrayType, typename T>
Result<Value> ReadNumber(const Type& type, const arrow::Array& array, int64_t index) {
  if (array.type_id() != ArrayType::TypeClass::type_id) return WrongArray(type, array);
  return Value(static_cast<T>(static_cast<const ArrayType&>(array).Value(index)));
}

Result<Value> ReadBytes(const Type& type, const arrow::Array& array, int64_t index) {
  switch (array.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return Value(std::string(static_cast<const arrow::BinaryArray&>(array).GetView(index)));
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return Value(std::string(static_cast<const arrow::LargeBinaryArray&>(array).GetView(index)));
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return Value(std::string(static_cast<const arrow::BinaryViewArray&>(array).GetView(index)));
    case arrow::Type::FIXED_SIZE_BINARY: {
      Value value(
          std::string(static_cast<const arrow::FixedSizeBinaryArray&>(array).GetView(index)));
      if (!Fits(type, value)) return WrongArray(type, array);
      return value;
    }
    default:
      return WrongArray(type, array);
  }
}

Result<Value> ReadDecimal(const Type& type, const arrow::Array& array, int64_t index) {
  if (array.type_id() != arrow::Type::DECIMAL128) return WrongArray(type, array);
  const auto& decimals = static_cast<const arrow::Decimal128Array&>(array);
  if (static_cast<const arrow::DecimalType&>(*array.type()).scale() != type.scale()) {
    return WrongArray(type, array);
  }
  return Value(arrow::Decimal128(decimals.GetValue(index)));
}

Result<Value> ReadTimestamp(const Type& type, const arrow::Array& array, int64_t index) {
  ICEFRAME_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::DataType> wanted, ToArrowType(type));
  if (array.type_id() != wanted->id() ||
      static_cast<const arrow::TimestampType&>(*array.type()).unit() !=
          static_cast<const arrow::TimestampType&>(*wanted).unit()) {
    return WrongArray(type, array);
  }
  return Value(static_cast<const arrow::TimestampArray&>(array).Value(index));
}

Result<Value> ReadStruct(const Type& type, const arrow::Array& array, int64_t index) {
  const std::vector<NestedField>& fields = type.fields();
  if (array.type_id() != arrow::Type::STRUCT ||
      array.num_fields() != static_cast<int>(fields.size())) {
    return WrongArray(type, array);
  }
  Value::Nested values;
  for (size_t i = 0; i < fields.size(); ++i) {
    const auto& child = *static_cast<const arrow::StructArray&>(array).field(static_cast<int>(i));
    ICEFRAME_ASSIGN_OR_RETURN(Value value, ValueFromArrow(fields[i].type, child, index));
    values.push_back(std::move(value));
  }
  return Value::FromNested(std::move(values));
}

Result<Value> ReadList(const Type& type, const arrow::Array& array, int64_t index) {
  if (array.type_id() != arrow::Type::LIST) return WrongArray(type, array);
  const auto& list = static_cast<const arrow::ListArray&>(array);
  Value::Nested values;
  for (int64_t i = list.value_offset(index); i < list.value_offset(index + 1); ++i) {
    ICEFRAME_ASSIGN_OR_RETURN(Value value,
                              ValueFromArrow(type.fields()[0].type, *list.values(), i));
    values.push_back(std::move(value));
  }
  return Value::FromNested(std::move(values));
}

Result<Value> ReadMap(const Type& type, const arrow::Array& array, int64_t index) {
  if (array.type_id() != arrow::Type::MAP) return WrongArray(type, array);
  const auto& map = static_cast<const arrow::MapArray&>(array);
  Value::Nested entries;
  for (int64_t i = map.value_offset(index); i < map.value_offset(index + 1); ++i) {
    ICEFRAME_ASSIGN_OR_RETURN(Value key, ValueFromArrow(type.fields()[0].type, *map.keys(), i));
    ICEFRAME_ASSIGN_OR_RETURN(Value item, ValueFromArrow(type.fields()[1].type, *map.items(), i));
    entries.push_back(std::move(key));
    entries.push_back(std::move(item));
  }
  return Value::FromNested(std::move(entries));
}

Result<std::shared_ptr<arrow::Scalar>> ToScalar(const Type& type, const Value& value) {
  ICEFRAME_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::DataType> arrow_type, ToArrowType(type));
  const auto buffer = [&] { return arrow::Buffer::FromString(value.get<std::string>()); };
  switch (type.id()) {
    case TypeId::kBoolean:
      return std::make_shared<arrow::BooleanScalar>(value.get<bool>());
    case TypeId::kInt:
      return std::make_shared<arrow::Int32Scalar>(value.get<int32_t>());
    case TypeId::kDate:
      return std::make_shared<arrow::Date32Scalar>(value.get<int32_t>());
    case TypeId::kLong:
      return std::make_shared<arrow::Int64Scalar>(value.get<int64_t>());
    case TypeId::kTime:
      return std::make_shared<arrow::Time64Scalar>(value.get<int64_t>(), arrow_type);
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return std::make_shared<arrow::TimestampScalar>(value.get<int64_t>(), arrow_type);
    case TypeId::kFloat:
      return std::make_shared<arrow::FloatScalar>(value.get<float>());
    case TypeId::kDouble:
      return std::make_shared<arrow::DoubleScalar>(value.get<double>());
    case TypeId::kDecimal:
      return std::make_shared<arrow::Decimal128Scalar>(value.get<arrow::Decimal128>(), arrow_type);
    case TypeId::kString:
      return std::make_shared<arrow::StringScalar>(buffer());
    case TypeId::kBinary:
      return std::make_shared<arrow::BinaryScalar>(buffer());
    case TypeId::kFixed:
      return std::make_shared<arrow::FixedSizeBinaryScalar>(buffer(), arrow_type);
    case TypeId::kUuid:
      return std::make_shared<arrow::FixedSizeBinaryScalar>(buffer(), arrow::fixed_size_binary(16));
    case TypeId::kUnknown:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      break;
  }
  return Error(ErrorKind::kInvalidArgument, "type has no scalars: ", type.ToString());
}

// The values at every `step`-th place from `first` on, as one array.
Result<std::shared_ptr<arrow::Array>> ArrayFromValues(const Type& type, const Value::Nested& values,
                                                      size_t first, size_t step,
                                                      arrow::MemoryPool* pool) {
  arrow::ArrayVector pieces;
  for (size_t i = first; i < values.size(); i += step) {
    ICEFRAME_ASSIGN_OR_RETURN(auto piece, ArrayFromValue(type, values[i], 1, pool));
    pieces.push_back(std::move(piece));
  }
  if (!pieces.empty()) return arrow::Concatenate(pieces, pool);
  ICEFRAME_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::DataType> arrow_type, ToArrowType(type));
  return EmptyArray(arrow_type, pool);
}

Result<std::shared_ptr<arrow::Array>> Repeat(const std::shared_ptr<arrow::Array>& one,
                                             int64_t length, arrow::MemoryPool* pool) {
  if (length == 1) return one;
  if (length == 0) return one->Slice(0, 0);
  return arrow::Concatenate(arrow::ArrayVector(static_cast<size_t>(length), one), pool);
}

Result<std::shared_ptr<arrow::Buffer>> OneListOffsets(int64_t length, arrow::MemoryPool* pool) {
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> offsets,
                            arrow::AllocateBuffer(2 * sizeof(int32_t), pool));
  auto* data = offsets->mutable_data_as<int32_t>();
  data[0] = 0;
  data[1] = static_cast<int32_t>(length);
  return offsets;
}

Result<std::shared_ptr<arrow::Array>> NestedFromValue(
    const Type& type, const std::shared_ptr<arrow::DataType>& arrow_type, const Value& value,
    int64_t length, arrow::MemoryPool* pool) {
  const std::vector<NestedField>& fields = type.fields();
  if (type.id() == TypeId::kStruct) {
    arrow::ArrayVector children;
    for (size_t i = 0; i < fields.size(); ++i) {
      ICEFRAME_ASSIGN_OR_RETURN(auto child,
                                ArrayFromValue(fields[i].type, value.nested()[i], length, pool));
      children.push_back(std::move(child));
    }
    return std::make_shared<arrow::StructArray>(arrow_type, length, std::move(children));
  }
  const bool is_map = type.id() == TypeId::kMap;
  ICEFRAME_ASSIGN_OR_RETURN(
      auto first, ArrayFromValues(fields[0].type, value.nested(), 0, is_map ? 2 : 1, pool));
  ICEFRAME_ASSIGN_OR_RETURN(auto offsets, OneListOffsets(first->length(), pool));
  std::shared_ptr<arrow::Array> one;
  if (is_map) {
    ICEFRAME_ASSIGN_OR_RETURN(auto second,
                              ArrayFromValues(fields[1].type, value.nested(), 1, 2, pool));
    one = std::make_shared<arrow::MapArray>(arrow_type, 1, offsets, first, second);
  } else {
    one = std::make_shared<arrow::ListArray>(arrow_type, 1, offsets, first);
  }
  return Repeat(one, length, pool);
}

}  // namespace

Result<Value> ValueFromArrow(const Type& type, const arrow::Array& array, int64_t index) {
  if (index < 0 || index >= array.length()) {
    return Error(ErrorKind::kInvalidArgument, "index is outside of the array: ", index, " of ",
                 array.length());
  }
  if (array.IsNull(index) || array.type_id() == arrow::Type::NA) return Value();
  if (array.type_id() == arrow::Type::DICTIONARY) {
    const auto& dictionary = static_cast<const arrow::DictionaryArray&>(array);
    return ValueFromArrow(type, *dictionary.dictionary(), dictionary.GetValueIndex(index));
  }
  if (array.type_id() == arrow::Type::EXTENSION) {
    if (type.id() != TypeId::kUuid) return WrongArray(type, array);
    return ValueFromArrow(type, *static_cast<const arrow::ExtensionArray&>(array).storage(), index);
  }
  switch (type.id()) {
    case TypeId::kBoolean:
      return ReadNumber<arrow::BooleanArray, bool>(type, array, index);
    case TypeId::kInt:
      return ReadNumber<arrow::Int32Array, int32_t>(type, array, index);
    case TypeId::kDate:
      return ReadNumber<arrow::Date32Array, int32_t>(type, array, index);
    case TypeId::kLong:
      return ReadNumber<arrow::Int64Array, int64_t>(type, array, index);
    case TypeId::kTime:
      return ReadNumber<arrow::Time64Array, int64_t>(type, array, index);
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return ReadTimestamp(type, array, index);
    case TypeId::kFloat:
      return ReadNumber<arrow::FloatArray, float>(type, array, index);
    case TypeId::kDouble:
      return ReadNumber<arrow::DoubleArray, double>(type, array, index);
    case TypeId::kDecimal:
      return ReadDecimal(type, array, index);
    case TypeId::kString:
    case TypeId::kBinary:
    case TypeId::kUuid:
    case TypeId::kFixed:
      return ReadBytes(type, array, index);
    case TypeId::kStruct:
      return ReadStruct(type, array, index);
    case TypeId::kList:
      return ReadList(type, array, index);
    case TypeId::kMap:
      return ReadMap(type, array, index);
    case TypeId::kUnknown:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
      break;
  }
  return WrongArray(type, array);
}

Result<std::shared_ptr<arrow::Array>> ArrayFromValue(const Type& type, const Value& value,
                                                     int64_t length, arrow::MemoryPool* pool) {
  if (length < 0 || !Fits(type, value)) {
    return Error(ErrorKind::kInvalidArgument, "not a value of type ", type.ToString(),
                 ", or a negative length: ", length);
  }
  ICEFRAME_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::DataType> arrow_type, ToArrowType(type));
  if (value.is_null()) return arrow::MakeArrayOfNull(arrow_type, length, pool);
  if (type.is_nested()) return NestedFromValue(type, arrow_type, value, length, pool);
  ICEFRAME_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::Scalar> scalar, ToScalar(type, value));
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Array> array,
                            arrow::MakeArrayFromScalar(*scalar, length, pool));
  if (type.id() == TypeId::kUuid) return arrow::ExtensionType::WrapArray(arrow_type, array);
  return array;
}

}  // namespace iceframe
