// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/growing_column.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <arrow/array/data.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>

#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/offset_reach.h"

namespace iceframe {
namespace {

constexpr int64_t kOffsetSize = sizeof(int32_t);

/// The bytes of one value in its buffer; 0 for text and nested types.
int64_t WidthOf(const Type& type) {
  switch (type.id()) {
    case TypeId::kBoolean:
      return 1;
    case TypeId::kInt:
    case TypeId::kFloat:
    case TypeId::kDate:
      return 4;
    case TypeId::kLong:
    case TypeId::kDouble:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return 8;
    case TypeId::kDecimal:
    case TypeId::kUuid:
      return 16;
    case TypeId::kFixed:
      return type.length();
    case TypeId::kString:
    case TypeId::kBinary:
    case TypeId::kUnknown:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      break;
  }
  return 0;
}

struct AppendStored {
  GrowingColumn* column;

  Status operator()(std::monostate) const { return column->AppendNull(); }
  Status operator()(bool value) const { return column->AppendFixed(uint8_t{value}); }
  Status operator()(const std::string& value) const { return column->AppendBytes(value); }
  Status operator()(const arrow::Decimal128& value) const {
    return column->AppendFixed(value.ToBytes());
  }
  Status operator()(const std::shared_ptr<const Value::Nested>& values) const {
    std::vector<GrowingColumn>& children = column->children();
    for (size_t i = 0; i < values->size(); ++i) {
      ICEFRAME_RETURN_NOT_OK(children[i % children.size()].AppendValue((*values)[i]));
    }
    return column->AppendNested();
  }
  template <typename T>
  Status operator()(T value) const {
    return column->AppendFixed(value);
  }
};

}  // namespace

GrowingColumn::GrowingColumn(const NestedField& field, std::shared_ptr<arrow::DataType> arrow_type,
                             arrow::MemoryPool* pool)
    : field_(&field),
      arrow_type_(std::move(arrow_type)),
      pool_(pool),
      width_(WidthOf(field.type)),
      values_(pool),
      offsets_(pool),
      nulls_(pool) {}

Result<GrowingColumn> GrowingColumn::Make(const NestedField& field, arrow::MemoryPool* pool) {
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::DataType> arrow_type, ToArrowType(field.type));
  GrowingColumn column(field, std::move(arrow_type), pool);
  for (const NestedField& child : field.type.fields()) {
    ICEFRAME_ASSIGN_OR_RETURN(GrowingColumn made, Make(child, pool));
    column.children_.push_back(std::move(made));
  }
  ICEFRAME_RETURN_NOT_OK(column.Begin());
  return column;
}

Status GrowingColumn::Begin() {
  length_ = 0;
  nulls_.Rewind(0);
  if (!has_offsets()) return Status::OK();
  return offsets_.Append(kOffsetSize, uint8_t{0});
}

bool GrowingColumn::has_offsets() const {
  switch (type().id()) {
    case TypeId::kString:
    case TypeId::kBinary:
    case TypeId::kList:
    case TypeId::kMap:
      return true;
    default:
      return false;
  }
}

int64_t GrowingColumn::OffsetAt(int64_t row) const {
  int32_t offset = 0;
  std::memcpy(&offset, offsets_.data() + row * kOffsetSize, kOffsetSize);
  return offset;
}

int64_t GrowingColumn::NullAt(int64_t index) const {
  int64_t row = 0;
  std::memcpy(&row, nulls_.data() + index * static_cast<int64_t>(sizeof(row)), sizeof(row));
  return row;
}

int64_t GrowingColumn::next_offset() const { return OffsetAt(length_); }

Status GrowingColumn::AppendOffset(int64_t offset) {
  if (offset > kMaxOffset) {
    return Error(ErrorKind::kResourceExhausted,
                 "column holds more than its offsets reach: ", field_->name);
  }
  const auto end = static_cast<int32_t>(offset);
  ICEFRAME_RETURN_NOT_OK(offsets_.Append(&end, kOffsetSize));
  ++length_;
  return Status::OK();
}

Status GrowingColumn::AppendBytes(std::string_view bytes) {
  // An empty view may point to nothing, which memcpy must not be given.
  if (!bytes.empty()) {
    ICEFRAME_RETURN_NOT_OK(values_.Append(bytes.data(), static_cast<int64_t>(bytes.size())));
  }
  if (has_offsets()) return AppendOffset(values_.length());
  ++length_;
  return Status::OK();
}

Status GrowingColumn::AppendNested() {
  if (has_offsets()) return AppendOffset(children_.front().length());
  ++length_;
  return Status::OK();
}

Status GrowingColumn::AppendNull() {
  ICEFRAME_RETURN_NOT_OK(nulls_.Append(&length_, sizeof(length_)));
  return AppendFiller();
}

Status GrowingColumn::AppendFiller() {
  if (has_offsets()) return AppendOffset(next_offset());
  for (GrowingColumn& child : children_) {
    // A required field has no nulls of its own, not even where its struct is null.
    ICEFRAME_RETURN_NOT_OK(child.field().required ? child.AppendFiller() : child.AppendNull());
  }
  ICEFRAME_RETURN_NOT_OK(values_.Append(width_, uint8_t{0}));
  ++length_;
  return Status::OK();
}

