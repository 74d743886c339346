// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <optional>

#include "iceframe/skipping/evaluators.h"
#include "iceframe/skipping/projection.h"
#include "iceframe/table/file_matcher_internal.h"
#include "iceframe/table/manifest_files.h"
#include "iceframe/types/single_value.h"

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

std::optional<int64_t> CountOf(const std::map<FieldId, int64_t>& counts, FieldId id) {
  auto found = counts.find(id);
  if (found == counts.end() || found->second < 0) return std::nullopt;
  return found->second;
}

std::optional<Value> BoundOf(const std::map<FieldId, std::string>& bounds, FieldId id,
                             const Type& type) {
  auto found = bounds.find(id);
  if (found == bounds.end()) return std::nullopt;
  auto value = FromSingleValueBytes(type, found->second);
  if (!value.ok() || value->is_null() || IsNan(*value)) return std::nullopt;
  return std::move(value).ValueUnsafe();
}

BoundsLookup FileBounds(const DataFile& file) {
  return [&file](FieldId field_id, const Type& type) -> std::optional<ColumnBounds> {
    ColumnBounds bounds;
    bounds.lower = BoundOf(file.lower_bounds, field_id, type);
    bounds.upper = BoundOf(file.upper_bounds, field_id, type);
    bounds.value_count = CountOf(file.value_counts, field_id);
    bounds.null_count = CountOf(file.null_value_counts, field_id);
    bounds.nan_count = CountOf(file.nan_value_counts, field_id);
    return bounds;
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
                  const DataFile& file) {
  const BoundsLookup partition = PartitionBounds(spec, file);
  const BoundsLookup bounds = FileBounds(file);
  for (const Conjunct& conjunct : conjuncts) {
    if (!MustMatch(conjunct.partition_filter, partition) && !MustMatch(conjunct.filter, bounds)) {
      return false;
    }
  }
  return true;
}

}  // namespace

Result<bool> ManifestMayHoldMatches(const TableMetadata& metadata, const Expression& filter,
                                    const ManifestFile& file) {
  if (!file.may_have_live_files()) return false;
  const PartitionSpec* spec = metadata.FindPartitionSpec(file.partition_spec_id);
  if (spec == nullptr) return true;
  ICEFRAME_ASSIGN_OR_RETURN(Expression projected,
                            ProjectInclusive(filter, *spec, *metadata.current_schema()));
  ICEFRAME_ASSIGN_OR_RETURN(Type type, PartitionTypeOf(metadata, *spec));
  return ManifestMayMatch(projected, file, type);
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
  const std::vector<SkipReason> reasons = EvaluateManifest(manifest, type, projected, filter);
  std::vector<FileMatch> matches(static_cast<size_t>(manifest.num_entries()), FileMatch::kNone);
  for (int64_t i = 0; i < manifest.num_entries(); ++i) {
    const auto at = static_cast<size_t>(i);
    if (!manifest.is_live(i) || reasons[at] != SkipReason::kNone) continue;
    ICEFRAME_ASSIGN_OR_RETURN(ManifestEntry entry, manifest.Entry(i));
    matches[at] =
        AllRowsMatch(conjuncts, *spec, entry.data_file) ? FileMatch::kAll : FileMatch::kSome;
  }
  return matches;
}

}  // namespace iceframe::internal
