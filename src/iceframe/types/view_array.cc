// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/view_array.h"

#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/type.h>
#include <arrow/util/binary_view_util.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>

namespace iceframe {

namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using BufferPtr = std::shared_ptr<arrow::Buffer>;
using DataPtr = std::shared_ptr<arrow::ArrayData>;
using TypePtr = std::shared_ptr<arrow::DataType>;
using View = arrow::BinaryViewType::c_type;

constexpr int64_t kMaxText = std::numeric_limits<int32_t>::max();

bool IsNested(arrow::Type::type id) {
  return id == arrow::Type::LIST || id == arrow::Type::LARGE_LIST ||
         id == arrow::Type::FIXED_SIZE_LIST || id == arrow::Type::STRUCT || id == arrow::Type::MAP;
}

// A nested type over other children.
TypePtr WithChildren(const arrow::DataType& type, const std::vector<TypePtr>& children) {
  const auto child = [&](int i) {
    return type.field(i)->WithType(children[static_cast<size_t>(i)]);
  };
  switch (type.id()) {
    case arrow::Type::LIST:
      return arrow::list(child(0));
    case arrow::Type::LARGE_LIST:
      return arrow::large_list(child(0));
    case arrow::Type::FIXED_SIZE_LIST:
      return arrow::fixed_size_list(child(0),
                                    static_cast<const arrow::FixedSizeListType&>(type).list_size());
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      const auto& entry = children[0]->fields();
      return std::make_shared<arrow::MapType>(entry[0], entry[1], map.keys_sorted());
    }
    default: {
      arrow::FieldVector fields;
      for (int i = 0; i < type.num_fields(); ++i) fields.push_back(child(i));
      return arrow::struct_(fields);
    }
  }
}

Result<BufferPtr> CopyOfValidity(const arrow::ArrayData& data, arrow::MemoryPool* pool) {
  if (!data.MayHaveNulls() || data.buffers[0] == nullptr) return BufferPtr();
  return arrow::internal::CopyBitmap(pool, data.buffers[0]->data(), data.offset, data.length);
}

bool IsValid(const arrow::ArrayData& data, int64_t i) {
  return data.buffers[0] == nullptr ||
         arrow::bit_util::GetBit(data.buffers[0]->data(), data.offset + i);
}

template <typename Offset>
std::string_view TextAt(const arrow::ArrayData& data, const Offset* offsets, int64_t i) {
  const auto length = static_cast<size_t>(offsets[i + 1] - offsets[i]);
  if (length == 0) return "";
  return {reinterpret_cast<const char*>(data.buffers[2]->data()) + offsets[i], length};
}

// What does not fit into the views themselves.
template <typename Offset>
int64_t LongBytes(const arrow::ArrayData& data, const Offset* offsets) {
  int64_t num_bytes = 0;
  for (int64_t i = 0; i < data.length; ++i) {
    const int64_t size = offsets[i + 1] - offsets[i];
    if (size > arrow::BinaryViewType::kInlineSize && IsValid(data, i)) num_bytes += size;
  }
  return num_bytes;
}

template <typename Offset>
Result<DataPtr> TextToViews(const arrow::ArrayData& data, TypePtr type, arrow::MemoryPool* pool) {
  const auto* offsets = data.GetValues<Offset>(1);
  const int64_t long_bytes = LongBytes(data, offsets);
  if (long_bytes > kMaxText) return Status::CapacityError("text does not fit one buffer");
  ICEFRAME_ASSIGN_OR_RETURN(BufferPtr validity, CopyOfValidity(data, pool));
  ICEFRAME_ASSIGN_OR_RETURN(
      BufferPtr views,
      arrow::AllocateBuffer(data.length * static_cast<int64_t>(sizeof(View)), pool));
  std::vector<BufferPtr> buffers = {std::move(validity), views};
  uint8_t* text = nullptr;
  if (long_bytes > 0) {
    ICEFRAME_ASSIGN_OR_RETURN(BufferPtr bytes, arrow::AllocateBuffer(long_bytes, pool));
    text = bytes->mutable_data();
    buffers.push_back(std::move(bytes));
  }
  auto* out = reinterpret_cast<View*>(views->mutable_data());
  int32_t position = 0;
  for (int64_t i = 0; i < data.length; ++i) {
    if (!IsValid(data, i)) {
      out[i] = View{};
      continue;
    }
    const std::string_view value = TextAt(data, offsets, i);
    out[i] = arrow::util::ToBinaryView(value, 0, position);
    if (value.size() <= arrow::BinaryViewType::kInlineSize) continue;
    std::memcpy(text + position, value.data(), value.size());
    position += static_cast<int32_t>(value.size());
  }
  return arrow::ArrayData::Make(std::move(type), data.length, std::move(buffers),
                                data.GetNullCount());
}

