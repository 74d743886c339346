// SPDX-License-Identifier: Apache-2.0
// Iceberg Java (seen: 1.10.1) writes partition values of type fixed with their length before them,
// and reads them so, though their type in the manifest is Avro's fixed, which has none. Nothing in
// the file tells; but where a reading is wrong, what follows rarely fits, and never what the
// manifest list says of the manifest.
#include <array>

#include "iceframe/format/data_file.h"
#include "iceframe/format/manifest_columns_internal.h"

namespace iceframe {

namespace {

bool AgreeOnRows(const ManifestColumns& columns, const ManifestFile& file) {
  std::array<int64_t, 3> num_rows{};  // by status
  for (size_t i = 0; i < columns.num_entries(); ++i) {
    int64_t& sum = num_rows[columns.status[i]];
    if (__builtin_add_overflow(sum, columns.record_count[i], &sum)) return false;
  }
  return num_rows[static_cast<size_t>(EntryStatus::kExisting)] == file.existing_rows_count &&
         num_rows[static_cast<size_t>(EntryStatus::kAdded)] == file.added_rows_count &&
         num_rows[static_cast<size_t>(EntryStatus::kDeleted)] == file.deleted_rows_count;
}

bool AgreeOnBounds(const ManifestColumns& columns, const ManifestFile& file) {
  if (columns.partition.size() != file.partitions.size()) return false;
  for (size_t field = 0; field < columns.partition.size(); ++field) {
    const PartitionColumn& column = columns.partition[field];
    const PartitionFieldSummary& summary = file.partitions[field];
    if (column.type.id() != TypeId::kFixed) continue;
    for (size_t i = 0; i < columns.num_entries(); ++i) {
      const auto span = column.spans.Get(i);
      if (!span) continue;
      const std::string_view value = columns.Bytes(*span);
      if (!summary.lower_bound || value < *summary.lower_bound) return false;
      if (!summary.upper_bound || value > *summary.upper_bound) return false;
    }
  }
  return true;
}

/// What a list does not say agrees with nothing.
bool AgreesWithList(const ManifestColumns& columns, const ManifestFile& file) {
  return AgreeOnRows(columns, file) && AgreeOnBounds(columns, file);
}

}  // namespace

Result<ManifestColumns> DecodeManifestColumns(const AvroFileReader& reader,
                                              const ManifestFile& file,
                                              const Type& partition_type) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto program, ManifestProgram::ForSchema(reader.schema_text()));
  auto by_schema = DecodeManifestColumns(*program, reader, file, partition_type);
  if (program->with_fixed_lengths() == nullptr) return by_schema;
  auto with_lengths =
      DecodeManifestColumns(*program->with_fixed_lengths(), reader, file, partition_type);
  if (!with_lengths.ok()) return by_schema;
  if (!by_schema.ok()) return with_lengths;
  const bool has_lengths = AgreesWithList(*with_lengths, file);
  if (AgreesWithList(*by_schema, file) != has_lengths) {
    return has_lengths ? std::move(with_lengths) : std::move(by_schema);
  }
  return Error(ErrorKind::kInvalidMetadata,
               "manifest can be read in two ways, with and without a length before its partition "
               "values of type fixed (Iceberg Java writes one); have its writer rewrite the table "
               "without a fixed column as partition field");
}

}  // namespace iceframe
