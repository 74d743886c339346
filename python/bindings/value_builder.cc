// SPDX-License-Identifier: Apache-2.0
// Columns of primitive types, over Arrow's builders.
#include <utility>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>

#include "iceframe/types/arrow_schema.h"

#include "column_builder.h"

namespace iceframe::python {

namespace {

std::shared_ptr<arrow::DataType> StorageOf(const std::shared_ptr<arrow::DataType>& type) {
  if (type->id() != arrow::Type::EXTENSION) return type;
  return static_cast<const arrow::ExtensionType&>(*type).storage_type();
}

/// A primitive column, over the Arrow builder of its storage.
template <typename ArrowBuilder, typename T, Refusal (*Convert)(const ValueTarget&, PyObject*, T*)>
class ValueBuilder final : public ColumnBuilder {
 public:
  ValueBuilder(const NestedField& field, std::string path,
               std::shared_ptr<arrow::DataType> arrow_type, RowPlace* place)
      : ColumnBuilder(field, std::move(path), std::move(arrow_type), place),
        target_{field.type, &place->classes} {}

  Status Init() {
    ICEFRAME_ASSIGN_OR_RETURN(builder_, arrow::MakeBuilder(StorageOf(arrow_type_), place_->pool));
    return Status::OK();
  }

  Status AppendEmpty() override {
    place_->num_bytes += 1;
    return builder_->AppendNull();
  }

  Result<std::shared_ptr<arrow::ArrayData>> Finish() override {
    std::shared_ptr<arrow::ArrayData> data;
    ICEFRAME_RETURN_NOT_OK(builder_->FinishInternal(&data));
    data->type = arrow_type_;
    return data;
  }

 private:
  Status Take(PyObject* value, Refusal* refusal) override {
    T converted{};
    *refusal = Convert(target_, value, &converted);
    if (*refusal != nullptr) return Status::OK();
    auto* builder = static_cast<ArrowBuilder*>(builder_.get());
    place_->num_bytes += kBytesPerValue;
    if constexpr (std::is_same_v<T, ValueBytes>) {
      const auto size = static_cast<int64_t>(converted.view.size());
      place_->num_bytes += size;
      if constexpr (!std::is_same_v<ArrowBuilder, arrow::FixedSizeBinaryBuilder>) {
        const bool fits = builder->value_data_length() + size <= builder->memory_limit();
        if (!fits) return TooManyBytes(path_, place_->row);
      }
      return builder->Append(converted.view);
    } else if constexpr (std::is_same_v<ArrowBuilder, arrow::NullBuilder>) {
      return builder->AppendNull();
    } else {
      return builder->Append(converted);
    }
  }

  Status AppendDefault(const arrow::Array& value) override {
    arrow::ArrayData storage = *value.data();
    storage.type = StorageOf(arrow_type_);
    return builder_->AppendArraySlice(arrow::ArraySpan(storage), 0, 1);
  }

  const ValueTarget target_;
  std::unique_ptr<arrow::ArrayBuilder> builder_;
};

}  // namespace

Result<std::unique_ptr<ColumnBuilder>> MakeValueBuilder(const NestedField& field, std::string path,
                                                        RowPlace* place) {
  switch (field.type.id()) {
    case TypeId::kBoolean:
      return MakeColumnOf<ValueBuilder<arrow::BooleanBuilder, bool, ToBoolean>>(field, path, place);
    case TypeId::kInt:
      return MakeColumnOf<ValueBuilder<arrow::Int32Builder, int32_t, ToInt>>(field, path, place);
    case TypeId::kLong:
      return MakeColumnOf<ValueBuilder<arrow::Int64Builder, int64_t, ToLong>>(field, path, place);
    case TypeId::kFloat:
      return MakeColumnOf<ValueBuilder<arrow::FloatBuilder, float, ToFloat>>(field, path, place);
    case TypeId::kDouble:
      return MakeColumnOf<ValueBuilder<arrow::DoubleBuilder, double, ToDouble>>(field, path, place);
    case TypeId::kDecimal:
      return MakeColumnOf<ValueBuilder<arrow::Decimal128Builder, arrow::Decimal128, ToDecimal>>(
          field, path, place);
    case TypeId::kDate:
      return MakeColumnOf<ValueBuilder<arrow::Date32Builder, int32_t, ToDate>>(field, path, place);
    case TypeId::kTime:
      return MakeColumnOf<ValueBuilder<arrow::Time64Builder, int64_t, ToTime>>(field, path, place);
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return MakeColumnOf<ValueBuilder<arrow::TimestampBuilder, int64_t, ToTimestamp>>(field, path,
                                                                                       place);
    case TypeId::kString:
      return MakeColumnOf<ValueBuilder<arrow::StringBuilder, ValueBytes, ToText>>(field, path,
                                                                                  place);
    case TypeId::kBinary:
      return MakeColumnOf<ValueBuilder<arrow::BinaryBuilder, ValueBytes, ToBinary>>(field, path,
                                                                                    place);
    case TypeId::kUuid:
    case TypeId::kFixed:
      return MakeColumnOf<ValueBuilder<arrow::FixedSizeBinaryBuilder, ValueBytes, ToFixed>>(
          field, path, place);
    case TypeId::kUnknown:
      return MakeColumnOf<ValueBuilder<arrow::NullBuilder, bool, ToNothing>>(field, path, place);
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
      break;
  }
  return WithContext(ToArrowType(field.type).status(), "column", path);
}

}  // namespace iceframe::python
