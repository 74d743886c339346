// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/metadata_columns.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace iceframe {

namespace {

constexpr std::string_view kFileName = "_file";
constexpr std::string_view kPosName = "_pos";
constexpr std::string_view kSpecIdName = "_spec_id";
constexpr std::string_view kPartitionName = "_partition";
constexpr std::array<std::string_view, 6> kUnsupportedNames = {
    "_deleted",     "_row_id",         "_last_updated_sequence_number",
    "_change_type", "_change_ordinal", "_commit_snapshot_id"};

// Ids above it are reserved by the spec; those of a partition's fields that would be a column's as
// well count down from it.
constexpr FieldId kLastFreeId = 2147483447;

FieldId RenumberedId(FieldId partition_field_id) {
  return kLastFreeId - (partition_field_id - kFirstPartitionFieldId);
}

FieldId PartitionFieldIdOf(FieldId id) {
  constexpr FieldId kMiddle = kLastFreeId / 2;
  return id > kMiddle ? kLastFreeId - id + kFirstPartitionFieldId : id;
}

bool IsSameName(std::string_view left, std::string_view right, bool case_sensitive) {
  if (case_sensitive) return left == right;
  return std::ranges::equal(left, right, [](char a, char b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(a) == lower(b);
  });
}

bool IsVoid(const PartitionField& field) { return field.transform.kind() == TransformKind::kVoid; }

// Whether two specs mean the same by a field; one may have dropped it, as v1 does.
bool AreCompatible(const PartitionField& left, const PartitionField& right) {
  return left.source_ids == right.source_ids &&
         (left.transform == right.transform || IsVoid(left) || IsVoid(right));
}

// A field of the union of all specs: its newest name, its definition.
struct UnionField {
  std::string name;
  PartitionField field;
};

Result<std::map<FieldId, UnionField>> UnionFields(const TableMetadata& metadata,
                                                  const Schema& current) {
  std::vector<const PartitionSpec*> specs;
  for (const PartitionSpec& spec : metadata.partition_specs) specs.push_back(&spec);
  std::ranges::sort(specs, [](const PartitionSpec* left, const PartitionSpec* right) {
    return right->spec_id < left->spec_id;
  });
  std::map<FieldId, UnionField> fields;
  for (const PartitionSpec* spec : specs) {
    for (const PartitionField& field : spec->fields) {
      if (field.transform.kind() == TransformKind::kUnknown) {
        return Error(ErrorKind::kUnsupported, "_partition can't be read of a table partitioned by ",
                     field.transform.ToString(), ", which is not known: ", field.name);
      }
      if (current.FindField(field.source_id()) == nullptr) continue;
      const auto [known, is_new] =
          fields.try_emplace(field.field_id, UnionField{field.name, field});
      if (is_new) continue;
      PartitionField& other = known->second.field;
      if (!AreCompatible(other, field)) {
        return Error(ErrorKind::kInvalidMetadata,
                     "two partition specs have different fields of one id: ", field.field_id, ", ",
                     other.name, " and ", field.name);
      }
      if (IsVoid(other)) other = field;
    }
  }
  return fields;
}

Result<Type> UnionPartitionType(const TableMetadata& metadata) {
  const std::shared_ptr<const Schema> current = metadata.current_schema();
  ICEFRAME_ASSIGN_OR_RETURN(auto fields, UnionFields(metadata, *current));
  std::set<std::string> names;
  // The newest of one name keeps it.
  for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
    std::string& name = field->second.name;
    while (!names.insert(name).second) name += "_" + std::to_string(field->first);
  }
  std::vector<NestedField> children;
  for (const auto& [id, named] : fields) {
    ICEFRAME_ASSIGN_OR_RETURN(Type type,
                              PartitionType({metadata.default_spec_id, {named.field}}, *current));
    const FieldId child_id = id > metadata.last_column_id ? id : RenumberedId(id);
    children.push_back(NestedField::Optional(child_id, named.name, type.fields()[0].type));
  }
  return Type::Struct(std::move(children));
}

// The value as `type` holds it: the column may have been promoted since the file was written.
Value Promoted(const Type& type, const Value& value) {
  if (Fits(type, value)) return value;
  if (type.id() == TypeId::kDouble && value.holds<float>()) {
    return Value(static_cast<double>(value.get<float>()));
  }
  if (value.holds<int32_t>()) {
    const Value wide(static_cast<int64_t>(value.get<int32_t>()));
    if (Fits(type, wide)) return wide;
  }
  return Value();
}

// The place of a field of `_partition` in a spec's tuples; their size where the spec lacks it.
size_t PlaceInSpec(const PartitionSpec& spec, FieldId id) {
  const auto field =
      std::ranges::find(spec.fields, PartitionFieldIdOf(id), &PartitionField::field_id);
  return static_cast<size_t>(field - spec.fields.begin());
}

