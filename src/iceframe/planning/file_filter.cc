// SPDX-License-Identifier: Apache-2.0
#include "iceframe/planning/file_filter.h"

#include <utility>

#include "iceframe/expression/binder.h"
#include "iceframe/skipping/column_bounds.h"
#include "iceframe/skipping/projection.h"
#include "iceframe/table/manifest_files.h"

namespace iceframe {

namespace {

/// Whether rows within the file's bounds can have given its partition values: others prove nothing.
bool IsPartitionCredible(const PartitionEvidence& evidence, const Type& partition_type,
                         const DataFile& file) {
  for (size_t i = 0; i < partition_type.fields().size() && i < file.partition.size(); ++i) {
    const auto* field = evidence.FindField(partition_type.fields()[i].id);
    if (field == nullptr) continue;
    const ColumnBounds source = BoundsOfFile(file, field->source_id, field->source_type);
    if (!PartitionEvidence::IsPossible(*field, file.partition[i], source)) return false;
  }
  return true;
}

}  // namespace

FileFilter::FileFilter(const TableMetadata* metadata, std::shared_ptr<const Schema> schema,
                       const Expression& filter)
    : metadata_(metadata),
      schema_(std::move(schema)),
      filter_(SimplifyFilter(filter)),
      metadata_filter_(metadata, *schema_, filter_) {}

Result<SkipReason> FileFilter::Decide(const DataFile& file) {
  if (filter_.is_true()) return SkipReason::kNone;
  ICEFRAME_ASSIGN_OR_RETURN(const bool is_partition_kept, IsPartitionKept(file));
  if (!is_partition_kept) return SkipReason::kPartition;
  const Expression filter = metadata_filter_.For(filter_, file);
  if (filter.is_false()) return SkipReason::kPartition;
  const bool may_match = MayMatch(filter, [&](FieldId id, const Type& type) {
    return std::optional<ColumnBounds>(BoundsOfFile(file, id, type));
  });
  return may_match ? SkipReason::kNone : SkipReason::kBounds;
}

Result<bool> FileFilter::MayKeepAnyOf(const ManifestFile& manifest) {
  if (filter_.is_true()) return true;
  ICEFRAME_ASSIGN_OR_RETURN(const SpecFilter* spec, SpecFilterOf(manifest.partition_spec_id));
  return !spec->keeps_none &&
         ManifestMayMatch(spec->partition_filter, manifest, spec->partition_type, spec->evidence);
}

Result<bool> FileFilter::IsPartitionKept(const DataFile& file) {
  ICEFRAME_ASSIGN_OR_RETURN(const SpecFilter* spec, SpecFilterOf(file.spec_id));
  if (PartitionMayMatch(spec->partition_filter, spec->partition_type, file.partition)) return true;
  return !IsPartitionCredible(spec->evidence, spec->partition_type, file);
}

Result<const FileFilter::SpecFilter*> FileFilter::SpecFilterOf(PartitionSpecId spec_id) {
  const auto known = specs_.find(spec_id);
  if (known != specs_.end()) return &known->second;
  const PartitionSpec* spec = metadata_->FindPartitionSpec(spec_id);
  if (spec == nullptr) {
    return Error(ErrorKind::kInvalidMetadata,
                 "data file names an unknown partition spec: ", spec_id);
  }
  SpecFilter made;
  ICEFRAME_ASSIGN_OR_RETURN(made.partition_type, PartitionTypeOf(*metadata_, *spec));
  ICEFRAME_ASSIGN_OR_RETURN(made.partition_filter, ProjectInclusive(filter_, *spec, *schema_));
  made.partition_filter = SimplifyFilter(made.partition_filter);
  made.evidence = PartitionEvidence(*spec, *schema_);
  made.keeps_none = metadata_filter_.KeepsNoneOf(filter_, *spec);
  return &specs_.emplace(spec_id, std::move(made)).first->second;
}

}  // namespace iceframe
