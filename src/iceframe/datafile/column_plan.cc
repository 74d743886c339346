// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include <arrow/api.h>

#include "iceframe/datafile/column_plan_internal.h"
#include "iceframe/format/metadata_columns.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe::internal {
namespace {

Status WrongShape(const NestedField& field, const FileColumn& column) {
  return Error(ErrorKind::kInvalidData,
               "a column's type in the file can't be read as the table's: ", field.name, " (id ",
               field.id, ") is ",
               column.shape == FileColumn::Shape::kLeaf ? "primitive" : "nested otherwise",
               ", the table has ", field.type.ToString());
}

/// Bytes of the text or binary that a value is; of other types little.
int64_t TextBytes(const Value& value) {
  if (!value.holds<std::string>()) return 0;
  return static_cast<int64_t>(value.get<std::string>().size());
}

/// Collects the leaves that `field` needs of `column`, checking types on the way.
Status CollectLeaves(const NestedField& field, const FileColumn& column,
                     const parquet::SchemaDescriptor& file_schema,
                     const std::map<FieldId, Value>& constants, ColumnPlan* plan) {
  using Shape = FileColumn::Shape;
  switch (field.type.id()) {
    case TypeId::kStruct: {
      if (column.shape != Shape::kStruct) return WrongShape(field, column);
      const size_t before = plan->leaves.size();
      for (const NestedField& child : field.type.fields()) {
        const FileColumn* found = column.FindChild(child.id);
        if (found == nullptr || child.type.id() == TypeId::kUnknown) {
          ICEFRAME_ASSIGN_OR_RETURN(const Value value, AbsentValue(child, constants));
          const int64_t num_bytes = TextBytes(value);
          if (num_bytes > 0) plan->absent_texts.push_back({column.first_leaf(), num_bytes});
          continue;
        }
        ICEFRAME_RETURN_NOT_OK(CollectLeaves(child, *found, file_schema, constants, plan));
      }
      // Some leaf has to say which structs are null.
      if (plan->leaves.size() == before) plan->leaves.insert(column.first_leaf());
      return Status::OK();
    }
    case TypeId::kList:
    case TypeId::kMap: {
      const Shape wanted = field.type.id() == TypeId::kList ? Shape::kList : Shape::kMap;
      const auto& children = field.type.fields();
      if (column.shape != wanted || column.children.size() != children.size()) {
        return WrongShape(field, column);
      }
      for (size_t i = 0; i < children.size(); ++i) {
        ICEFRAME_RETURN_NOT_OK(
            CollectLeaves(children[i], column.children[i], file_schema, constants, plan));
      }
      return Status::OK();
    }
    default: {
      if (column.shape != Shape::kLeaf) return WrongShape(field, column);
      ICEFRAME_RETURN_NOT_OK(PlanLeaf(*file_schema.Column(column.leaf), field.type).status());
      plan->leaves.insert(column.leaf);
      return Status::OK();
    }
  }
}

/// A metadata column: `_partition` is made of its fields' values, unless it is null as a whole.
Result<Value> MetadataValue(const NestedField& field, const std::map<FieldId, Value>& constants) {
  if (field.id != kPartitionColumnId || constants.contains(field.id)) {
    return AbsentValue(field, constants);
  }
  Value::Nested values;
  for (const NestedField& child : field.type.fields()) {
    ICEFRAME_ASSIGN_OR_RETURN(Value value, AbsentValue(child, constants));
    values.push_back(std::move(value));
  }
  return Value::FromNested(std::move(values));
}

}  // namespace

Result<Value> AbsentValue(const NestedField& field, const std::map<FieldId, Value>& constants) {
  if (auto known = constants.find(field.id); known != constants.end()) return known->second;
  if (field.initial_default && !field.initial_default->is_null()) return *field.initial_default;
  if (field.required) {
    return Error(ErrorKind::kInvalidData,
                 "a data file lacks a required column that has no default: ", field.name, " (id ",
                 field.id, ")");
  }
  return Value();
}

Result<std::vector<ColumnPlan>> PlanColumns(const Schema& wanted,
                                            const std::vector<FileColumn>& file_columns,
                                            const parquet::SchemaDescriptor& file_schema,
                                            const std::map<FieldId, Value>& constants) {
  std::vector<ColumnPlan> plans;
  for (const NestedField& field : wanted.fields()) {
    ColumnPlan plan;
    plan.field = field;
    ICEFRAME_ASSIGN_OR_RETURN(plan.arrow_type, ToArrowType(field.type));
    if (IsMetadataColumnId(field.id)) {
      if (field.id == kPosColumnId) {
        plan.source = ColumnPlan::Source::kPosition;
      } else {
        ICEFRAME_ASSIGN_OR_RETURN(plan.constant, MetadataValue(field, constants));
      }
      plans.push_back(std::move(plan));
      continue;
    }
    for (const FileColumn& column : file_columns) {
      if (column.id == field.id) plan.file_column = &column;
    }
    if (plan.file_column == nullptr || field.type.id() == TypeId::kUnknown) {
      ICEFRAME_ASSIGN_OR_RETURN(plan.constant, AbsentValue(field, constants));
    } else {
      plan.source =
          field.type.is_nested() ? ColumnPlan::Source::kNested : ColumnPlan::Source::kFlat;
      ICEFRAME_RETURN_NOT_OK(
          CollectLeaves(field, *plan.file_column, file_schema, constants, &plan));
      if (plan.source == ColumnPlan::Source::kFlat) {
        ICEFRAME_ASSIGN_OR_RETURN(
            plan.conversion, PlanLeaf(*file_schema.Column(plan.file_column->leaf), field.type));
      }
    }
    plans.push_back(std::move(plan));
  }
  return plans;
}

const FileColumn* FindLeaf(const std::vector<FileColumn>& columns, FieldId id) {
  for (const FileColumn& column : columns) {
    if (column.shape == FileColumn::Shape::kLeaf && column.id == id) return &column;
    if (column.shape != FileColumn::Shape::kStruct) continue;
    if (const FileColumn* found = FindLeaf(column.children, id)) return found;
  }
  return nullptr;
}

}  // namespace iceframe::internal
