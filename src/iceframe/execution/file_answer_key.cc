// SPDX-License-Identifier: Apache-2.0
// Every text is preceded by its length, so that no two things share a key.
#include <cstring>
#include <set>
#include <type_traits>

#include "iceframe/base/overloaded.h"
#include "iceframe/base/version.h"
#include "iceframe/execution/file_answer_key_internal.h"
#include "iceframe/expression/binder.h"

namespace iceframe {

namespace {

void AppendText(std::string_view text, std::string* key) {
  *key += std::to_string(text.size());
  *key += ':';
  *key += text;
}

void AppendNumber(int64_t number, std::string* key) {
  *key += std::to_string(number);
  *key += ';';
}

template <typename T>
void AppendBits(const T& value, std::string* key) {
  static_assert(std::is_trivially_copyable_v<T>);
  key->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void AppendValue(const Value& value, std::string* key) {
  AppendNumber(static_cast<int64_t>(value.storage().index()), key);
  std::visit(Overloaded{
                 [](std::monostate) {},
                 [&](const std::string& text) { AppendText(text, key); },
                 [&](const arrow::Decimal128& unscaled) {
                   AppendBits(unscaled.high_bits(), key);
                   AppendBits(unscaled.low_bits(), key);
                 },
                 [&](const std::shared_ptr<const Value::Nested>& values) {
                   AppendNumber(static_cast<int64_t>(values->size()), key);
                   for (const Value& child : *values) AppendValue(child, key);
                 },
                 [&](const auto& number) { AppendBits(number, key); },
             },
             value.storage());
}

void AppendFields(const std::vector<NestedField>& fields, std::string* key);

// A struct's names are part of its values' type; a top-level column's are not.
void AppendField(const NestedField& field, std::string* key) {
  AppendNumber(field.id, key);
  AppendText(field.type.ToString(), key);
  *key += field.required ? '!' : '?';
  *key += field.initial_default ? 'd' : '-';
  if (field.initial_default) AppendValue(*field.initial_default, key);
  AppendFields(field.type.fields(), key);
}

void AppendFields(const std::vector<NestedField>& fields, std::string* key) {
  *key += '[';
  for (const NestedField& field : fields) AppendField(field, key);
  *key += ']';
}

std::string Canonical(const NamedExpression& column) {
  std::string text;
  AppendNumber(column.field.id, &text);
  AppendText(CanonicalForm(column.expression), &text);
  return text;
}

void AppendOperation(const PlanNode& plan, std::string* key) {
  std::visit(Overloaded{
                 [&](const ScanNode& scan) {
                   *key += "scan";
                   AppendNumber(scan.id_offset, key);
                   for (const auto& [id, relation_id] : scan.metadata_ids) {
                     AppendNumber(id, key);
                     AppendNumber(relation_id, key);
                   }
                   // In the plan's own ids and order.
                   for (const NestedField& field : plan.schema->fields()) {
                     AppendNumber(field.id, key);
                   }
                 },
                 [&](const FilterNode& filter) {
                   *key += "filter";
                   AppendText(CanonicalForm(filter.predicate), key);
                 },
                 [&](const ProjectNode& project) {
                   *key += "project";
                   for (const auto& column : project.columns) AppendText(Canonical(column), key);
                 },
                 [&](const AggregateNode& aggregate) {
                   *key += "aggregate";
                   for (const auto& column : aggregate.keys) AppendText(Canonical(column), key);
                   *key += '|';
                   for (const AggregateCall& call : aggregate.calls) {
                     AppendText(CanonicalForm(call.call), key);
                   }
                 },
                 [&](const auto&) { *key += "other"; },
             },
             plan.operation);
}

}  // namespace

WantedAnswers WantAnswers(std::string_view kind, const PlanNode& plan,
                          const PlanResources& resources) {
  WantedAnswers wanted{resources.file_answers, {}};
  if (wanted.store == nullptr) return wanted;
  AppendText(kind, &wanted.asked);
  AppendText(kVersion, &wanted.asked);
  AppendText(resources.answers_scope, &wanted.asked);
  AppendOperation(plan, &wanted.asked);
  const PlanNode* node = &plan;
  while (!node->inputs.empty()) {
    node = node->inputs[0].get();
    AppendOperation(*node, &wanted.asked);
  }
  return wanted;
}

std::string FilesReadKey(const TableMetadata& metadata, const ReadOptions& options) {
  std::string key;
  AppendText(metadata.table_uuid, &key);
  AppendFields(options.projection->fields(), &key);
  if (options.table_schema != nullptr && !options.filter.is_true()) {
    // Other columns of the table may come and go.
    const auto filtered = options.table_schema->Select(ReferencedFieldIds(options.filter));
    AppendFields(filtered->fields(), &key);
  }
  const auto mapping = metadata.properties.find(std::string(kNameMappingProperty));
  AppendText(mapping == metadata.properties.end() ? "" : mapping->second, &key);
  return key;
}

std::string FileKey(const ScanTask& task, const ReadOptions& options) {
  std::string key;
  const DataFile& file = task.data_file;
  AppendText(file.file_path, &key);
  AppendText(ToString(file.file_format), &key);
  AppendNumber(file.file_size_in_bytes, &key);
  AppendNumber(file.record_count, &key);
  AppendNumber(file.first_row_id.value_or(-1), &key);
  AppendNumber(task.data_sequence_number.value(), &key);
  for (const DeleteFileReference& deletes : task.delete_files) {
    key += 'x';
    AppendText(ToString(deletes.file.content), &key);
    AppendText(deletes.file.file_path, &key);
    AppendNumber(deletes.file.file_size_in_bytes, &key);
    AppendNumber(deletes.file.content_offset.value_or(-1), &key);
    AppendNumber(deletes.file.content_size_in_bytes.value_or(-1), &key);
    AppendNumber(deletes.data_sequence_number.value(), &key);
    for (const FieldId id : deletes.file.equality_ids) AppendNumber(id, &key);
  }
  key += 'f';
  if (!task.residual.is_true()) AppendText(CanonicalForm(task.residual), &key);
  for (const auto& [id, value] : options.constants) {
    AppendNumber(id, &key);
    AppendValue(value, &key);
  }
  return key;
}

}  // namespace iceframe
