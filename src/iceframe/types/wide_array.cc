// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/wide_array.h"

#include <algorithm>
#include <utility>

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>
#include <arrow/util/bitmap_ops.h>

#include "iceframe/types/offset_reach.h"

namespace iceframe {

namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using DataPtr = std::shared_ptr<arrow::ArrayData>;
using TypePtr = std::shared_ptr<arrow::DataType>;

const TypePtr& StorageOf(const TypePtr& type) {
  if (type->id() != arrow::Type::EXTENSION) return type;
  return static_cast<const arrow::ExtensionType&>(*type).storage_type();
}

// Offsets of rows that begin at `offset`, which then count from `base`.
template <typename From, typename To>
Result<std::shared_ptr<arrow::Buffer>> ConvertOffsets(const arrow::ArrayData& data, int64_t base,
                                                      arrow::MemoryPool* pool) {
  ICEFRAME_ASSIGN_OR_RETURN(
      std::shared_ptr<arrow::Buffer> buffer,
      arrow::AllocateBuffer((data.length + 1) * static_cast<int64_t>(sizeof(To)), pool));
  auto* out = reinterpret_cast<To*>(buffer->mutable_data());
  out[0] = 0;
  if (data.length == 0) return buffer;
  const auto* offsets = data.GetValues<From>(1);
  for (int64_t i = 0; i <= data.length; ++i) out[i] = static_cast<To>(offsets[i] - base);
  return buffer;
}

Result<std::shared_ptr<arrow::Buffer>> CopyValidity(const arrow::ArrayData& data,
                                                    arrow::MemoryPool* pool) {
  const auto& bits = data.buffers[0];
  if (bits == nullptr || data.offset == 0) return bits;
  return arrow::internal::CopyBitmap(pool, bits->data(), data.offset, data.length);
}

Result<DataPtr> WidenData(const DataPtr& data, arrow::MemoryPool* pool);

Result<DataPtr> WidenStruct(const arrow::ArrayData& data, arrow::MemoryPool* pool) {
  auto wide = data.Copy();
  arrow::FieldVector fields = data.type->fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    ICEFRAME_ASSIGN_OR_RETURN(wide->child_data[i], WidenData(data.child_data[i], pool));
    fields[i] = fields[i]->WithType(wide->child_data[i]->type);
  }
  wide->type = arrow::struct_(fields);
  return wide;
}

Result<DataPtr> WidenOffsets(const arrow::ArrayData& data, arrow::MemoryPool* pool) {
  ICEFRAME_ASSIGN_OR_RETURN(auto validity, CopyValidity(data, pool));
  ICEFRAME_ASSIGN_OR_RETURN(auto offsets, (ConvertOffsets<int32_t, int64_t>(data, 0, pool)));
  const int64_t num_nulls = data.null_count;
  switch (data.type->id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY: {
      auto type =
          data.type->id() == arrow::Type::STRING ? arrow::large_utf8() : arrow::large_binary();
      return arrow::ArrayData::Make(std::move(type), data.length,
                                    {std::move(validity), std::move(offsets), data.buffers[2]},
                                    num_nulls);
    }
    default: {
      ICEFRAME_ASSIGN_OR_RETURN(DataPtr child, WidenData(data.child_data[0], pool));
      auto type = arrow::large_list(data.type->field(0)->WithType(child->type));
      return arrow::ArrayData::Make(std::move(type), data.length,
                                    {std::move(validity), std::move(offsets)}, {std::move(child)},
                                    num_nulls);
    }
  }
}

Result<DataPtr> WidenData(const DataPtr& data, arrow::MemoryPool* pool) {
  switch (data->type->id()) {
    case arrow::Type::EXTENSION: {
      auto storage = data->Copy();
      storage->type = StorageOf(data->type);
      return WidenData(storage, pool);
    }
    case arrow::Type::STRUCT:
      return WidenStruct(*data, pool);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LIST:
    case arrow::Type::MAP:
      return WidenOffsets(*data, pool);
    default:
      return data;
  }
}

Result<DataPtr> NarrowData(const DataPtr& data, const TypePtr& type, arrow::MemoryPool* pool);

