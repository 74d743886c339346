// SPDX-License-Identifier: Apache-2.0
#include "column_builder.h"

#include <limits>
#include <utility>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>

#include "iceframe/types/arrow_schema.h"

#include "python_rows.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

constexpr int64_t kBytesPerValue = 8;

std::shared_ptr<arrow::DataType> StorageOf(const std::shared_ptr<arrow::DataType>& type) {
  if (type->id() != arrow::Type::EXTENSION) return type;
  return static_cast<const arrow::ExtensionType&>(*type).storage_type();
}

Status TooManyBytes(const std::string& path, int64_t row) {
  return Error(ErrorKind::kSchemaMismatch, "a row is too large: ", path, " in row ", row,
               " holds more than 2 GiB; split it into several rows");
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

/// Offsets and validity of a list or map.
class Runs {
 public:
  explicit Runs(arrow::MemoryPool* pool) : offsets_(pool), validity_(pool) {}

  // Appends a value whose elements end at `end`.
  Status Append(bool is_valid, int64_t begin, int64_t end) {
    if (offsets_.length() == 0)
      ICEFRAME_RETURN_NOT_OK(offsets_.Append(static_cast<int32_t>(begin)));
    ICEFRAME_RETURN_NOT_OK(validity_.Append(is_valid));
    return offsets_.Append(static_cast<int32_t>(end));
  }

  Result<std::shared_ptr<arrow::ArrayData>> Finish(std::shared_ptr<arrow::DataType> type,
                                                   std::shared_ptr<arrow::ArrayData> elements) {
    if (offsets_.length() == 0) ICEFRAME_RETURN_NOT_OK(offsets_.Append(0));
    const int64_t length = validity_.length();
    const int64_t null_count = validity_.null_count();
    ICEFRAME_ASSIGN_OR_RETURN(auto validity, validity_.Finish());
    ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> offsets, offsets_.Finish());
    return arrow::ArrayData::Make(std::move(type), length,
                                  {std::move(validity), std::move(offsets)}, {std::move(elements)},
                                  null_count);
  }

 private:
  arrow::TypedBufferBuilder<int32_t> offsets_;
  ValidityBits validity_;
};

class ListBuilder final : public ColumnBuilder {
 public:
  ListBuilder(const NestedField& field, std::string path,
              std::shared_ptr<arrow::DataType> arrow_type, RowPlace* place)
      : ColumnBuilder(field, std::move(path), std::move(arrow_type), place), runs_(place->pool) {}

  Status Init() {
    ICEFRAME_ASSIGN_OR_RETURN(
        elements_, ColumnBuilder::Make(field_.type.fields()[0], path_ + ".element", place_));
    return Status::OK();
  }

  Status AppendEmpty() override { return runs_.Append(false, num_elements_, num_elements_); }

  Result<std::shared_ptr<arrow::ArrayData>> Finish() override {
    num_elements_ = 0;
    ICEFRAME_ASSIGN_OR_RETURN(auto elements, elements_->Finish());
    return runs_.Finish(arrow_type_, std::move(elements));
  }

 private:
  Status Take(PyObject* value, Refusal* refusal) override {
    const nb::object items = ItemsOf(value);
    if (!items.is_valid()) {
      *refusal = PyErr_Occurred() != nullptr ? kRaised : kWrongType;
      return Status::OK();
    }
    const int64_t begin = num_elements_;
    ICEFRAME_RETURN_NOT_OK(ForEachItem(items.ptr(), [this](PyObject* item) {
      if (num_elements_ == std::numeric_limits<int32_t>::max()) {
        return TooManyBytes(path_, place_->row);
      }
      ++num_elements_;
      return elements_->Append(item);
    }));
    place_->num_bytes += kBytesPerValue;
    return runs_.Append(true, begin, num_elements_);
  }

  // The specification knows no default of a list but null.
  Status AppendDefault(const arrow::Array& /*value*/) override { return AppendEmpty(); }

  std::unique_ptr<ColumnBuilder> elements_;
  Runs runs_;
  int64_t num_elements_ = 0;
};

class MapBuilder final : public ColumnBuilder {
 public:
  MapBuilder(const NestedField& field, std::string path,
             std::shared_ptr<arrow::DataType> arrow_type, RowPlace* place)
      : ColumnBuilder(field, std::move(path), std::move(arrow_type), place), runs_(place->pool) {}

