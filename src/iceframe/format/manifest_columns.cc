// SPDX-License-Identifier: Apache-2.0
// Decoding a manifest's blocks into columns, with what entries inherit filled in.
#include <limits>
#include <utility>

#include "iceframe/base/utf8.h"
#include "iceframe/format/data_file.h"
#include "iceframe/format/manifest_columns_internal.h"
#include "iceframe/types/civil_time.h"

namespace iceframe {

namespace {

enum class PartitionForm { kNumber, kReal, kSpan, kNone };

PartitionForm FormOf(const Type& type) {
  switch (type.id()) {
    case TypeId::kBoolean:
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return PartitionForm::kNumber;
    case TypeId::kFloat:
    case TypeId::kDouble:
      return PartitionForm::kReal;
    case TypeId::kString:
    case TypeId::kUuid:
    case TypeId::kFixed:
    case TypeId::kBinary:
    case TypeId::kDecimal:
      return PartitionForm::kSpan;
    case TypeId::kUnknown:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      break;
  }
  return PartitionForm::kNone;
}

bool IsNarrow(const Type& type) { return type.id() == TypeId::kInt || type.id() == TypeId::kDate; }

// Whether values written as `avro` can be read as `type`, widened where the spec allows it.
bool CanRead(const AvroSchema& avro, const Type& type) {
  switch (FormOf(type)) {
    case PartitionForm::kNumber:
      if (type.id() == TypeId::kBoolean) return avro.kind == AvroKind::kBoolean;
      return avro.kind == AvroKind::kInt || avro.kind == AvroKind::kLong;
    case PartitionForm::kReal:
      return avro.kind == AvroKind::kFloat ||
             (avro.kind == AvroKind::kDouble && type.id() == TypeId::kDouble);
    case PartitionForm::kSpan:
      if (type.id() == TypeId::kString || type.id() == TypeId::kBinary) {
        return avro.kind == AvroKind::kString || avro.kind == AvroKind::kBytes;
      }
      if (avro.kind == AvroKind::kFixed) {
        if (type.id() == TypeId::kUuid) return avro.size == 16;
        if (type.id() == TypeId::kFixed) return avro.size == type.length();
        return avro.size > 0 && avro.size <= 16;
      }
      return avro.kind == AvroKind::kBytes && type.id() != TypeId::kUuid;
    case PartitionForm::kNone:
      break;
  }
  return false;
}

int64_t UnitOf(const AvroSchema& avro, const Type& type) {
  if (avro.logical_type != "date") return 1;
  switch (type.id()) {
    case TypeId::kTimestamp:
      return kMicrosPerDay;
    case TypeId::kTimestampNs:
      return kNanosPerDay;
    default:
      return 1;
  }
}

Status Invalid(std::string_view what, std::string_view name) {
  return Error(ErrorKind::kInvalidMetadata, what, name);
}

// Values are matched by field id: a manifest keeps the order of the spec that wrote it.
Result<std::vector<PartitionColumn>> MakePartitionColumns(const ManifestProgram& program,
                                                          const Type& partition_type) {
  std::vector<PartitionColumn> columns;
  const auto& written = program.partition_fields();
  for (const NestedField& field : partition_type.fields()) {
    PartitionColumn& column = columns.emplace_back();
    column.type = field.type;
    if (FormOf(field.type) == PartitionForm::kNone) continue;
    size_t i = 0;
    while (i < written.size() && written[i].field_id != field.id) ++i;
    if (i == written.size()) return Invalid("manifest lacks a partition field: ", field.name);
    if (written[i].type == nullptr) continue;
    if (!CanRead(*written[i].type, field.type)) {
      return Error(ErrorKind::kInvalidMetadata,
                   "manifest's partition field has the wrong type: ", field.name, " is ",
                   ToString(written[i].type->kind), ", not ", field.type.ToString());
    }
    column.slot = kNumManifestSlots + i;
    column.unit = UnitOf(*written[i].type, field.type);
  }
  return columns;
}

// Appends entries to the columns one after another.
class EntryAppender {
 public:
  EntryAppender(const ManifestFile& file, size_t num_entries, ManifestColumns* columns)
      : file_(file),
        columns_(*columns),
        num_entries_(num_entries),
        next_row_id_(file.first_row_id) {
    columns_.status.reserve(num_entries);
    columns_.content.reserve(num_entries);
    columns_.format.reserve(num_entries);
    columns_.file_path.reserve(num_entries);
    columns_.record_count.reserve(num_entries);
    columns_.file_size.reserve(num_entries);
  }

