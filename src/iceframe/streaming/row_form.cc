// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/row_form.h"

#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/lossless_cast.h"

namespace iceframe {

namespace {

std::optional<int32_t> FieldIdOf(const arrow::Field& field) {
  if (!field.HasMetadata()) return std::nullopt;
  const auto text = field.metadata()->Get(kArrowFieldIdKey);
  if (!text.ok()) return std::nullopt;
  int32_t id = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), id);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return id;
}

struct NamedData {
  std::shared_ptr<arrow::Field> field;
  std::shared_ptr<arrow::ArrayData> data;
};

Result<std::vector<NamedData>> AdoptFields(
    const arrow::FieldVector& kept, const std::vector<std::shared_ptr<arrow::ArrayData>>& columns,
    const std::vector<NestedField>& wanted);

std::shared_ptr<arrow::ArrayData> WithChildren(const arrow::ArrayData& data,
                                               std::shared_ptr<arrow::DataType> type,
                                               const std::vector<NamedData>& children) {
  auto made = std::make_shared<arrow::ArrayData>(data);
  made->type = std::move(type);
  made->child_data.clear();
  for (const NamedData& child : children) made->child_data.push_back(child.data);
  return made;
}

arrow::FieldVector FieldsOf(const std::vector<NamedData>& children) {
  arrow::FieldVector fields;
  for (const NamedData& child : children) fields.push_back(child.field);
  return fields;
}

Result<std::shared_ptr<arrow::ArrayData>> AdoptMap(const arrow::DataType& kept,
                                                   const arrow::ArrayData& data,
                                                   const NestedField& wanted) {
  const arrow::ArrayData& entries = *data.child_data.at(0);
  ICEFRAME_ASSIGN_OR_RETURN(
      const auto children,
      AdoptFields(kept.field(0)->type()->fields(), entries.child_data, wanted.type.fields()));
  if (children.size() != 2) {
    return Error(ErrorKind::kInvalidData, "kept rows lack keys or values of ", wanted.name);
  }
  const auto type =
      std::make_shared<arrow::MapType>(children[0].field->WithNullable(false), children[1].field);
  return WithChildren(data, type, {{nullptr, WithChildren(entries, type->value_type(), children)}});
}

/// Renames what is within a column.
Result<std::shared_ptr<arrow::ArrayData>> AdoptNested(const arrow::DataType& kept,
                                                      const arrow::ArrayData& data,
                                                      const NestedField& wanted) {
  if (wanted.type.id() == TypeId::kMap) return AdoptMap(kept, data, wanted);
  ICEFRAME_ASSIGN_OR_RETURN(const auto children,
                            AdoptFields(kept.fields(), data.child_data, wanted.type.fields()));
  if (wanted.type.id() == TypeId::kStruct) {
    return WithChildren(data, arrow::struct_(FieldsOf(children)), children);
  }
  if (children.size() != 1) {
    return Error(ErrorKind::kInvalidData, "kept rows lack the elements of ", wanted.name);
  }
  return WithChildren(data, arrow::list(children[0].field), children);
}

/// Whether a column that was kept has parts as the wanted one has.
bool IsNestedAlike(arrow::Type::type kept, TypeId wanted) {
  return (kept == arrow::Type::STRUCT && wanted == TypeId::kStruct) ||
         (kept == arrow::Type::LIST && wanted == TypeId::kList) ||
         (kept == arrow::Type::MAP && wanted == TypeId::kMap);
}

Result<NamedData> AdoptColumn(const arrow::Field& kept,
                              const std::shared_ptr<arrow::ArrayData>& data,
                              const NestedField& wanted) {
  if (!IsNestedAlike(kept.type()->id(), wanted.type.id())) {
    return NamedData{arrow::field(wanted.name, data->type), data};
  }
  ICEFRAME_ASSIGN_OR_RETURN(const auto adopted, AdoptNested(*kept.type(), *data, wanted));
  return NamedData{arrow::field(wanted.name, adopted->type), adopted};
}

Result<std::vector<NamedData>> AdoptFields(
    const arrow::FieldVector& kept, const std::vector<std::shared_ptr<arrow::ArrayData>>& columns,
    const std::vector<NestedField>& wanted) {
  if (kept.size() != columns.size()) {
    return Error(ErrorKind::kInvalidData, "kept rows have other columns than their schema says");
  }
  std::vector<NamedData> adopted;
  for (const NestedField& field : wanted) {
    for (size_t i = 0; i < kept.size(); ++i) {
      if (FieldIdOf(*kept[i]) != field.id) continue;
      ICEFRAME_ASSIGN_OR_RETURN(auto column, AdoptColumn(*kept[i], columns[i], field));
      adopted.push_back(std::move(column));
      break;
    }
  }
  return adopted;
}

}  // namespace

RowForm::~RowForm() = default;

Result<std::shared_ptr<const RowForm>> RowForm::Make(std::shared_ptr<const Schema> schema,
                                                     arrow::MemoryPool* pool) {
  std::shared_ptr<RowForm> form(new RowForm());
  ICEFRAME_ASSIGN_OR_RETURN(form->arrow_schema_, ToArrowSchema(*schema));
  ICEFRAME_ASSIGN_OR_RETURN(form->schema_to_keep_, ToArrowSchema(*schema, true));
  form->schema_ = std::move(schema);
  form->pool_ = pool;
  return form;
}

Result<std::shared_ptr<const LosslessCast>> RowForm::CastOf(const arrow::Schema& schema) const {
  {
    std::lock_guard lock(mutex_);
    if (cast_from_ != nullptr && cast_from_->Equals(schema)) return cast_;
  }
  ICEFRAME_ASSIGN_OR_RETURN(LosslessCast made, LosslessCast::Make(schema, schema_, pool_));
  auto cast = std::make_shared<const LosslessCast>(std::move(made));
  std::lock_guard lock(mutex_);
  cast_from_ = std::make_shared<arrow::Schema>(schema.fields());
  return cast_ = cast;
}

Result<std::shared_ptr<arrow::RecordBatch>> RowForm::Cast(const arrow::RecordBatch& batch) const {
  ICEFRAME_ASSIGN_OR_RETURN(const auto cast, CastOf(*batch.schema()));
  return cast->Apply(batch, pool_);
}

Result<std::shared_ptr<arrow::RecordBatch>> RowForm::Adopt(const arrow::RecordBatch& rows,
                                                           const arrow::Schema& kept_with) const {
  ICEFRAME_ASSIGN_OR_RETURN(const auto columns,
                            AdoptFields(kept_with.fields(), rows.column_data(), schema_->fields()));
  arrow::FieldVector fields;
  std::vector<std::shared_ptr<arrow::ArrayData>> data;
  for (const NamedData& column : columns) {
    fields.push_back(column.field);
    data.push_back(column.data);
  }
  return Cast(*arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows.num_rows(),
                                        std::move(data)));
}

}  // namespace iceframe
