// SPDX-License-Identifier: Apache-2.0
#include "row_input.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include <arrow/array.h>
#include <arrow/chunked_array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "iceframe/runtime/batch_bytes.h"
#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/lossless_cast.h"
#include "iceframe/types/unknown_columns.h"

#include "casters/arrow_capsule.h"
#include "column_builder.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

// How often a long conversion looks for Ctrl-C.
constexpr int64_t kRowsPerCheck = 4096;

Status CheckSignals(int64_t row) {
  if (row % kRowsPerCheck != 0 || PyErr_CheckSignals() == 0) return Status::OK();
  return PythonRaised();
}

const NestedField* FindColumn(const Schema& schema, const std::string& name) {
  for (const NestedField& field : schema.fields()) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

NestedField RowOf(const Schema& schema) {
  return NestedField::Required(0, "", Type::Struct(schema.fields()));
}

/// Rows -> batches of the table's own form.
class RowReader final : public arrow::RecordBatchReader {
 public:
  static Result<std::shared_ptr<arrow::RecordBatchReader>> Make(const Schema& schema,
                                                                arrow::MemoryPool* pool,
                                                                nb::object iterator,
                                                                RowLimits limits) {
    auto reader = std::make_shared<RowReader>();
    ICEFRAME_ASSIGN_OR_RETURN(reader->schema_, ToArrowSchema(schema));
    reader->place_.classes = PythonClasses::Load();
    reader->place_.pool = pool;
    reader->iterator_ = std::move(iterator);
    reader->limits_ = limits;
    ICEFRAME_ASSIGN_OR_RETURN(reader->rows_,
                              StructBuilder::Make(RowOf(schema), "", &reader->place_));
    return reader;
  }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(BatchPtr* batch) override {
    const nb::gil_scoped_acquire gil;
    place_.num_bytes = 0;
    int64_t num_rows = 0;
    while (num_rows < limits_.max_rows && place_.num_bytes < limits_.max_bytes) {
      ICEFRAME_RETURN_NOT_OK(CheckSignals(place_.row));
      const nb::object row = nb::steal(PyIter_Next(iterator_.ptr()));
      if (!row.is_valid()) break;
      ICEFRAME_RETURN_NOT_OK(rows_->AppendRow(row.ptr()));
      ++place_.row;
      ++num_rows;
    }
    if (PyErr_Occurred() != nullptr) return PythonRaised();
    batch->reset();
    if (num_rows == 0) return Status::OK();
    ICEFRAME_ASSIGN_OR_RETURN(auto columns, rows_->Finish());
    *batch = arrow::RecordBatch::Make(schema_, num_rows, std::move(columns->child_data));
    return Status::OK();
  }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  RowPlace place_;
  nb::object iterator_;
  RowLimits limits_;
  std::unique_ptr<StructBuilder> rows_;
};

/// Columns of Python values and of Arrow arrays, side by side -> batches.
class ColumnReader final : public arrow::RecordBatchReader {
 public:
  static Result<std::shared_ptr<arrow::RecordBatchReader>> Make(const Schema& schema,
                                                                arrow::MemoryPool* pool,
                                                                const InputColumns& columns,
                                                                RowLimits limits) {
    auto reader = std::make_shared<ColumnReader>();
    reader->place_.classes = PythonClasses::Load();
    reader->place_.pool = pool;
    reader->limits_ = limits;
    ICEFRAME_RETURN_NOT_OK(CheckNames(schema, columns));
    arrow::FieldVector fields;
    for (const InputColumn& column : columns) {
      ICEFRAME_RETURN_NOT_OK(reader->Add(*FindColumn(schema, column.name), column));
      fields.push_back(arrow::field(column.name, reader->columns_.back().type));
    }
    ICEFRAME_RETURN_NOT_OK(reader->CheckLengths());
    reader->schema_ = arrow::schema(std::move(fields));
    return reader;
  }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(BatchPtr* batch) override {
    batch->reset();
    const nb::gil_scoped_acquire gil;
    const int64_t begin = place_.row;
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t num_rows, AppendRows());
    if (num_rows == 0) return Status::OK();
    arrow::ArrayVector arrays;
    for (Column& column : columns_) {
      if (column.builder == nullptr) {
        arrays.push_back(column.arrow->Slice(begin, num_rows)->chunk(0));
        continue;
      }
      ICEFRAME_ASSIGN_OR_RETURN(auto data, column.builder->Finish());
      arrays.push_back(arrow::MakeArray(std::move(data)));
    }
    *batch = arrow::RecordBatch::Make(schema_, num_rows, std::move(arrays));
    return Status::OK();
  }

 private:
  struct Column {
    std::string name;
    std::shared_ptr<arrow::DataType> type;
    int64_t length = 0;
    // Python values, and what they are read into; else an Arrow column.
    nb::object values;
    bool nan_is_null = false;
    std::unique_ptr<ColumnBuilder> builder;
    std::shared_ptr<arrow::ChunkedArray> arrow;
  };

  static Status CheckNames(const Schema& schema, const InputColumns& columns) {
    std::set<std::string_view> seen;
    std::vector<std::string> unknown;
    for (const InputColumn& column : columns) {
      if (!seen.insert(column.name).second) {
        return Error(ErrorKind::kSchemaMismatch,
                     "two columns of the data have the same name: ", column.name);
      }
      if (FindColumn(schema, column.name) != nullptr) continue;
      unknown.push_back(column.name);
    }
    return unknown.empty() ? Status::OK() : UnknownColumns(unknown, schema.fields(), {});
  }

  Status Add(const NestedField& field, const InputColumn& input) {
    Column column;
    column.name = input.name;
    column.nan_is_null = input.nan_is_null;
    if (input.is_arrow) {
      ICEFRAME_ASSIGN_OR_RETURN(column.arrow, ImportColumn(input.values, input.name));
      column.type = column.arrow->type();
      column.length = column.arrow->length();
    } else {
      column.values = input.values;
      column.length = PySequence_Fast_GET_SIZE(input.values.ptr());
      ICEFRAME_ASSIGN_OR_RETURN(column.builder, ColumnBuilder::Make(field, field.name, &place_));
      ICEFRAME_ASSIGN_OR_RETURN(column.type, ToArrowType(field.type));
      // An empty list has no type.
      if (column.length == 0) column.type = arrow::null();
    }
    columns_.push_back(std::move(column));
    return Status::OK();
  }

  Status CheckLengths() const {
    for (const Column& column : columns_) {
      if (column.length == columns_[0].length) continue;
      return Error(ErrorKind::kSchemaMismatch, "columns differ in length: ", columns_[0].name,
                   " has ", columns_[0].length, " values, ", column.name, " has ", column.length);
    }
    return Status::OK();
  }

  // Up to which row a batch may go: Arrow columns are cut where their chunks end.
  int64_t EndOfChunks() const {
    int64_t end = columns_.empty() ? 0 : columns_[0].length;
    end = std::min(end, place_.row + limits_.max_rows);
    for (const Column& column : columns_) {
      if (column.arrow == nullptr) continue;
      int64_t chunk_end = 0;
      for (const auto& chunk : column.arrow->chunks()) {
        chunk_end += chunk->length();
        if (chunk_end > place_.row) break;
      }
      end = std::min(end, chunk_end);
    }
    return end;
  }

  Result<int64_t> AppendRows() {
    const int64_t begin = place_.row;
    const int64_t end = EndOfChunks();
    place_.num_bytes = 0;
    while (place_.row < end && place_.num_bytes < limits_.max_bytes) {
      ICEFRAME_RETURN_NOT_OK(CheckSignals(place_.row));
      for (Column& column : columns_) {
        if (column.builder != nullptr) ICEFRAME_RETURN_NOT_OK(AppendValue(&column));
      }
      ++place_.row;
    }
    return place_.row - begin;
  }

  Status AppendValue(Column* column) {
    PyObject* values = column->values.ptr();
    if (place_.row >= PySequence_Fast_GET_SIZE(values)) {
      return Error(ErrorKind::kSchemaMismatch,
                   "a column became shorter while it was read: ", column->name);
    }
    place_.nan_is_null = column->nan_is_null;
    // Held, since what reads it may change the list.
    const nb::object value = nb::borrow(PySequence_Fast_GET_ITEM(values, place_.row));
    return column->builder->Append(value.ptr());
  }

  std::shared_ptr<arrow::Schema> schema_;
  RowPlace place_;
  RowLimits limits_;
  std::vector<Column> columns_;
};