  Status Append(const ManifestSlotValue* slots) {
    row_ = columns_.num_entries();
    ICEFRAME_RETURN_NOT_OK(AppendEntry(slots));
    ICEFRAME_RETURN_NOT_OK(AppendFile(slots));
    for (PartitionColumn& column : columns_.partition) {
      if (column.slot && slots[*column.slot].present) {
        ICEFRAME_RETURN_NOT_OK(AppendPartitionValue(slots[*column.slot], &column));
      }
    }
    for (ManifestSlot slot : kOffsetSlots) {
      if (slots[slot].present) {
        columns_.offsets[slot].Set(row_, static_cast<uint32_t>(slots[slot].number), num_entries_);
      }
    }
    return Status::OK();
  }

 private:
  Status AppendEntry(const ManifestSlotValue* slots) {
    const ManifestSlotValue& status = slots[kStatusSlot];
    if (!status.present || status.number < 0 || status.number > 2) {
      return Error(ErrorKind::kInvalidMetadata,
                   "manifest entry has an unknown status: ", status.number);
    }
    columns_.status.push_back(static_cast<uint8_t>(status.number));
    const bool is_added = status.number == static_cast<int64_t>(EntryStatus::kAdded);
    Set(&columns_.snapshot_id, slots[kSnapshotIdSlot], file_.added_snapshot_id.value());
    // Files of tables that were v1 have number 0; otherwise only added files inherit theirs.
    std::optional<int64_t> inherited;
    if (is_added || file_.sequence_number == SequenceNumber(0)) {
      inherited = file_.sequence_number.value();
    }
    Set(&columns_.data_sequence_number, slots[kSequenceNumberSlot], inherited);
    Set(&columns_.file_sequence_number, slots[kFileSequenceNumberSlot], inherited);
    return Status::OK();
  }

  Status AppendFile(const ManifestSlotValue* slots) {
    const ManifestSlotValue& content = slots[kContentSlot];
    const int64_t kind = content.present ? content.number : 0;
    if (kind < 0 || kind > 2 || (kind != 0) != (file_.content == ManifestContent::kDeletes)) {
      return Error(
          ErrorKind::kInvalidMetadata, "manifest entry's content does not belong there: ", kind,
          file_.content == ManifestContent::kData ? " among data files" : " among delete files");
    }
    columns_.content.push_back(static_cast<uint8_t>(kind));
    const ManifestSlotValue& path = slots[kFilePathSlot];
    if (!path.present) return Invalid("manifest entry lacks a field: ", "file_path");
    if (!IsUtf8(path.bytes)) return Invalid("manifest entry is no valid UTF-8: ", "file_path");
    columns_.file_path.push_back(Span(path.bytes));
    ICEFRAME_RETURN_NOT_OK(AppendFormat(slots[kFileFormatSlot]));
    if (!slots[kRecordCountSlot].present) {
      return Invalid("manifest entry lacks a field: ", "record_count");
    }
    columns_.record_count.push_back(slots[kRecordCountSlot].number);
    if (!slots[kFileSizeSlot].present) {
      return Invalid("manifest entry lacks a field: ", "file_size_in_bytes");
    }
    columns_.file_size.push_back(slots[kFileSizeSlot].number);
    ICEFRAME_RETURN_NOT_OK(AppendRowId(slots[kFirstRowIdSlot]));
    Set(&columns_.content_offset, slots[kContentOffsetSlot], std::nullopt);
    Set(&columns_.content_size, slots[kContentSizeSlot], std::nullopt);
    const ManifestSlotValue& sort_order = slots[kSortOrderIdSlot];
    if (sort_order.present) {
      if (sort_order.number != static_cast<int32_t>(sort_order.number)) {
        return Invalid("manifest entry's field is out of range: ", "sort_order_id");
      }
      columns_.sort_order_id.Set(row_, static_cast<int32_t>(sort_order.number), num_entries_);
    }
    if (slots[kKeyMetadataSlot].present) {
      columns_.key_metadata.Set(row_, Span(slots[kKeyMetadataSlot].bytes), num_entries_);
    }
    const ManifestSlotValue& referenced = slots[kReferencedDataFileSlot];
    if (referenced.present) {
      if (!IsUtf8(referenced.bytes)) {
        return Invalid("manifest entry is no valid UTF-8: ", "referenced_data_file");
      }
      columns_.referenced_data_file.Set(row_, Span(referenced.bytes), num_entries_);
    }
    return Status::OK();
  }

