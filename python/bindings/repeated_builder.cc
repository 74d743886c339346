// SPDX-License-Identifier: Apache-2.0
// Columns of lists and maps.
#include <limits>
#include <utility>

#include <arrow/type.h>

#include "column_builder.h"
#include "python_rows.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

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

}  // namespace

Result<std::unique_ptr<ColumnBuilder>> MakeListBuilder(const NestedField& field, std::string path,
                                                       RowPlace* place) {
  return MakeColumnOf<ListBuilder>(field, std::move(path), place);
}

Result<std::unique_ptr<ColumnBuilder>> MakeMapBuilder(const NestedField& field, std::string path,
                                                      RowPlace* place) {
  return MakeColumnOf<MapBuilder>(field, std::move(path), place);
}

}  // namespace iceframe::python