/// Frames and batches, each of its own schema -> batches of the table's form.
class BatchReader final : public arrow::RecordBatchReader {
 public:
  static Result<std::shared_ptr<arrow::RecordBatchReader>> Make(
      std::shared_ptr<const Schema> schema, const OperationContext& context, nb::object iterator) {
    auto reader = std::make_shared<BatchReader>();
    ICEFRAME_ASSIGN_OR_RETURN(reader->schema_, ToArrowSchema(*schema));
    // Text is cut before it outgrows 32-bit offsets.
    ICEFRAME_ASSIGN_OR_RETURN(reader->max_bytes_, BatchBytes(context));
    reader->table_schema_ = std::move(schema);
    reader->pool_ = context.pool();
    reader->iterator_ = std::move(iterator);
    ICEFRAME_RETURN_NOT_OK(reader->PassOverNothing());
    return reader;
  }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(BatchPtr* batch) override {
    batch->reset();
    while (rows_ == nullptr || offset_ == rows_->num_rows()) {
      ICEFRAME_RETURN_NOT_OK(NextRows());
      if (rows_ == nullptr) return Status::OK();
    }
    const int64_t num_rows =
        cast_->NumRowsWithin(*rows_, offset_, RowLimits{}.max_rows, max_bytes_);
    ICEFRAME_ASSIGN_OR_RETURN(*batch,
                              cast_->Apply(*rows_->Slice(offset_, num_rows), pool_, num_rows_));
    offset_ += num_rows;
    num_rows_ += num_rows;
    return Status::OK();
  }

