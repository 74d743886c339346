// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <utility>

#include "iceframe/expression/binder.h"
#include "iceframe/expression/rewrite.h"
#include "iceframe/format/metadata_columns.h"
#include "iceframe/planning/metadata_filter_internal.h"

namespace iceframe {

namespace {

Expression WithValues(const Expression& filter, const std::map<FieldId, Value>& values) {
  const auto replace = [&](const Expression& part) -> std::optional<Expression> {
    const auto* column = part.as<ColumnNode>();
    if (column == nullptr) return std::nullopt;
    const auto value = values.find(column->field_id);
    if (value == values.end()) return std::nullopt;
    return Expression(LiteralNode{value->second}, part.type(), /*is_bound=*/true);
  };
  return SimplifyFilter(RewriteExpression(filter, replace));
}

}  // namespace

MetadataFilter::MetadataFilter(const TableMetadata* metadata, const Schema& schema,
                               const Expression& filter)
    : metadata_(metadata) {
  const std::shared_ptr<const Schema> named = schema.Select(ReferencedFieldIds(filter));
  std::set<FieldId> ids;
  for (const NestedField& field : named->fields()) {
    if (!IsMetadataColumnId(field.id) || field.id == kPosColumnId) continue;
    ids.insert(field.id);
    for (const NestedField& child : field.type.fields()) ids.insert(child.id);
  }
  if (!ids.empty()) columns_ = named->Select(ids);
}

Expression MetadataFilter::For(const Expression& filter, const DataFile& file) const {
  return is_used() ? WithValues(filter, MetadataValuesOf(*metadata_, file, *columns_)) : filter;
}

bool MetadataFilter::KeepsNoneOf(const Expression& filter, const PartitionSpec& spec) const {
  if (!is_used()) return false;
  DataFile any;
  any.spec_id = spec.spec_id;
  std::map<FieldId, Value> values = MetadataValuesOf(*metadata_, any, *columns_);
  values.erase(kFileColumnId);
  // Values of the fields that the spec has are not known yet.
  std::erase_if(values, [&](const auto& entry) {
    return entry.first != kSpecIdColumnId && HasPartitionField(spec, entry.first);
  });
  return WithValues(filter, values).is_false();
}

}  // namespace iceframe
