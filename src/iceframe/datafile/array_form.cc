// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <arrow/api.h>

#include "iceframe/datafile/array_form_internal.h"

namespace iceframe::internal {
namespace {

const arrow::DataType& StorageOf(const arrow::DataType& type) {
  if (type.id() != arrow::Type::EXTENSION) return type;
  return *static_cast<const arrow::ExtensionType&>(type).storage_type();
}

/// Of `length` rows from `begin` on, counted from the data's own offset.
int64_t NumBytesOfRows(const arrow::ArrayData& data, int64_t begin, int64_t length) {
  const arrow::DataType& type = StorageOf(*data.type);
  if (length == 0 || type.id() == arrow::Type::NA) return 0;
  switch (type.id()) {
    case arrow::Type::STRUCT: {
      int64_t bytes = 0;
      for (const auto& child : data.child_data) {
        bytes += NumBytesOfRows(*child, data.offset + begin, length);
      }
      return bytes;
    }
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LIST:
    case arrow::Type::MAP: {
      const auto* offsets = data.GetValues<int32_t>(1) + begin;
      const int64_t num_values = offsets[length] - offsets[0];
      const int64_t offset_bytes = length * static_cast<int64_t>(sizeof(int32_t));
      if (data.child_data.empty()) return offset_bytes + num_values;
      return offset_bytes + NumBytesOfRows(*data.child_data[0], offsets[0], num_values);
    }
    default:
      return type.bit_width() * length / 8;
  }
}

Status NullInRequired(const NestedField& field, const std::string& path) {
  return Error(ErrorKind::kSchemaMismatch, "a null in a required column: ", path, " (id ", field.id,
               ")");
}

Status CheckPath(const NestedField& field, const arrow::Array& array, const std::string& path,
                 arrow::MemoryPool* pool);

Status CheckStruct(const NestedField& field, const arrow::StructArray& array,
                   const std::string& path, arrow::MemoryPool* pool) {
  const auto& children = field.type.fields();
  for (size_t i = 0; i < children.size() && static_cast<int>(i) < array.num_fields(); ++i) {
    // The child as it is; only when it has nulls does it matter which of them the parent hides.
    std::shared_ptr<arrow::Array> child = array.field(static_cast<int>(i));
    if (children[i].required && child->null_count() > 0 && array.null_count() > 0) {
      int64_t nulls = 0;
      for (int64_t row = 0; row < array.length(); ++row) {
        if (array.IsValid(row) && child->IsNull(row)) ++nulls;
      }
      if (nulls > 0) return NullInRequired(children[i], path + "." + children[i].name);
    }
    NestedField checked = children[i];
    if (array.null_count() > 0) checked.required = false;
    ICEFRAME_RETURN_NOT_OK(CheckPath(checked, *child, path + "." + children[i].name, pool));
  }
  return Status::OK();
}

Status CheckPath(const NestedField& field, const arrow::Array& array, const std::string& path,
                 arrow::MemoryPool* pool) {
  if (field.required && field.type.id() != TypeId::kUnknown && array.null_count() > 0) {
    return NullInRequired(field, path);
  }
  switch (field.type.id()) {
    case TypeId::kStruct:
      return CheckStruct(field, static_cast<const arrow::StructArray&>(array), path, pool);
    case TypeId::kList: {
      const auto& list = static_cast<const arrow::ListArray&>(array);
      const NestedField& element = field.type.fields()[0];
      if (!element.required && !element.type.is_nested()) return Status::OK();
      if (list.null_count() == list.length()) return Status::OK();
      ICEFRAME_ASSIGN_OR_RETURN(auto values, list.Flatten(pool));
      return CheckPath(element, *values, path + ".element", pool);
    }
    case TypeId::kMap: {
      const auto& map = static_cast<const arrow::MapArray&>(array);
      const auto& children = field.type.fields();
      const bool whole = map.null_count() == 0 && map.offset() == 0;
      const int64_t begin = whole ? 0 : map.value_offset(0);
      const int64_t end = map.length() == 0 ? begin : map.value_offset(map.length());
      ICEFRAME_RETURN_NOT_OK(
          CheckPath(children[0], *map.keys()->Slice(begin, end - begin), path + ".key", pool));
      return CheckPath(children[1], *map.items()->Slice(begin, end - begin), path + ".value", pool);
    }
    default:
      return Status::OK();
  }
}

}  // namespace

bool SameLayout(const arrow::DataType& left, const arrow::DataType& right) {
  const arrow::DataType& a = StorageOf(left);
  const arrow::DataType& b = StorageOf(right);
  if (a.id() != b.id() || a.num_fields() != b.num_fields()) return false;
  if (a.num_fields() == 0) return a.Equals(b);
  if (a.id() == arrow::Type::DICTIONARY) return a.Equals(b);
  for (int i = 0; i < a.num_fields(); ++i) {
    if (!SameLayout(*a.field(i)->type(), *b.field(i)->type())) return false;
  }
  return true;
}

std::shared_ptr<arrow::ArrayData> Relabel(const std::shared_ptr<arrow::ArrayData>& data,
                                          const std::shared_ptr<arrow::DataType>& type) {
  if (data->type == type) return data;
  auto copy = std::make_shared<arrow::ArrayData>(*data);
  copy->type = type;
  const arrow::DataType& storage = StorageOf(*type);
  for (size_t i = 0; i < copy->child_data.size(); ++i) {
    copy->child_data[i] = Relabel(copy->child_data[i], storage.field(static_cast<int>(i))->type());
  }
  return copy;
}

int64_t NumBytes(const arrow::ArrayData& data) { return NumBytesOfRows(data, 0, data.length); }

int64_t NumBytes(const arrow::RecordBatch& batch) {
  int64_t bytes = 0;
  for (const auto& column : batch.column_data()) bytes += NumBytes(*column);
  return bytes;
}

Status CheckRequired(const NestedField& field, const arrow::Array& array, arrow::MemoryPool* pool) {
  return CheckPath(field, array, field.name, pool);
}

Result<std::shared_ptr<arrow::Array>> ColumnAt(const arrow::RecordBatch& batch,
                                               const std::vector<int>& path,
                                               arrow::MemoryPool* pool) {
  std::shared_ptr<arrow::Array> array = batch.column(path[0]);
  for (size_t i = 1; i < path.size(); ++i) {
    const auto& parent = static_cast<const arrow::StructArray&>(*array);
    ICEFRAME_ASSIGN_OR_RETURN(array, parent.GetFlattenedField(path[i], pool));
  }
  return array;
}

}  // namespace iceframe::internal