  Status Init() {
    const std::vector<NestedField>& fields = field_.type.fields();
    ICEFRAME_ASSIGN_OR_RETURN(keys_, ColumnBuilder::Make(fields[0], path_ + ".key", place_));
    ICEFRAME_ASSIGN_OR_RETURN(values_, ColumnBuilder::Make(fields[1], path_ + ".value", place_));
    return Status::OK();
  }

  Status AppendEmpty() override { return runs_.Append(false, num_entries_, num_entries_); }

  Result<std::shared_ptr<arrow::ArrayData>> Finish() override {
    const int64_t num_entries = std::exchange(num_entries_, 0);
    ICEFRAME_ASSIGN_OR_RETURN(auto keys, keys_->Finish());
    ICEFRAME_ASSIGN_OR_RETURN(auto values, values_->Finish());
    auto entries = arrow::ArrayData::Make(arrow_type_->field(0)->type(), num_entries,
                                          std::vector<std::shared_ptr<arrow::Buffer>>{nullptr},
                                          std::vector{std::move(keys), std::move(values)}, 0);
    return runs_.Finish(arrow_type_, std::move(entries));
  }

 private:
  Status Take(PyObject* value, Refusal* refusal) override {
    const nb::object entries = EntriesOf(value);
    if (!entries.is_valid()) {
      *refusal = PyErr_Occurred() != nullptr ? kRaised : kWrongType;
      return Status::OK();
    }
    const int64_t begin = num_entries_;
    ICEFRAME_RETURN_NOT_OK(ForEachItem(entries.ptr(), [this](PyObject* entry) {
      if (num_entries_ == std::numeric_limits<int32_t>::max()) {
        return TooManyBytes(path_, place_->row);
      }
      ++num_entries_;
      return AppendEntry(entry);
    }));
    place_->num_bytes += kBytesPerValue;
    return runs_.Append(true, begin, num_entries_);
  }

  Status AppendEntry(PyObject* entry) {
    const Pair pair = PairOf(entry);
    if (!pair.key.is_valid()) {
      if (PyErr_Occurred() != nullptr) return PythonRaised();
      return Error(ErrorKind::kSchemaMismatch, "an entry of a map is no pair: ", path_, " holds ",
                   DescribeValue(entry), " in row ", place_->row,
                   "; give a mapping, or pairs of key and value");
    }
    ICEFRAME_RETURN_NOT_OK(keys_->Append(pair.key.ptr()));
    return values_->Append(pair.value.ptr());
  }

  // As for lists.
  Status AppendDefault(const arrow::Array& /*value*/) override { return AppendEmpty(); }

  std::unique_ptr<ColumnBuilder> keys_;
  std::unique_ptr<ColumnBuilder> values_;
  Runs runs_;
  int64_t num_entries_ = 0;
};

template <typename Builder>
Result<std::unique_ptr<ColumnBuilder>> MakeColumn(const NestedField& field, std::string path,
                                                  RowPlace* place) {
  ICEFRAME_ASSIGN_OR_RETURN(auto type, ToArrowType(field.type));
  auto builder = std::make_unique<Builder>(field, std::move(path), std::move(type), place);
  ICEFRAME_RETURN_NOT_OK(builder->Init());
  return builder;
}

