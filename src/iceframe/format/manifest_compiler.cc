// SPDX-License-Identifier: Apache-2.0
// Compiling a manifest writer's schema: fields are found by their ids, others passed over.
#include <optional>
#include <utility>

#include "iceframe/format/manifest_program_internal.h"

namespace iceframe {

namespace {

using Code = ManifestStep::Code;

enum class SlotShape { kNumber, kBytes, kNumberMap, kBytesMap, kNumberList };

struct SlotTarget {
  FieldId field_id;
  ManifestSlot slot;
  SlotShape shape;
};

constexpr SlotTarget kEntryTargets[] = {
    {0, kStatusSlot, SlotShape::kNumber},
    {1, kSnapshotIdSlot, SlotShape::kNumber},
    {3, kSequenceNumberSlot, SlotShape::kNumber},
    {4, kFileSequenceNumberSlot, SlotShape::kNumber},
};

constexpr SlotTarget kFileTargets[] = {
    {134, kContentSlot, SlotShape::kNumber},
    {100, kFilePathSlot, SlotShape::kBytes},
    {101, kFileFormatSlot, SlotShape::kBytes},
    {103, kRecordCountSlot, SlotShape::kNumber},
    {104, kFileSizeSlot, SlotShape::kNumber},
    {131, kKeyMetadataSlot, SlotShape::kBytes},
    {140, kSortOrderIdSlot, SlotShape::kNumber},
    {142, kFirstRowIdSlot, SlotShape::kNumber},
    {143, kReferencedDataFileSlot, SlotShape::kBytes},
    {144, kContentOffsetSlot, SlotShape::kNumber},
    {145, kContentSizeSlot, SlotShape::kNumber},
    {132, kSplitOffsetsSlot, SlotShape::kNumberList},
    {135, kEqualityIdsSlot, SlotShape::kNumberList},
    {108, kColumnSizesSlot, SlotShape::kNumberMap},
    {109, kValueCountsSlot, SlotShape::kNumberMap},
    {110, kNullValueCountsSlot, SlotShape::kNumberMap},
    {137, kNanValueCountsSlot, SlotShape::kNumberMap},
    {125, kLowerBoundsSlot, SlotShape::kBytesMap},
    {128, kUpperBoundsSlot, SlotShape::kBytesMap},
};

constexpr FieldId kDataFileId = 2;
constexpr FieldId kPartitionId = 102;
constexpr size_t kMaxPartitionFields = 1000;

bool IsNumber(const AvroSchema& schema) {
  return schema.kind == AvroKind::kInt || schema.kind == AvroKind::kLong;
}
bool IsBytes(const AvroSchema& schema) {
  return schema.kind == AvroKind::kBytes || schema.kind == AvroKind::kString;
}

std::optional<Code> CodeOf(SlotShape shape, const AvroSchema& schema) {
  switch (shape) {
    case SlotShape::kNumber:
      if (IsNumber(schema)) return Code::kNumber;
      break;
    case SlotShape::kBytes:
      if (IsBytes(schema)) return Code::kBytes;
      break;
    case SlotShape::kNumberList:
      if (schema.kind == AvroKind::kArray && IsNumber(*schema.items)) return Code::kNumberList;
      break;
    case SlotShape::kNumberMap:
    case SlotShape::kBytesMap: {
      if (schema.kind != AvroKind::kArray || schema.items->kind != AvroKind::kRecord) break;
      const auto& pair = schema.items->fields;
      if (pair.size() != 2 || !IsNumber(*pair[0].type)) break;
      if (shape == SlotShape::kNumberMap && IsNumber(*pair[1].type)) return Code::kNumberMap;
      if (shape == SlotShape::kBytesMap && IsBytes(*pair[1].type)) return Code::kBytesMap;
      break;
    }
  }
  return std::nullopt;
}

std::optional<Code> PartitionCodeOf(const AvroSchema& schema) {
  switch (schema.kind) {
    case AvroKind::kBoolean:
      return Code::kBoolean;
    case AvroKind::kInt:
    case AvroKind::kLong:
      return Code::kNumber;
    case AvroKind::kFloat:
      return Code::kFloat;
    case AvroKind::kDouble:
      return Code::kDouble;
    case AvroKind::kBytes:
    case AvroKind::kString:
      return Code::kBytes;
    case AvroKind::kFixed:
      return Code::kFixed;
    case AvroKind::kNull:
    case AvroKind::kEnum:
    case AvroKind::kRecord:
    case AvroKind::kArray:
    case AvroKind::kMap:
    case AvroKind::kUnion:
      break;
  }
  return std::nullopt;
}

// A type and the union with null that stands around it.
struct Unwrapped {
  const AvroSchema* type;
  int8_t null_branch;
};

Result<Unwrapped> Unwrap(const AvroField& field) {
  const AvroSchema& schema = *field.type;
  if (schema.kind != AvroKind::kUnion) return Unwrapped{&schema, ManifestStep::kNoUnion};
  const auto& branches = schema.branches;
  if (branches.size() == 1) return Unwrapped{branches[0], ManifestStep::kOnlyBranch};
  if (branches.size() == 2) {
    // Of two nulls either will do.
    if (branches[0]->kind == AvroKind::kNull) return Unwrapped{branches[1], 0};
    if (branches[1]->kind == AvroKind::kNull) return Unwrapped{branches[0], 1};
  }
  return Error(ErrorKind::kUnsupported, "manifest field is a union of several types: ", field.name);
}

Status WrongType(const AvroField& field, const AvroSchema& type) {
  return Error(ErrorKind::kInvalidMetadata, "manifest field has the wrong type: ", field.name,
               " is ", ToString(type.kind));
}

}  // namespace

class ManifestCompiler {
 public:
  explicit ManifestCompiler(ManifestProgram* program) : program_(*program) {}