 private:
  // Reads up to the first part that has rows or types. Where there is none, the input has no
  // columns, so that nothing is written over a table by it.
  Status PassOverNothing() {
    while (part_ == nullptr) {
      ICEFRAME_RETURN_NOT_OK(NextPart());
      if (part_ == nullptr) {
        schema_ = arrow::schema({});
        return Status::OK();
      }
      if (HasTypes(*part_->schema())) return Status::OK();
      while (part_ != nullptr && (rows_ == nullptr || rows_->num_rows() == 0)) {
        ICEFRAME_RETURN_NOT_OK(part_->ReadNext(&rows_));
        if (rows_ == nullptr) ReleasePart();
      }
    }
    return MakeCast();
  }

  static bool HasTypes(const arrow::Schema& schema) {
    return std::ranges::any_of(
        schema.fields(), [](const auto& field) { return field->type()->id() != arrow::Type::NA; });
  }

  Status MakeCast() {
    ICEFRAME_ASSIGN_OR_RETURN(cast_, LosslessCast::Make(*part_->schema(), table_schema_, pool_));
    return Status::OK();
  }

  // The next batch of this part or a later one; none at the end.
  Status NextRows() {
    offset_ = 0;
    rows_.reset();
    while (rows_ == nullptr) {
      if (part_ == nullptr) ICEFRAME_RETURN_NOT_OK(NextPart());
      if (part_ == nullptr) return Status::OK();
      ICEFRAME_RETURN_NOT_OK(part_->ReadNext(&rows_));
      if (rows_ == nullptr) {
        ReleasePart();
      } else if (!cast_ && rows_->num_rows() > 0) {
        ICEFRAME_RETURN_NOT_OK(MakeCast());
      }
    }
    return Status::OK();
  }

  Status NextPart() {
    const nb::gil_scoped_acquire gil;
    const nb::object item = nb::steal(PyIter_Next(iterator_.ptr()));
    if (!item.is_valid()) return PyErr_Occurred() == nullptr ? Status::OK() : PythonRaised();
    ICEFRAME_ASSIGN_OR_RETURN(part_, ImportBatches(item));
    cast_.reset();
    // A frame without columns lacks those that the table requires only where it has rows.
    return part_->schema()->num_fields() == 0 ? Status::OK() : MakeCast();
  }

  // What made the part may be Python's.
  void ReleasePart() {
    const nb::gil_scoped_acquire gil;
    part_.reset();
  }

  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<const Schema> table_schema_;
  arrow::MemoryPool* pool_ = nullptr;
  int64_t max_bytes_ = 0;
  nb::object iterator_;
  std::shared_ptr<arrow::RecordBatchReader> part_;
  std::optional<LosslessCast> cast_;
  // The batch that is handed out, and how much of it was.
  BatchPtr rows_;
  int64_t offset_ = 0;
  int64_t num_rows_ = 0;
};

}  // namespace

Result<std::shared_ptr<arrow::RecordBatchReader>> RowInput::Open(
    std::shared_ptr<const Schema> table_schema, const OperationContext& context) const {
  if (const auto* rows = std::get_if<InputRows>(&source_)) {
    return RowReader::Make(*table_schema, context.pool(), rows->iterator, limits_);
  }
  if (const auto* columns = std::get_if<InputColumns>(&source_)) {
    return ColumnReader::Make(*table_schema, context.pool(), *columns, limits_);
  }
  return BatchReader::Make(std::move(table_schema), context,
                           std::get<InputBatches>(source_).iterator);
}

Result<std::shared_ptr<arrow::RecordBatchReader>> OpenInput(
    nb::handle data, const Operation& operation,
    const std::function<Result<std::shared_ptr<const Schema>>()>& table_schema) {
  const RowInput* input = nullptr;
  if (!nb::try_cast(data, input) || input == nullptr) return ImportStream(data);
  ICEFRAME_ASSIGN_OR_RETURN(const auto schema, table_schema());
  std::shared_ptr<arrow::RecordBatchReader> reader;
  // Within a call, since opening may run Python code: the process ends only after it.
  ICEFRAME_RETURN_NOT_OK(RunCall(operation, [&](CallerThread& caller) {
    return caller.Run([&]() -> Status {
      const nb::gil_scoped_acquire gil;
      return input->Open(schema, operation.context).Value(&reader);
    });
  }));
  return reader;
}

}  // namespace iceframe::python