Result<DataPtr> NarrowOffsets(const arrow::ArrayData& data, const TypePtr& type,
                              arrow::MemoryPool* pool) {
  const int64_t first = data.length == 0 ? 0 : data.GetValues<int64_t>(1)[0];
  const int64_t count = data.length == 0 ? 0 : data.GetValues<int64_t>(1)[data.length] - first;
  if (count > kMaxOffset) {
    return Error(ErrorKind::kResourceExhausted,
                 "a single row holds more text or list elements than a column can: ", count, " of ",
                 type->ToString());
  }
  ICEFRAME_ASSIGN_OR_RETURN(auto validity, CopyValidity(data, pool));
  ICEFRAME_ASSIGN_OR_RETURN(auto offsets, (ConvertOffsets<int64_t, int32_t>(data, first, pool)));
  const TypePtr& storage = StorageOf(type);
  if (data.child_data.empty()) {
    std::shared_ptr<arrow::Buffer> bytes = data.buffers[2];
    if (bytes != nullptr) bytes = arrow::SliceBuffer(std::move(bytes), first, count);
    return arrow::ArrayData::Make(type, data.length,
                                  {std::move(validity), std::move(offsets), std::move(bytes)},
                                  data.null_count);
  }
  ICEFRAME_ASSIGN_OR_RETURN(DataPtr child, NarrowData(data.child_data[0]->Slice(first, count),
                                                      storage->field(0)->type(), pool));
  return arrow::ArrayData::Make(type, data.length, {std::move(validity), std::move(offsets)},
                                {std::move(child)}, data.null_count);
}

Result<DataPtr> NarrowStruct(const arrow::ArrayData& data, const TypePtr& type,
                             arrow::MemoryPool* pool) {
  ICEFRAME_ASSIGN_OR_RETURN(auto validity, CopyValidity(data, pool));
  const TypePtr& storage = StorageOf(type);
  std::vector<DataPtr> children;
  for (size_t i = 0; i < data.child_data.size(); ++i) {
    ICEFRAME_ASSIGN_OR_RETURN(DataPtr child,
                              NarrowData(data.child_data[i]->Slice(data.offset, data.length),
                                         storage->field(static_cast<int>(i))->type(), pool));
    children.push_back(std::move(child));
  }
  return arrow::ArrayData::Make(type, data.length, {std::move(validity)}, std::move(children),
                                data.null_count);
}

// What lies below lists of 32-bit offsets is narrow too: arrays are wide as a whole.
Result<DataPtr> NarrowData(const DataPtr& data, const TypePtr& type, arrow::MemoryPool* pool) {
  switch (StorageOf(data->type)->id()) {
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::LARGE_LIST:
      return NarrowOffsets(*data, type, pool);
    case arrow::Type::STRUCT:
      return NarrowStruct(*data, type, pool);
    default: {
      auto relabeled = data->Copy();
      relabeled->type = type;
      const TypePtr& storage = StorageOf(type);
      for (size_t i = 0; i < relabeled->child_data.size(); ++i) {
        ICEFRAME_ASSIGN_OR_RETURN(relabeled->child_data[i],
                                  NarrowData(relabeled->child_data[i],
                                             storage->field(static_cast<int>(i))->type(), pool));
      }
      return relabeled;
    }
  }
}

bool IsWide(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::LARGE_LIST:
      return true;
    default:
      return std::ranges::any_of(type.fields(),
                                 [](const auto& field) { return IsWide(*field->type()); });
  }
}

}  // namespace

Result<ArrayPtr> Widen(const ArrayPtr& array, arrow::MemoryPool* pool) {
  ICEFRAME_ASSIGN_OR_RETURN(DataPtr data, WidenData(array->data(), pool));
  return arrow::MakeArray(data);
}

Result<ArrayPtr> Narrow(const ArrayPtr& array, const TypePtr& type, arrow::MemoryPool* pool) {
  if (array->type().get() == type.get()) return array;
  ICEFRAME_ASSIGN_OR_RETURN(DataPtr data, NarrowData(array->data(), type, pool));
  return arrow::MakeArray(data);
}

Result<ArrayPtr> ConcatenateWithin(const arrow::ArrayVector& arrays, int64_t limit,
                                   arrow::MemoryPool* pool) {
  if (arrays.size() == 1) return arrays[0];
  int64_t reach = 0;
  bool is_wide = false;
  for (const ArrayPtr& array : arrays) {
    reach += OffsetReach(*array->data());
    is_wide = is_wide || IsWide(*array->type());
  }
  if (!is_wide && reach <= limit) return arrow::Concatenate(arrays, pool);
  arrow::ArrayVector wide;
  for (const ArrayPtr& array : arrays) {
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr widened, Widen(array, pool));
    wide.push_back(std::move(widened));
  }
  return arrow::Concatenate(wide, pool);
}

}  // namespace iceframe