  Status AppendFormat(const ManifestSlotValue& format) {
    if (!format.present) return Invalid("manifest entry lacks a field: ", "file_format");
    // Nearly always the same as the entry's before.
    if (row_ == 0 || format.bytes != last_format_) {
      ICEFRAME_ASSIGN_OR_RETURN(FileFormat parsed, FileFormatFromName(format.bytes));
      last_format_ = format.bytes;
      last_format_code_ = static_cast<uint8_t>(parsed);
    }
    columns_.format.push_back(last_format_code_);
    return Status::OK();
  }

  // Spec, "First Row ID Inheritance": every live data file without an id takes its place in a
  // running sum over the manifest.
  Status AppendRowId(const ManifestSlotValue& row_id) {
    if (row_id.present) {
      columns_.first_row_id.Set(row_, row_id.number, num_entries_);
      return Status::OK();
    }
    const bool is_live = columns_.status.back() != static_cast<uint8_t>(EntryStatus::kDeleted);
    if (!next_row_id_ || !is_live || file_.content != ManifestContent::kData) return Status::OK();
    columns_.first_row_id.Set(row_, *next_row_id_, num_entries_);
    const int64_t count = columns_.record_count.back();
    if (count < 0 || __builtin_add_overflow(*next_row_id_, count, &*next_row_id_)) {
      return Error(ErrorKind::kInvalidMetadata,
                   "row ids can't be counted on from a record_count: ", count);
    }
    return Status::OK();
  }

  Status AppendPartitionValue(const ManifestSlotValue& slot, PartitionColumn* column) {
    switch (FormOf(column->type)) {
      case PartitionForm::kNumber: {
        int64_t number = 0;
        const bool too_big = __builtin_mul_overflow(slot.number, column->unit, &number);
        if (too_big || (IsNarrow(column->type) && number != static_cast<int32_t>(number))) {
          return Error(ErrorKind::kInvalidMetadata,
                       "partition value is out of range: ", slot.number);
        }
        column->numbers.Set(row_, number, num_entries_);
        break;
      }
      case PartitionForm::kReal:
        column->reals.Set(row_, slot.real, num_entries_);
        break;
      case PartitionForm::kSpan:
        ICEFRAME_RETURN_NOT_OK(CheckPartitionBytes(column->type, slot.bytes));
        column->spans.Set(row_, Span(slot.bytes), num_entries_);
        break;
      case PartitionForm::kNone:
        break;
    }
    return Status::OK();
  }

  static Status CheckPartitionBytes(const Type& type, std::string_view bytes) {
    const bool valid = type.id() == TypeId::kString ? IsUtf8(bytes)
                       : type.id() == TypeId::kFixed
                           ? bytes.size() == static_cast<size_t>(type.length())
                       : type.id() == TypeId::kDecimal ? !bytes.empty() && bytes.size() <= 16
                                                       : true;
    if (valid) return Status::OK();
    return Invalid("partition value is not valid as ", type.ToString());
  }

  void Set(SparseColumn<int64_t>* column, const ManifestSlotValue& slot,
           std::optional<int64_t> inherited) {
    if (slot.present) {
      column->Set(row_, slot.number, num_entries_);
    } else if (inherited) {
      column->Set(row_, *inherited, num_entries_);
    }
  }

  ByteSpan Span(std::string_view bytes) const {
    return {static_cast<uint32_t>(bytes.data() - columns_.data.view().data()),
            static_cast<uint32_t>(bytes.size())};
  }

