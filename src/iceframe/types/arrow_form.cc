// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/arrow_form.h"

#include <algorithm>
#include <utility>

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/extension_type.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

namespace iceframe {

namespace {

std::shared_ptr<arrow::ArrayData> Relabeled(const std::shared_ptr<arrow::ArrayData>& data,
                                            const std::shared_ptr<arrow::DataType>& type) {
  if (data->type.get() == type.get()) return data;
  auto relabeled = data->Copy();
  relabeled->type = type;
  const arrow::DataType& storage =
      type->id() == arrow::Type::EXTENSION
          ? *static_cast<const arrow::ExtensionType&>(*type).storage_type()
          : *type;
  for (size_t i = 0; i < relabeled->child_data.size(); ++i) {
    relabeled->child_data[i] =
        Relabeled(relabeled->child_data[i], storage.field(static_cast<int>(i))->type());
  }
  return relabeled;
}

bool HoldsExtension(const arrow::DataType& type) {
  if (type.id() == arrow::Type::EXTENSION) return true;
  if (type.id() == arrow::Type::DICTIONARY) {
    return HoldsExtension(*static_cast<const arrow::DictionaryType&>(type).value_type());
  }
  return std::ranges::any_of(type.fields(),
                             [](const auto& field) { return HoldsExtension(*field->type()); });
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> EmptyArray(const std::shared_ptr<arrow::DataType>& type,
                                                 arrow::MemoryPool* pool) {
  // MakeEmptyArray's builders know no extension types below the top.
  return HoldsExtension(*type) ? arrow::MakeArrayOfNull(type, 0, pool)
                               : arrow::MakeEmptyArray(type, pool);
}

Result<std::shared_ptr<arrow::RecordBatch>> EmptyRecordBatch(std::shared_ptr<arrow::Schema> schema,
                                                             arrow::MemoryPool* pool) {
  arrow::ArrayVector columns;
  for (const auto& field : schema->fields()) {
    ICEFRAME_ASSIGN_OR_RETURN(auto column, EmptyArray(field->type(), pool));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(std::move(schema), 0, std::move(columns));
}

std::shared_ptr<arrow::Array> WithType(const std::shared_ptr<arrow::Array>& array,
                                       const std::shared_ptr<arrow::DataType>& type) {
  if (array->type().get() == type.get()) return array;
  return arrow::MakeArray(Relabeled(array->data(), type));
}

}  // namespace iceframe
