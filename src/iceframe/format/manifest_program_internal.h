// SPDX-License-Identifier: Apache-2.0
// A manifest writer's schema compiled to a flat list of steps that decode one entry into slots.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/format/avro_cursor.h"
#include "iceframe/format/avro_schema.h"

namespace iceframe {

/// Where the fields of an entry go; the partition's fields follow kNumManifestSlots.
enum ManifestSlot : uint16_t {
  kStatusSlot,
  kSnapshotIdSlot,
  kSequenceNumberSlot,
  kFileSequenceNumberSlot,
  kContentSlot,
  kFilePathSlot,
  kFileFormatSlot,
  kRecordCountSlot,
  kFileSizeSlot,
  kKeyMetadataSlot,
  kSortOrderIdSlot,
  kFirstRowIdSlot,
  kReferencedDataFileSlot,
  kContentOffsetSlot,
  kContentSizeSlot,
  kSplitOffsetsSlot,
  kEqualityIdsSlot,
  kColumnSizesSlot,
  kValueCountsSlot,
  kNullValueCountsSlot,
  kNanValueCountsSlot,
  kLowerBoundsSlot,
  kUpperBoundsSlot,
  kNumManifestSlots,
};

/// One field of one entry as it was read.
struct ManifestSlotValue {
  /// Numbers and booleans; where it lies in the blocks for maps and lists (at its first count).
  int64_t number = 0;
  /// float, double.
  double real = 0;
  /// bytes, string, fixed.
  std::string_view bytes;
  bool present = false;
};

struct ManifestStep {
  enum class Code : uint8_t {
    kNumber,
    kBoolean,
    kFloat,
    kDouble,
    kBytes,
    kFixed,
    /// The same behind its length, see ManifestProgram::with_fixed_lengths.
    kFixedWithLength,
    kNumberMap,
    kBytesMap,
    kNumberList,
    /// Passes over a datum of `schema`.
    kSkip,
    /// Reads a branch; for null passes over the next `size` steps.
    kOptionalRecord,
  };
  static constexpr int8_t kNoUnion = -1;
  static constexpr int8_t kOnlyBranch = 2;

  Code code = Code::kSkip;
  /// Which branch of the union around the value is null (0 or 1), kOnlyBranch for a union of one,
  /// or kNoUnion.
  int8_t null_branch = kNoUnion;
  uint16_t slot = 0;
  int64_t size = 0;
  const AvroSchema* schema = nullptr;
};

/// One field of the partition record as its writer has it.
struct ManifestPartitionField {
  FieldId field_id = 0;
  std::string name;
  /// Without the union around it; null for a type that holds nothing.
  const AvroSchema* type = nullptr;
};

class ManifestProgram {
 public:
  /// Returns the program of a schema text; the last ones used are kept for the whole process.
  /// Errors: InvalidData, InvalidMetadata naming the field.
  static Result<std::shared_ptr<const ManifestProgram>> ForSchema(const std::string& schema_text);
  static Result<std::shared_ptr<const ManifestProgram>> Compile(std::string_view schema_text);

  /// Decodes one entry. Offsets of maps and lists are counted from `base`. On failure the cursor
  /// says so.
  void DecodeEntry(const char* base, AvroCursor* cursor, ManifestSlotValue* slots) const;

  size_t num_slots() const { return kNumManifestSlots + partition_fields_.size(); }
  const std::vector<ManifestPartitionField>& partition_fields() const { return partition_fields_; }
  bool has_slot(ManifestSlot slot) const { return has_slot_[slot]; }
  int64_t min_entry_size() const { return document_->root().min_size; }
  /// This program for the writers that put a length before partition values of type fixed, where
  /// Avro has none (Iceberg Java does); null without such a field.
  const ManifestProgram* with_fixed_lengths() const { return with_fixed_lengths_.get(); }
  /// The slots of these fields; none but in that program.
  const std::vector<size_t>& length_slots() const { return length_slots_; }

 private:
  friend class ManifestCompiler;
  void AddFixedLengths();

  std::shared_ptr<const AvroSchemaDocument> document_;
  std::vector<ManifestStep> steps_;
  std::vector<ManifestPartitionField> partition_fields_;
  std::array<bool, kNumManifestSlots> has_slot_{};
  std::shared_ptr<const ManifestProgram> with_fixed_lengths_;
  std::vector<size_t> length_slots_;
};

}  // namespace iceframe
