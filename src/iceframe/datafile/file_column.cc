// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include <arrow/api.h>
#include <parquet/arrow/schema.h>
#include <parquet/properties.h>

#include "iceframe/datafile/file_column_internal.h"

namespace iceframe::internal {
namespace {

FieldId IdOf(const arrow::Field& field) {
  if (field.metadata() == nullptr) return 0;
  auto text = field.metadata()->Get("PARQUET:field_id");
  if (!text.ok()) return 0;
  FieldId id = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), id);
  return error == std::errc() && end == text->data() + text->size() && id > 0 ? id : 0;
}

FileColumn MakeColumn(const parquet::arrow::SchemaField& field) {
  FileColumn column;
  column.id = IdOf(*field.field);
  column.name = field.field->name();
  column.leaf = field.column_index;
  if (field.is_leaf()) return column;
  const std::vector<parquet::arrow::SchemaField>* children = &field.children;
  switch (field.field->type()->id()) {
    case arrow::Type::LIST:
      column.shape = FileColumn::Shape::kList;
      break;
    case arrow::Type::MAP:
      column.shape = FileColumn::Shape::kMap;
      children = &field.children.front().children;
      break;
    default:
      column.shape = FileColumn::Shape::kStruct;
      break;
  }
  for (const auto& child : *children) column.children.push_back(MakeColumn(child));
  return column;
}

void Map(const std::vector<MappedField>& mapping, FileColumn::Shape parent, size_t position,
         FileColumn* column) {
  column->id = 0;
  std::string name = column->name;
  // What files call a list's element and a map's entries differs; the mapping has fixed names.
  if (parent == FileColumn::Shape::kList) name = "element";
  if (parent == FileColumn::Shape::kMap) name = position == 0 ? "key" : "value";
  const std::vector<MappedField>* below = nullptr;
  for (const MappedField& mapped : mapping) {
    if (std::find(mapped.names.begin(), mapped.names.end(), name) == mapped.names.end()) continue;
    column->id = mapped.field_id.value_or(0);
    below = &mapped.fields;
    break;
  }
  static const std::vector<MappedField> kNone;
  for (size_t i = 0; i < column->children.size(); ++i) {
    Map(below == nullptr ? kNone : *below, column->shape, i, &column->children[i]);
  }
}

}  // namespace

const FileColumn* FileColumn::FindChild(FieldId child_id) const {
  for (const FileColumn& child : children) {
    if (child.id == child_id && child_id != 0) return &child;
  }
  return nullptr;
}

bool FileColumn::HoldsAny(const std::set<int>& leaves) const {
  if (shape == Shape::kLeaf) return leaves.contains(leaf);
  return std::any_of(children.begin(), children.end(),
                     [&](const FileColumn& child) { return child.HoldsAny(leaves); });
}

Result<std::vector<FileColumn>> MakeFileColumns(const parquet::SchemaDescriptor& schema) {
  parquet::arrow::SchemaManifest manifest;
  // Without the Arrow schema that some writers store: the Parquet types alone say what is read.
  ICEFRAME_RETURN_NOT_OK(parquet::arrow::SchemaManifest::Make(
      &schema, nullptr, parquet::ArrowReaderProperties(/*use_threads=*/false), &manifest));
  std::vector<FileColumn> columns;
  for (const auto& field : manifest.schema_fields) columns.push_back(MakeColumn(field));
  return columns;
}

bool HasFieldIds(const std::vector<FileColumn>& columns) {
  return std::any_of(columns.begin(), columns.end(), [](const FileColumn& column) {
    return column.id != 0 || HasFieldIds(column.children);
  });
}

std::vector<FileColumn> ApplyNameMapping(std::vector<FileColumn> columns,
                                         const NameMapping& mapping) {
  for (FileColumn& column : columns) {
    Map(mapping.fields, FileColumn::Shape::kStruct, 0, &column);
  }
  return columns;
}

}  // namespace iceframe::internal