Result<std::unique_ptr<ColumnBuilder>> MakeBuilder(const NestedField& field, std::string path,
                                                   RowPlace* place) {
  switch (field.type.id()) {
    case TypeId::kBoolean:
      return MakeColumn<ValueBuilder<arrow::BooleanBuilder, bool, ToBoolean>>(field, path, place);
    case TypeId::kInt:
      return MakeColumn<ValueBuilder<arrow::Int32Builder, int32_t, ToInt>>(field, path, place);
    case TypeId::kLong:
      return MakeColumn<ValueBuilder<arrow::Int64Builder, int64_t, ToLong>>(field, path, place);
    case TypeId::kFloat:
      return MakeColumn<ValueBuilder<arrow::FloatBuilder, float, ToFloat>>(field, path, place);
    case TypeId::kDouble:
      return MakeColumn<ValueBuilder<arrow::DoubleBuilder, double, ToDouble>>(field, path, place);
    case TypeId::kDecimal:
      return MakeColumn<ValueBuilder<arrow::Decimal128Builder, arrow::Decimal128, ToDecimal>>(
          field, path, place);
    case TypeId::kDate:
      return MakeColumn<ValueBuilder<arrow::Date32Builder, int32_t, ToDate>>(field, path, place);
    case TypeId::kTime:
      return MakeColumn<ValueBuilder<arrow::Time64Builder, int64_t, ToTime>>(field, path, place);
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return MakeColumn<ValueBuilder<arrow::TimestampBuilder, int64_t, ToTimestamp>>(field, path,
                                                                                     place);
    case TypeId::kString:
      return MakeColumn<ValueBuilder<arrow::StringBuilder, ValueBytes, ToText>>(field, path, place);
    case TypeId::kBinary:
      return MakeColumn<ValueBuilder<arrow::BinaryBuilder, ValueBytes, ToBinary>>(field, path,
                                                                                  place);
    case TypeId::kUuid:
    case TypeId::kFixed:
      return MakeColumn<ValueBuilder<arrow::FixedSizeBinaryBuilder, ValueBytes, ToFixed>>(
          field, path, place);
    case TypeId::kUnknown:
      return MakeColumn<ValueBuilder<arrow::NullBuilder, bool, ToNothing>>(field, path, place);
    case TypeId::kStruct:
      return StructBuilder::Make(field, std::move(path), place);
    case TypeId::kList:
      return MakeColumn<ListBuilder>(field, std::move(path), place);
    case TypeId::kMap:
      return MakeColumn<MapBuilder>(field, std::move(path), place);
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
      break;
  }
  return WithContext(ToArrowType(field.type).status(), "column", path);
}

}  // namespace

Result<std::unique_ptr<ColumnBuilder>> ColumnBuilder::Make(const NestedField& field,
                                                           std::string path, RowPlace* place) {
  ICEFRAME_ASSIGN_OR_RETURN(std::unique_ptr<ColumnBuilder> builder,
                            MakeBuilder(field, std::move(path), place));
  if (field.write_default && !field.write_default->is_null()) {
    ICEFRAME_ASSIGN_OR_RETURN(builder->write_default_,
                              ArrayFromValue(field.type, *field.write_default, 1, place->pool));
  }
  return builder;
}

Status ColumnBuilder::Append(PyObject* value) {
  if (value == Py_None) return AppendNull();
  Refusal refusal = nullptr;
  if (place_->nan_is_null && IsNan(value)) return AppendNull();
  ICEFRAME_RETURN_NOT_OK(Take(value, &refusal));
  if (refusal == nullptr) return Status::OK();
  if (refusal != kWrongType) return Refuse(value, refusal);
  const nb::object plain = Unwrapped(place_->classes, value);
  if (!plain.is_valid()) return PythonRaised();
  if (plain.is_none()) return AppendNull();
  if (plain.ptr() == value) return Refuse(value, refusal);
  if (place_->nan_is_null && IsNan(plain.ptr())) return AppendNull();
  ICEFRAME_RETURN_NOT_OK(Take(plain.ptr(), &refusal));
  return refusal == nullptr ? Status::OK() : Refuse(value, refusal);
}

Status ColumnBuilder::AppendMissing() {
  return write_default_ == nullptr ? AppendNull() : AppendDefault(*write_default_);
}

Status ColumnBuilder::AppendNull() { return field_.required ? RefuseNull() : AppendEmpty(); }

Status ColumnBuilder::RefuseNull() const {
  return Error(ErrorKind::kSchemaMismatch, "required column holds a null: ", path_, " in row ",
               place_->row, "; fill it in, or make the column optional");
}

Status ColumnBuilder::Refuse(PyObject* value, Refusal refusal) const {
  if (refusal == kRaised) return PythonRaised();
  return Error(ErrorKind::kSchemaMismatch, "value can't be kept by its column: ", path_, " is ",
               field_.type.ToString().substr(0, 200), ", but ", DescribeValue(value), " in row ",
               place_->row, " ", refusal);
}

Result<std::shared_ptr<arrow::Buffer>> ValidityBits::Finish() {
  const bool has_nulls = bits_.false_count() > 0;
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> bits, bits_.Finish());
  return has_nulls ? bits : nullptr;
}

