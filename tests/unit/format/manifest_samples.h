// SPDX-License-Identifier: Apache-2.0
// Manifests for tests: one of every kind of value.
#pragma once

#include <string>
#include <vector>

#include "iceframe/format/columnar_manifest.h"

namespace iceframe {

/// A schema whose columns 1 to 14 are one of each type that a partition can have.
inline std::shared_ptr<const Schema> SampleSchema() {
  std::vector<NestedField> fields = {
      NestedField::Required(1, "flag", Type::Boolean()),
      NestedField::Optional(2, "count", Type::Int()),
      NestedField::Optional(3, "total", Type::Long()),
      NestedField::Optional(4, "ratio", Type::Float()),
      NestedField::Optional(5, "score", Type::Double()),
      NestedField::Optional(6, "day", Type::Date()),
      NestedField::Optional(7, "at", Type::Time()),
      NestedField::Optional(8, "ts", Type::Timestamp()),
      NestedField::Optional(9, "tsz", Type::Timestamptz()),
      NestedField::Optional(10, "name:first", Type::String()),
      NestedField::Optional(11, "id", Type::Uuid()),
      NestedField::Optional(12, "hash", *Type::Fixed(5)),
      NestedField::Optional(13, "blob", Type::Binary()),
      NestedField::Optional(14, "price", *Type::Decimal(9, 2)),
  };
  return *Schema::Make(SchemaId(1), std::move(fields));
}

/// Every column of SampleSchema by identity, the field ids from 1000 on.
inline PartitionSpec SampleSpec() {
  PartitionSpec spec;
  spec.spec_id = PartitionSpecId(2);
  FieldId next = kFirstPartitionFieldId;
  const auto schema = SampleSchema();
  for (const NestedField& field : schema->fields()) {
    spec.fields.push_back({{field.id}, next++, field.name, Transform::Identity()});
  }
  return spec;
}

inline std::vector<Value> SamplePartition(int32_t i) {
  return {Value(i % 2 == 0),
          Value(-i),
          Value(int64_t{1} << 40),
          Value(1.5f),
          Value(-0.25 * i),
          Value(int32_t{19000} + i),
          Value(int64_t{3600} * 1000000),
          Value(int64_t{1700000000} * 1000000 + i),
          Value(int64_t{-1}),
          Value("n\xc3\xa9" + std::to_string(i)),
          Value(std::string("0123456789abcdef")),
          Value(std::string("\0\1\2\3\4", 5)),
          Value(std::string("\xff\x00", 2)),
          Value(arrow::Decimal128(-12345 + i))};
}

/// A data file that uses every field of its format version.
inline ManifestEntry SampleEntry(int32_t version, int32_t i) {
  ManifestEntry entry;
  entry.status = EntryStatus::kExisting;
  entry.snapshot_id = SnapshotId(4000 + i);
  entry.data_sequence_number = SequenceNumber(version == 1 ? 0 : 20 + i);
  entry.file_sequence_number = SequenceNumber(version == 1 ? 0 : 21 + i);
  DataFile& file = entry.data_file;
  file.file_path = "file:///w/t/data/f" + std::to_string(i) + ".parquet";
  file.spec_id = PartitionSpecId(2);
  file.partition = SamplePartition(i);
  file.record_count = 100 + i;
  file.file_size_in_bytes = 123456789 + i;
  file.column_sizes = {{1, 10}, {2, 1 << 20}};
  file.value_counts = {{1, 100}, {2, 100}, {3, 100}};
  file.null_value_counts = {{1, 0}, {2, 5}, {300, 7}};
  file.nan_value_counts = {{4, 1}};
  file.lower_bounds = {{2, std::string("\1\0\0\0", 4)}, {10, "a"}};
  file.upper_bounds = {{2, std::string("\2\0\0\0", 4)}, {10, "b"}, {13, ""}};
  file.key_metadata = std::string("k\0y", 3);
  file.split_offsets = {4, 1 << 27};
  file.sort_order_id = SortOrderId(3);
  if (version >= 3) file.first_row_id = 5000 + 1000 * i;
  return entry;
}

/// A delete file of format version 2 or 3.
inline ManifestEntry SampleDelete(int32_t version, int32_t i) {
  ManifestEntry entry = SampleEntry(version, i);
  DataFile& file = entry.data_file;
  file.first_row_id.reset();
  file.referenced_data_file = "file:///w/t/data/f0.parquet";
  if (i % 2 == 0) {
    file.content = FileContent::kEqualityDeletes;
    file.file_format = FileFormat::kAvro;
    file.equality_ids = {2, 10};
    return entry;
  }
  file.content = FileContent::kPositionDeletes;
  if (version >= 3) {
    file.file_format = FileFormat::kPuffin;
    file.content_offset = 4;
    file.content_size_in_bytes = 44;
  }
  return entry;
}

/// The manifest as its manifest list has it.
inline ManifestFile SampleManifestFile(ManifestContent content = ManifestContent::kData) {
  ManifestFile file;
  file.partition_spec_id = PartitionSpecId(2);
  file.content = content;
  file.sequence_number = SequenceNumber(30);
  file.added_snapshot_id = SnapshotId(9999);
  return file;
}

}  // namespace iceframe