Result<DataPtr> DataToViews(const DataPtr& data, arrow::MemoryPool* pool) {
  const arrow::Type::type id = data->type->id();
  switch (id) {
    case arrow::Type::STRING:
      return TextToViews<int32_t>(*data, arrow::utf8_view(), pool);
    case arrow::Type::BINARY:
      return TextToViews<int32_t>(*data, arrow::binary_view(), pool);
    case arrow::Type::LARGE_STRING:
      return TextToViews<int64_t>(*data, arrow::utf8_view(), pool);
    case arrow::Type::LARGE_BINARY:
      return TextToViews<int64_t>(*data, arrow::binary_view(), pool);
    default:
      break;
  }
  if (!IsNested(id)) return data;
  DataPtr changed = data->Copy();
  std::vector<TypePtr> types;
  for (DataPtr& child : changed->child_data) {
    ICEFRAME_ASSIGN_OR_RETURN(child, DataToViews(child, pool));
    types.push_back(child->type);
  }
  changed->type = WithChildren(*data->type, types);
  return changed;
}

template <typename Offset>
Result<DataPtr> ViewsToText(const DataPtr& data, const TypePtr& type, arrow::MemoryPool* pool) {
  // Bytes and text have one layout.
  const arrow::BinaryViewArray views(arrow::ArrayData::Make(
      arrow::binary_view(), data->length, data->buffers, data->GetNullCount(), data->offset));
  int64_t num_bytes = 0;
  for (int64_t i = 0; i < data->length; ++i) {
    if (IsValid(*data, i)) num_bytes += static_cast<int64_t>(views.GetView(i).size());
  }
  if (num_bytes > std::numeric_limits<Offset>::max()) {
    return Status::CapacityError("text is farther than 32-bit offsets reach");
  }
  ICEFRAME_ASSIGN_OR_RETURN(BufferPtr validity, CopyOfValidity(*data, pool));
  ICEFRAME_ASSIGN_OR_RETURN(
      BufferPtr offsets,
      arrow::AllocateBuffer((data->length + 1) * static_cast<int64_t>(sizeof(Offset)), pool));
  ICEFRAME_ASSIGN_OR_RETURN(BufferPtr bytes, arrow::AllocateBuffer(num_bytes, pool));
  auto* ends = reinterpret_cast<Offset*>(offsets->mutable_data());
  Offset position = 0;
  for (int64_t i = 0; i < data->length; ++i) {
    ends[i] = position;
    if (!IsValid(*data, i)) continue;
    const std::string_view value = views.GetView(i);
    if (!value.empty()) std::memcpy(bytes->mutable_data() + position, value.data(), value.size());
    position += static_cast<Offset>(value.size());
  }
  ends[data->length] = position;
  return arrow::ArrayData::Make(type, data->length,
                                {std::move(validity), std::move(offsets), std::move(bytes)},
                                data->GetNullCount());
}

Result<DataPtr> DataFromViews(const DataPtr& data, const TypePtr& type, arrow::MemoryPool* pool) {
  switch (type->id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return ViewsToText<int32_t>(data, type, pool);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return ViewsToText<int64_t>(data, type, pool);
    default:
      break;
  }
  if (!IsNested(type->id())) return data;
  DataPtr changed = data->Copy();
  changed->type = type;
  for (size_t i = 0; i < changed->child_data.size(); ++i) {
    ICEFRAME_ASSIGN_OR_RETURN(
        changed->child_data[i],
        DataFromViews(changed->child_data[i], type->field(static_cast<int>(i))->type(), pool));
  }
  return changed;
}

}  // namespace

TypePtr ViewTypeOf(const TypePtr& type) {
  switch (type->id()) {
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
      return arrow::utf8_view();
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
      return arrow::binary_view();
    default:
      break;
  }
  if (!IsNested(type->id())) return type;
  std::vector<TypePtr> children;
  for (const auto& field : type->fields()) children.push_back(ViewTypeOf(field->type()));
  return WithChildren(*type, children);
}

std::shared_ptr<arrow::Schema> ViewSchemaOf(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    fields.push_back(field->WithType(ViewTypeOf(field->type())));
  }
  return arrow::schema(std::move(fields), schema.metadata());
}

Result<ArrayPtr> ToViews(const ArrayPtr& array, arrow::MemoryPool* pool) {
  ICEFRAME_ASSIGN_OR_RETURN(const DataPtr data, DataToViews(array->data(), pool));
  return arrow::MakeArray(data);
}

Result<ArrayPtr> FromViews(const ArrayPtr& array, const TypePtr& type, arrow::MemoryPool* pool) {
  ICEFRAME_ASSIGN_OR_RETURN(const DataPtr data, DataFromViews(array->data(), type, pool));
  return arrow::MakeArray(data);
}

}  // namespace iceframe