Result<std::unique_ptr<StructBuilder>> StructBuilder::Make(const NestedField& field,
                                                           std::string path, RowPlace* place) {
  ICEFRAME_ASSIGN_OR_RETURN(auto type, ToArrowType(field.type));
  const std::string prefix = path.empty() ? "" : path + ".";
  std::unique_ptr<StructBuilder> builder(
      new StructBuilder(field, std::move(path), std::move(type), place));
  for (const NestedField& child : field.type.fields()) {
    ICEFRAME_ASSIGN_OR_RETURN(auto column, ColumnBuilder::Make(child, prefix + child.name, place));
    builder->children_.push_back(std::move(column));
    builder->names_.emplace_back(nb::str(child.name.data(), child.name.size()));
  }
  return builder;
}

Status StructBuilder::AppendRow(PyObject* row) {
  Refusal refusal = nullptr;
  ICEFRAME_RETURN_NOT_OK(Take(row, &refusal));
  if (refusal == nullptr) return Status::OK();
  if (refusal == kRaised) return PythonRaised();
  return Error(ErrorKind::kSchemaMismatch, "a row has no columns: row ", place_->row, " is ",
               DescribeValue(row),
               "; give a dict, a pydantic model, a data class or a named tuple");
}

Status StructBuilder::Take(PyObject* value, Refusal* refusal) {
  const nb::object fields = FieldsOf(value);
  if (!fields.is_valid()) {
    *refusal = PyErr_Occurred() != nullptr ? kRaised : kWrongType;
    return Status::OK();
  }
  ICEFRAME_RETURN_NOT_OK(TakeFields(fields.ptr()));
  return validity_.Append(true);
}

Status StructBuilder::TakeFields(PyObject* fields) {
  Py_ssize_t num_found = 0;
  for (size_t i = 0; i < children_.size(); ++i) {
    // Held, since what reads it may change the dict.
    const nb::object value = nb::borrow(PyDict_GetItemWithError(fields, names_[i].ptr()));
    if (!value.is_valid()) {
      if (PyErr_Occurred() != nullptr) return PythonRaised();
      ICEFRAME_RETURN_NOT_OK(children_[i]->AppendMissing());
      continue;
    }
    ++num_found;
    ICEFRAME_RETURN_NOT_OK(children_[i]->Append(value.ptr()));
  }
  return num_found == PyDict_Size(fields) ? Status::OK() : RefuseUnknown(fields);
}

Status StructBuilder::RefuseUnknown(PyObject* fields) const {
  std::string unknown;
  const nb::object keys = nb::steal(PyDict_Keys(fields));
  for (Py_ssize_t i = 0; keys.is_valid() && i < PyList_GET_SIZE(keys.ptr()); ++i) {
    PyObject* key = PyList_GET_ITEM(keys.ptr(), i);
    bool is_known = false;
    for (const nb::object& name : names_) {
      is_known |= PyUnicode_Check(key) && PyUnicode_Compare(key, name.ptr()) == 0;
    }
    if (is_known) continue;
    const std::string prefix = path_.empty() ? "" : path_ + ".";
    unknown += (unknown.empty() ? "" : ", ") + prefix + NameOf(key);
  }
  return Error(ErrorKind::kSchemaMismatch, "the data has columns that the table lacks: ", unknown,
               " in row ", place_->row, "; add them to the table or leave them out");
}

Status StructBuilder::AppendEmpty() {
  for (const auto& child : children_) ICEFRAME_RETURN_NOT_OK(child->AppendEmpty());
  return validity_.Append(false);
}

// A default of a struct holds those of its fields.
Status StructBuilder::AppendDefault(const arrow::Array& /*value*/) {
  for (const auto& child : children_) ICEFRAME_RETURN_NOT_OK(child->AppendMissing());
  return validity_.Append(true);
}

Result<std::shared_ptr<arrow::ArrayData>> StructBuilder::Finish() {
  std::vector<std::shared_ptr<arrow::ArrayData>> columns;
  for (const auto& child : children_) {
    ICEFRAME_ASSIGN_OR_RETURN(auto column, child->Finish());
    columns.push_back(std::move(column));
  }
  const int64_t length = validity_.length();
  const int64_t null_count = validity_.null_count();
  ICEFRAME_ASSIGN_OR_RETURN(auto validity, validity_.Finish());
  return arrow::ArrayData::Make(arrow_type_, length, {std::move(validity)}, std::move(columns),
                                null_count);
}

}  // namespace iceframe::python
