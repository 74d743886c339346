// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <optional>

#include "iceframe/skipping/evaluators.h"
#include "iceframe/skipping/projection.h"
#include "iceframe/table/file_matcher_internal.h"
#include "iceframe/table/manifest_files.h"

namespace iceframe::internal {

namespace {

bool IsNan(const Value& value) {
  if (value.holds<float>()) return std::isnan(value.get<float>());
  return value.holds<double>() && std::isnan(value.get<double>());
}

// A partition field holds one value for all rows of the file.
BoundsLookup PartitionBounds(const PartitionSpec& spec, const DataFile& file) {
  return [&spec, &file](FieldId field_id, const Type&) -> std::optional<ColumnBounds> {
    for (size_t i = 0; i < spec.fields.size() && i < file.partition.size(); ++i) {
      if (spec.fields[i].field_id != field_id) continue;
      const Value& value = file.partition[i];
      ColumnBounds bounds;
      bounds.value_count = 1;
      bounds.null_count = value.is_null() ? 1 : 0;
      bounds.nan_count = IsNan(value) ? 1 : 0;
      if (!value.is_null() && !IsNan(value)) bounds.lower = bounds.upper = value;
      return bounds;
    }
    return std::nullopt;
  };
}

BoundsLookup FileBounds(const DataFile& file) {
  return [&file](FieldId field_id, const Type& type) -> std::optional<ColumnBounds> {
    return BoundsOfFile(file, field_id, type);
  };
}

struct Conjunct {
  Expression filter;
  Expression partition_filter;
};

// Every part of a top-level AND may be proved in its own way, by partition or by bounds.
Result<std::vector<Conjunct>> StrictConjuncts(const Expression& filter, const PartitionSpec& spec,
                                              const Schema& schema) {
  std::vector<Expression> parts = {filter};
  if (const auto* conjunction = filter.as<AndNode>()) parts = conjunction->operands;
  std::vector<Conjunct> conjuncts;
  for (const Expression& part : parts) {
    ICEFRAME_ASSIGN_OR_RETURN(Expression projected, ProjectStrict(part, spec, schema));
    conjuncts.push_back({part, std::move(projected)});
  }
  return conjuncts;
}

bool AllRowsMatch(const std::vector<Conjunct>& conjuncts, const PartitionSpec& spec,
                  bool is_partition_doubtful, const DataFile& file) {
  const BoundsLookup partition = PartitionBounds(spec, file);
  const BoundsLookup bounds = FileBounds(file);
  for (const Conjunct& conjunct : conjuncts) {
    const bool is_proved_by_partition =
        !is_partition_doubtful && MustMatch(conjunct.partition_filter, partition);
    if (!is_proved_by_partition && !MustMatch(conjunct.filter, bounds)) return false;
  }
  return true;
}

}  // namespace

Result<bool> ManifestMayHoldMatches(const TableMetadata& metadata, const Expression& filter,
                                    const ManifestFile& file) {
  if (!file.may_have_live_files()) return false;
  const PartitionSpec* spec = metadata.FindPartitionSpec(file.partition_spec_id);
  if (spec == nullptr) return true;
  const Schema& schema = *metadata.current_schema();
  ICEFRAME_ASSIGN_OR_RETURN(Expression projected, ProjectInclusive(filter, *spec, schema));
  ICEFRAME_ASSIGN_OR_RETURN(Type type, PartitionTypeOf(metadata, *spec));
  return ManifestMayMatch(projected, file, type, PartitionEvidence(*spec, schema));
}

Result<std::vector<FileMatch>> MatchFiles(const TableMetadata& metadata, const Expression& filter,
                                          const ManifestFile& file,
                                          const ColumnarManifest& manifest) {
  const PartitionSpec* spec = metadata.FindPartitionSpec(file.partition_spec_id);
  if (spec == nullptr) {
    return Error(ErrorKind::kInvalidMetadata,
                 "manifest's partition spec is not in the table: ", file.partition_spec_id);
  }
  const Schema& schema = *metadata.current_schema();
  ICEFRAME_ASSIGN_OR_RETURN(Expression projected, ProjectInclusive(filter, *spec, schema));
  ICEFRAME_ASSIGN_OR_RETURN(auto conjuncts, StrictConjuncts(filter, *spec, schema));
  ICEFRAME_ASSIGN_OR_RETURN(Type type, PartitionTypeOf(metadata, *spec));
  const EntryDecisions decisions =
      EvaluateManifest(manifest, type, projected, filter, PartitionEvidence(*spec, schema));
  std::vector<FileMatch> matches(static_cast<size_t>(manifest.num_entries()), FileMatch::kNone);
  for (int64_t i = 0; i < manifest.num_entries(); ++i) {
    const auto at = static_cast<size_t>(i);
    if (!manifest.is_live(i) || decisions.reasons[at] != SkipReason::kNone) continue;
    ICEFRAME_ASSIGN_OR_RETURN(ManifestEntry entry, manifest.Entry(i));
    const bool are_all = AllRowsMatch(conjuncts, *spec, decisions.is_doubtful(at), entry.data_file);
    matches[at] = are_all ? FileMatch::kAll : FileMatch::kSome;
  }
  return matches;
}

}  // namespace iceframe::internal