Value PartitionValueOf(const PartitionSpec* spec, const DataFile& file, const NestedField& child) {
  if (spec == nullptr) return Value();
  const size_t place = PlaceInSpec(*spec, child.id);
  return place < file.partition.size() ? Promoted(child.type, file.partition[place]) : Value();
}

}  // namespace

bool IsMetadataColumnId(FieldId id) {
  return id == kFileColumnId || id == kPosColumnId || id == kSpecIdColumnId ||
         id == kPartitionColumnId;
}

NestedField PosColumn() {
  return NestedField::Required(kPosColumnId, std::string(kPosName), Type::Long());
}

Result<std::shared_ptr<const NestedField>> FindMetadataColumn(const TableMetadata& metadata,
                                                              std::string_view name,
                                                              bool case_sensitive) {
  const auto is = [&](std::string_view known) { return IsSameName(name, known, case_sensitive); };
  const auto make = [](NestedField field) {
    return std::make_shared<const NestedField>(std::move(field));
  };
  if (is(kFileName)) {
    return make(NestedField::Required(kFileColumnId, std::string(kFileName), Type::String()));
  }
  if (is(kPosName)) return make(PosColumn());
  if (is(kSpecIdName)) {
    return make(NestedField::Required(kSpecIdColumnId, std::string(kSpecIdName), Type::Int()));
  }
  if (is(kPartitionName)) {
    ICEFRAME_ASSIGN_OR_RETURN(Type type, UnionPartitionType(metadata));
    return make(
        NestedField::Optional(kPartitionColumnId, std::string(kPartitionName), std::move(type)));
  }
  if (std::ranges::any_of(kUnsupportedNames, is)) {
    return Error(ErrorKind::kUnsupported, "metadata column can't be read yet: ", name,
                 "; _file, _pos, _spec_id and _partition can");
  }
  return std::shared_ptr<const NestedField>();
}

Result<std::shared_ptr<const Schema>> WithMetadataColumns(
    const TableMetadata& metadata, const std::shared_ptr<const Schema>& schema,
    const std::vector<std::string>& names, bool case_sensitive) {
  std::vector<NestedField> added;
  for (const std::string& name : names) {
    if (!name.starts_with('_')) continue;
    const std::string head = name.substr(0, name.find('.'));
    const bool is_own = schema->FindField(name, case_sensitive) != nullptr ||
                        schema->FindField(head, case_sensitive) != nullptr;
    if (is_own) continue;
    ICEFRAME_ASSIGN_OR_RETURN(const auto found, FindMetadataColumn(metadata, head, case_sensitive));
    if (found == nullptr) continue;
    const bool is_there =
        std::ranges::any_of(added, [&](const NestedField& other) { return other.id == found->id; });
    if (!is_there) added.push_back(*found);
  }
  if (added.empty()) return schema;
  std::vector<NestedField> fields = schema->fields();
  fields.insert(fields.end(), added.begin(), added.end());
  return Schema::Make(schema->schema_id(), std::move(fields));
}

Result<std::shared_ptr<const Schema>> WithMetadataColumnsById(
    const TableMetadata& metadata, const std::shared_ptr<const Schema>& schema,
    const std::set<FieldId>& ids) {
  std::vector<std::string> names;
  for (const FieldId id : ids) {
    if (schema->FindField(id) != nullptr) continue;
    // What is no column is a field of the partition.
    names.emplace_back(id == kFileColumnId     ? kFileName
                       : id == kPosColumnId    ? kPosName
                       : id == kSpecIdColumnId ? kSpecIdName
                                               : kPartitionName);
  }
  return WithMetadataColumns(metadata, schema, names);
}

std::map<FieldId, Value> MetadataValuesOf(const TableMetadata& metadata, const DataFile& file,
                                          const Schema& schema) {
  std::map<FieldId, Value> values;
  for (auto field = schema.fields().rbegin(); field != schema.fields().rend(); ++field) {
    if (field->id == kFileColumnId) values.emplace(field->id, Value(file.file_path));
    if (field->id == kSpecIdColumnId) values.emplace(field->id, Value(file.spec_id.value()));
    if (field->id != kPartitionColumnId) continue;
    const PartitionSpec* spec = metadata.FindPartitionSpec(file.spec_id);
    for (const NestedField& child : field->type.fields()) {
      values.emplace(child.id, PartitionValueOf(spec, file, child));
    }
    if (field->type.fields().empty()) values.emplace(field->id, Value());
  }
  return values;
}

bool HasPartitionField(const PartitionSpec& spec, FieldId id) {
  return PlaceInSpec(spec, id) < spec.fields.size();
}

}  // namespace iceframe