  Status Compile() {
    const AvroSchema& root = program_.document_->root();
    if (root.kind != AvroKind::kRecord) {
      return Error(ErrorKind::kInvalidMetadata, "manifest holds no records");
    }
    bool has_data_file = false;
    for (const AvroField& field : root.fields) {
      if (field.field_id == kDataFileId) {
        has_data_file = true;
        ICEFRAME_RETURN_NOT_OK(CompileRecord(field, &ManifestCompiler::CompileDataFile));
      } else {
        ICEFRAME_RETURN_NOT_OK(CompileField(kEntryTargets, field));
      }
    }
    if (!has_data_file) return Missing("data_file");
    if (!program_.has_slot_[kStatusSlot]) return Missing("status");
    if (!program_.has_slot_[kFilePathSlot]) return Missing("file_path");
    if (!program_.has_slot_[kFileFormatSlot]) return Missing("file_format");
    if (!program_.has_slot_[kRecordCountSlot]) return Missing("record_count");
    if (!program_.has_slot_[kFileSizeSlot]) return Missing("file_size_in_bytes");
    return Status::OK();
  }

 private:
  static Status Missing(std::string_view name) {
    return Error(ErrorKind::kInvalidMetadata, "manifest's schema lacks a required field: ", name);
  }

  ManifestStep& AddStep(Code code, int8_t null_branch, size_t slot, const AvroSchema* schema) {
    ManifestStep& step = program_.steps_.emplace_back();
    step.code = code;
    step.null_branch = null_branch;
    step.slot = static_cast<uint16_t>(slot);
    step.schema = schema;
    if (schema->kind == AvroKind::kFixed) step.size = schema->size;
    return step;
  }

  void AddSkip(const AvroField& field) {
    if (!field.type->is_empty) AddStep(Code::kSkip, ManifestStep::kNoUnion, 0, field.type);
  }