Status GrowingColumn::AppendValue(const Value& value) {
  return std::visit(AppendStored{this}, value.storage());
}

std::string_view GrowingColumn::BytesAt(int64_t row) const {
  const char* data = reinterpret_cast<const char*>(values_.data());
  if (!has_offsets()) return {data + row * width_, static_cast<size_t>(width_)};
  const int64_t begin = OffsetAt(row);
  return {data + begin, static_cast<size_t>(OffsetAt(row + 1) - begin)};
}

void GrowingColumn::Truncate(int64_t length) {
  if (type().id() == TypeId::kStruct) {
    // Also where the struct's own row was not yet complete.
    for (GrowingColumn& child : children_) child.Truncate(length);
  }
  const bool nested = type().is_nested();
  if (has_offsets()) {
    const int64_t end = OffsetAt(std::min(length, length_));
    if (!nested) values_.Rewind(end);
    for (GrowingColumn& child : children_) child.Truncate(end);
  }
  if (length >= length_) return;
  length_ = length;
  if (has_offsets()) {
    offsets_.Rewind((length + 1) * kOffsetSize);
  } else if (!nested) {
    values_.Rewind(length * width_);
  }
  int64_t num_kept = num_nulls();
  while (num_kept > 0 && NullAt(num_kept - 1) >= length) --num_kept;
  nulls_.Rewind(num_kept * static_cast<int64_t>(sizeof(int64_t)));
}

Result<std::shared_ptr<arrow::Buffer>> GrowingColumn::FinishValidity() {
  if (num_nulls() == 0) return nullptr;
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> bits,
                            arrow::AllocateEmptyBitmap(length_, pool_));
  uint8_t* data = bits->mutable_data();
  arrow::bit_util::SetBitsTo(data, 0, length_, true);
  for (int64_t i = 0; i < num_nulls(); ++i) arrow::bit_util::ClearBit(data, NullAt(i));
  nulls_.Reset();
  return bits;
}

Result<std::shared_ptr<arrow::Buffer>> GrowingColumn::FinishValues() {
  std::shared_ptr<arrow::Buffer> bytes;
  ICEFRAME_RETURN_NOT_OK(values_.Finish(&bytes, /*shrink_to_fit=*/false));
  if (type().id() != TypeId::kBoolean) return bytes;
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> bits,
                            arrow::AllocateEmptyBitmap(length_, pool_));
  for (int64_t i = 0; i < length_; ++i) {
    arrow::bit_util::SetBitTo(bits->mutable_data(), i, bytes->data()[i] != 0);
  }
  return bits;
}

Result<std::shared_ptr<arrow::ArrayData>> GrowingColumn::FinishData() {
  const int64_t length = length_;
  if (type().id() == TypeId::kUnknown) {
    ICEFRAME_RETURN_NOT_OK(Begin());
    return arrow::ArrayData::Make(arrow_type_, length, {nullptr}, length);
  }
  const int64_t null_count = num_nulls();
  std::vector<std::shared_ptr<arrow::Buffer>> buffers;
  ICEFRAME_ASSIGN_OR_RETURN(buffers.emplace_back(), FinishValidity());
  if (has_offsets()) ICEFRAME_RETURN_NOT_OK(offsets_.Finish(&buffers.emplace_back(), false));
  if (!type().is_nested()) {
    ICEFRAME_ASSIGN_OR_RETURN(buffers.emplace_back(), FinishValues());
  }
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  for (GrowingColumn& child : children_) {
    ICEFRAME_ASSIGN_OR_RETURN(children.emplace_back(), child.FinishData());
  }
  if (type().id() == TypeId::kMap) {
    // Arrow's map is a list of structs of a key and a value.
    const int64_t num_entries = children.front()->length;
    children = {arrow::ArrayData::Make(arrow_type_->field(0)->type(), num_entries, {nullptr},
                                       std::move(children), 0)};
  }
  ICEFRAME_RETURN_NOT_OK(Begin());
  return arrow::ArrayData::Make(arrow_type_, length, std::move(buffers), std::move(children),
                                null_count);
}

Result<std::shared_ptr<arrow::Array>> GrowingColumn::Finish() {
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::ArrayData> data, FinishData());
  return arrow::MakeArray(data);
}

bool HasRepeated(const GrowingColumn& column, int64_t begin) {
  if (column.length() - begin < 2) return false;
  std::vector<std::string_view> sorted;
  for (int64_t i = begin; i < column.length(); ++i) sorted.push_back(column.BytesAt(i));
  std::ranges::sort(sorted);
  return std::ranges::adjacent_find(sorted) != sorted.end();
}

Result<std::shared_ptr<arrow::RecordBatch>> GrowingColumn::FinishRows(
    const std::shared_ptr<arrow::Schema>& schema) {
  const int64_t num_rows = length_;
  arrow::ArrayVector columns;
  for (GrowingColumn& column : children_) {
    ICEFRAME_ASSIGN_OR_RETURN(columns.emplace_back(), column.Finish());
  }
  Truncate(0);
  return arrow::RecordBatch::Make(schema, num_rows, std::move(columns));
}

}  // namespace iceframe
