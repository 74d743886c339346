// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/table_layout.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "iceframe/planning/delete_index.h"
#include "iceframe/skipping/column_bounds.h"
#include "iceframe/skipping/evaluators.h"
#include "iceframe/skipping/partition_evidence.h"
#include "iceframe/skipping/projection.h"
#include "iceframe/table/manifest_files.h"

namespace iceframe {

namespace {

// So many files tell how bytes are divided among columns.
constexpr size_t kMaxSampledFiles = 1000;

// No live data file is older: deletes that are have nothing left to delete.
SequenceNumber OldestData(const std::vector<ManifestFile>& list) {
  std::optional<SequenceNumber> oldest;
  for (const ManifestFile& file : list) {
    if (file.content != ManifestContent::kData || !file.may_have_live_files()) continue;
    oldest = std::min(oldest.value_or(file.min_sequence_number), file.min_sequence_number);
  }
  return oldest.value_or(SequenceNumber(0));
}

void AppendFieldIds(const NestedField& field, std::vector<FieldId>* ids) {
  ids->push_back(field.id);
  for (const NestedField& child : field.type.fields()) AppendFieldIds(child, ids);
}

}  // namespace

Result<TableLayout> TableLayout::Read(const OperationContext& context, const TableState& state) {
  TableLayout layout;
  layout.state_ = state;
  if (state.snapshot == nullptr) return layout;
  const TableMetadata& metadata = *state.table->metadata();
  FileIO& io = *state.table->io();
  ICEFRAME_ASSIGN_OR_RETURN(const auto list,
                            ReadManifestList(context, io, metadata, *state.snapshot));
  std::vector<std::shared_ptr<const ColumnarManifest>> decoded(list->size());
  ICEFRAME_RETURN_NOT_OK(context.executor->ParallelForIo(
      static_cast<int64_t>(list->size()),
      [&](int64_t i) -> Status {
        const auto position = static_cast<size_t>(i);
        if (!(*list)[position].may_have_live_files()) return Status::OK();
        return ReadManifest(context, io, metadata, (*list)[position]).Value(&decoded[position]);
      },
      context.cancel));
  layout.oldest_data_ = OldestData(*list);
  for (size_t i = 0; i < list->size(); ++i) {
    if (decoded[i] == nullptr) continue;
    ICEFRAME_RETURN_NOT_OK(layout.AddManifest((*list)[i], std::move(decoded[i])));
  }
  ICEFRAME_RETURN_NOT_OK(layout.SampleColumnSizes());
  return layout;
}

Status TableLayout::AddManifest(const ManifestFile& file,
                                std::shared_ptr<const ColumnarManifest> decoded) {
  const TableMetadata& metadata = *state_.table->metadata();
  Manifest manifest;
  manifest.decoded = std::move(decoded);
  manifest.spec = metadata.FindPartitionSpec(file.partition_spec_id);
  if (manifest.spec == nullptr) {
    return Error(ErrorKind::kInvalidMetadata,
                 "manifest names an unknown partition spec: ", file.manifest_path);
  }
  ICEFRAME_ASSIGN_OR_RETURN(manifest.partition_type, PartitionTypeOf(metadata, *manifest.spec));
  for (int64_t i = 0; i < manifest.decoded->num_entries(); ++i) {
    if (manifest.decoded->is_live(i)) manifest.live.push_back(static_cast<size_t>(i));
  }
  if (file.content == ManifestContent::kDeletes) {
    for (const size_t entry : manifest.live) {
      const auto i = static_cast<int64_t>(entry);
      const auto sequence_number = manifest.decoded->data_sequence_number(i);
      if (sequence_number && *sequence_number < oldest_data_) continue;
      ++deletes_.num_files;
      deletes_.num_rows += std::max<int64_t>(manifest.decoded->record_count(i), 0);
      deletes_.num_bytes += std::max<int64_t>(manifest.decoded->file_size_in_bytes(i), 0);
    }
    return Status::OK();
  }
  ICEFRAME_RETURN_NOT_OK(AddFiles(&manifest));
  manifests_.push_back(std::move(manifest));
  return Status::OK();
}

Status TableLayout::AddFiles(Manifest* manifest) {
  manifest->first_file = files_.size();
  files_.reserve(files_.size() + manifest->live.size());
  const int num_fields = static_cast<int>(manifest->spec->fields.size());
  std::vector<Value> values(static_cast<size_t>(num_fields));
  for (const size_t entry : manifest->live) {
    const auto i = static_cast<int64_t>(entry);
    for (int field = 0; field < num_fields; ++field) {
      values[static_cast<size_t>(field)] = manifest->decoded->partition_value(i, field);
    }
    const auto [known, is_new] = partition_positions_.try_emplace(
        PartitionKey(manifest->spec->spec_id, values), partitions_.size());
    if (is_new) partitions_.push_back({manifest->spec->spec_id, values});
    File file;
    file.num_rows = std::max<int64_t>(manifest->decoded->record_count(i), 0);
    file.num_bytes = std::max<int64_t>(manifest->decoded->file_size_in_bytes(i), 0);
    file.partition = known->second;
    files_.push_back(file);
    Partition& partition = partitions_[file.partition];
    ++partition.num_files;
    partition.num_rows += file.num_rows;
    partition.num_bytes += file.num_bytes;
    num_rows_ += file.num_rows;
    num_bytes_ += file.num_bytes;
  }
  return Status::OK();
}

Status TableLayout::SampleColumnSizes() {
  std::map<FieldId, FieldId> top_level;
  for (const NestedField& field : state_.schema->fields()) {
    std::vector<FieldId> ids;
    AppendFieldIds(field, &ids);
    for (const FieldId id : ids) top_level[id] = field.id;
  }
  const size_t step = std::max<size_t>(1, files_.size() / kMaxSampledFiles);
  for (const Manifest& manifest : manifests_) {
    for (size_t i = 0; i < manifest.live.size(); ++i) {
      if ((manifest.first_file + i) % step != 0) continue;
      ICEFRAME_ASSIGN_OR_RETURN(const ManifestEntry entry,
                                manifest.decoded->Entry(static_cast<int64_t>(manifest.live[i])));
      if (entry.data_file.column_sizes.empty()) continue;
      sampled_bytes_ += entry.data_file.file_size_in_bytes;
      for (const auto& [id, size] : entry.data_file.column_sizes) {
        const auto column = top_level.find(id);
        if (column != top_level.end()) sampled_column_bytes_[column->second] += size;
      }
    }
  }
  return Status::OK();
}

Result<std::vector<uint8_t>> TableLayout::Kept(const Expression& filter) const {
  std::vector<uint8_t> kept(files_.size(), 0);
  if (filter.is_false()) return kept;
  for (const Manifest& manifest : manifests_) {
    const auto schema = SchemaForSpec(*state_.table->metadata(), *manifest.spec);
    ICEFRAME_ASSIGN_OR_RETURN(const Expression partition_filter,
                              ProjectInclusive(filter, *manifest.spec, *schema));
    const EntryDecisions decisions =
        EvaluateManifest(*manifest.decoded, manifest.partition_type, partition_filter, filter,
                         PartitionEvidence(*manifest.spec, *schema));
    for (size_t i = 0; i < manifest.live.size(); ++i) {
      kept[manifest.first_file + i] =
          decisions.reasons[manifest.live[i]] == SkipReason::kNone ? 1 : 0;
    }
  }
  return kept;
}

bool TableLayout::AllRowsMeet(const Expression& filter) const {
  const auto must_match = [&](const Manifest& manifest, size_t entry) {
    return MustMatch(filter, [&](FieldId id, const Type& type) -> std::optional<ColumnBounds> {
      auto file = manifest.decoded->Entry(static_cast<int64_t>(entry));
      if (!file.ok()) return std::nullopt;
      return BoundsOfFile(file->data_file, id, type);
    });
  };
  if (files_.empty() || files_.size() > kMaxSampledFiles) return false;
  return std::ranges::all_of(manifests_, [&](const Manifest& manifest) {
    return std::ranges::all_of(manifest.live,
                               [&](size_t entry) { return must_match(manifest, entry); });
  });
}

double TableLayout::ShareOf(const std::vector<FieldId>& top_level_columns) const {
  if (sampled_bytes_ <= 0) return 1.0;
  int64_t bytes = 0;
  for (const FieldId id : top_level_columns) {
    const auto column = sampled_column_bytes_.find(id);
    if (column != sampled_column_bytes_.end()) bytes += column->second;
  }
  return std::min(1.0, static_cast<double>(bytes) / static_cast<double>(sampled_bytes_));
}

int64_t TableLayout::BytesOf(FieldId top_level_column) const {
  if (sampled_bytes_ <= 0) return 0;
  return static_cast<int64_t>(ShareOf({top_level_column}) * static_cast<double>(num_bytes_));
}

void TableLayout::VisitColumn(FieldId field_id, const Type& type,
                              const VisitStatistics& visit) const {
  for (const Manifest& manifest : manifests_) {
    const auto statistics = manifest.decoded->Statistics(field_id, type);
    if (statistics == nullptr) continue;
    for (size_t i = 0; i < manifest.live.size(); ++i) {
      visit(*statistics, manifest.live[i], manifest.first_file + i);
    }
  }
}

}  // namespace iceframe