  Status CompileRecord(const AvroField& field,
                       Status (ManifestCompiler::*compile)(const AvroSchema&)) {
    ICEFRAME_ASSIGN_OR_RETURN(Unwrapped unwrapped, Unwrap(field));
    if (unwrapped.type->kind != AvroKind::kRecord) return WrongType(field, *unwrapped.type);
    const bool is_union = unwrapped.null_branch != ManifestStep::kNoUnion;
    const size_t start = program_.steps_.size();
    if (is_union) AddStep(Code::kOptionalRecord, unwrapped.null_branch, 0, unwrapped.type);
    ICEFRAME_RETURN_NOT_OK((this->*compile)(*unwrapped.type));
    if (is_union) {
      program_.steps_[start].size = static_cast<int64_t>(program_.steps_.size() - start - 1);
    }
    return Status::OK();
  }

  Status CompileDataFile(const AvroSchema& record) {
    for (const AvroField& field : record.fields) {
      if (field.field_id == kPartitionId) {
        ICEFRAME_RETURN_NOT_OK(CompileRecord(field, &ManifestCompiler::CompilePartition));
      } else {
        ICEFRAME_RETURN_NOT_OK(CompileField(kFileTargets, field));
      }
    }
    return Status::OK();
  }

  Status CompilePartition(const AvroSchema& record) {
    if (!program_.partition_fields_.empty() || record.fields.size() > kMaxPartitionFields) {
      return Error(ErrorKind::kInvalidMetadata, "manifest has too many partition fields");
    }
    for (const AvroField& field : record.fields) {
      auto unwrapped = Unwrap(field);
      auto code = unwrapped.ok() ? PartitionCodeOf(*unwrapped->type) : std::nullopt;
      if (!field.field_id || !code) {
        // Null only, or nothing that a partition value can be: an error once somebody asks for it.
        AddSkip(field);
        if (field.field_id) {
          program_.partition_fields_.push_back({*field.field_id, field.name, nullptr});
        }
        continue;
      }
      const size_t slot = kNumManifestSlots + program_.partition_fields_.size();
      AddStep(*code, unwrapped->null_branch, slot, unwrapped->type);
      program_.partition_fields_.push_back({*field.field_id, field.name, unwrapped->type});
    }
    return Status::OK();
  }

  template <size_t kNumTargets>
  Status CompileField(const SlotTarget (&targets)[kNumTargets], const AvroField& field) {
    for (const SlotTarget& target : targets) {
      if (field.field_id != target.field_id) continue;
      if (program_.has_slot_[target.slot]) {
        return Error(ErrorKind::kInvalidMetadata,
                     "manifest field stands twice in the schema: ", field.name);
      }
      ICEFRAME_ASSIGN_OR_RETURN(Unwrapped unwrapped, Unwrap(field));
      if (unwrapped.type->kind == AvroKind::kNull) break;
      auto code = CodeOf(target.shape, *unwrapped.type);
      if (!code) return WrongType(field, *unwrapped.type);
      AddStep(*code, unwrapped.null_branch, target.slot, unwrapped.type);
      program_.has_slot_[target.slot] = true;
      return Status::OK();
    }
    AddSkip(field);
    return Status::OK();
  }

  ManifestProgram& program_;
};

void ManifestProgram::AddFixedLengths() {
  auto variant = std::make_shared<ManifestProgram>(*this);
  for (ManifestStep& step : variant->steps_) {
    // Decimals and UUIDs are fixed too, but never have a length.
    if (step.code != Code::kFixed || !step.schema->logical_type.empty()) continue;
    step.code = Code::kFixedWithLength;
    variant->length_slots_.push_back(step.slot);
  }
  if (!variant->length_slots_.empty()) with_fixed_lengths_ = std::move(variant);
}

Result<std::shared_ptr<const ManifestProgram>> ManifestProgram::Compile(
    std::string_view schema_text) {
  auto program = std::make_shared<ManifestProgram>();
  ICEFRAME_ASSIGN_OR_RETURN(program->document_, AvroSchemaDocument::Parse(schema_text));
  ICEFRAME_RETURN_NOT_OK(ManifestCompiler(program.get()).Compile());
  program->AddFixedLengths();
  return std::shared_ptr<const ManifestProgram>(std::move(program));
}

}  // namespace iceframe