  const ManifestFile& file_;
  ManifestColumns& columns_;
  size_t num_entries_;
  size_t row_ = 0;
  std::optional<int64_t> next_row_id_;
  std::string_view last_format_;
  uint8_t last_format_code_ = 0;
};

struct BlockExtent {
  size_t offset;
  size_t size;
  int64_t num_entries;
};

// Inflates all blocks into one piece: entries are found by 32-bit offsets into it.
Result<std::vector<BlockExtent>> Inflate(const ManifestProgram& program, AvroFileReader* reader,
                                         AvroBuffer* data) {
  AvroDecompressor decompressor = reader->MakeDecompressor();
  std::vector<BlockExtent> blocks;
  while (true) {
    ICEFRAME_ASSIGN_OR_RETURN(std::optional<AvroBlock> block, reader->NextBlock());
    if (!block) break;
    const size_t offset = data->size();
    ICEFRAME_RETURN_NOT_OK(decompressor.Append(block->data, data));
    const size_t size = data->size() - offset;
    if (block->num_objects > static_cast<int64_t>(size) / program.min_entry_size()) {
      return Error(ErrorKind::kInvalidData,
                   "Avro block has more entries than bytes: ", block->num_objects);
    }
    blocks.push_back({offset, size, block->num_objects});
  }
  if (data->size() > std::numeric_limits<uint32_t>::max()) {
    return Error(ErrorKind::kResourceExhausted, "manifest is larger than 4 GiB: ", data->size());
  }
  data->ShrinkToFit();
  return blocks;
}

}  // namespace

int64_t ManifestColumns::num_bytes() const {
  const auto bytes_of = [](const auto& vector) {
    return static_cast<int64_t>(vector.capacity() * sizeof(vector[0]));
  };
  int64_t sum = static_cast<int64_t>(data.capacity()) + bytes_of(status) + bytes_of(content) +
                bytes_of(format) + bytes_of(file_path) + bytes_of(record_count) +
                bytes_of(file_size) + bytes_of(partition);
  for (const auto* column : {&snapshot_id, &data_sequence_number, &file_sequence_number,
                             &first_row_id, &content_offset, &content_size}) {
    sum += column->num_bytes();
  }
  sum += sort_order_id.num_bytes() + key_metadata.num_bytes() + referenced_data_file.num_bytes();
  for (const auto& column : offsets) sum += column.num_bytes();
  for (const PartitionColumn& column : partition) {
    sum += column.numbers.num_bytes() + column.reals.num_bytes() + column.spans.num_bytes();
  }
  return sum;
}

Result<ManifestColumns> DecodeManifestColumns(const ManifestProgram& program, AvroFileReader reader,
                                              const ManifestFile& file,
                                              const Type& partition_type) {
  ManifestColumns columns;
  ICEFRAME_ASSIGN_OR_RETURN(columns.partition, MakePartitionColumns(program, partition_type));
  ICEFRAME_ASSIGN_OR_RETURN(std::vector<BlockExtent> blocks,
                            Inflate(program, &reader, &columns.data));
  size_t num_entries = 0;
  for (const BlockExtent& block : blocks) num_entries += static_cast<size_t>(block.num_entries);
  EntryAppender appender(file, num_entries, &columns);
  std::vector<ManifestSlotValue> slots(program.num_slots());
  bool has_length = program.length_slots().empty();
  const char* base = columns.data.view().data();
  for (const BlockExtent& block : blocks) {
    AvroCursor cursor(columns.data.view().substr(block.offset, block.size));
    for (int64_t i = 0; i < block.num_entries; ++i) {
      program.DecodeEntry(base, &cursor, slots.data());
      ICEFRAME_RETURN_NOT_OK(cursor.status());
      ICEFRAME_RETURN_NOT_OK(appender.Append(slots.data()));
      for (size_t slot : program.length_slots()) has_length |= slots[slot].present;
    }
    if (cursor.remaining() != 0) {
      return Error(ErrorKind::kInvalidData,
                   "Avro block goes on after its last entry: ", cursor.remaining(), " bytes");
    }
  }
  if (!has_length) return Error(ErrorKind::kInvalidData, "manifest has no fixed with a length");
  return columns;
}

}  // namespace iceframe
