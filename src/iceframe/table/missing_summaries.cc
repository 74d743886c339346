// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "iceframe/format/manifest_summary_internal.h"
#include "iceframe/table/manifest_files.h"
#include "iceframe/table/missing_summaries_internal.h"

namespace iceframe::internal {
namespace {

Result<std::vector<PartitionFieldSummary>> Summarize(const CommitAttempt& attempt,
                                                     const PartitionSpec& spec,
                                                     const ManifestFile& manifest) {
  const TableMetadata& base = *attempt.base.metadata;
  ICEFRAME_ASSIGN_OR_RETURN(const Type type, PartitionTypeOf(base, spec));
  ICEFRAME_ASSIGN_OR_RETURN(auto decoded,
                            ReadManifest(attempt.context, attempt.io, base, manifest));
  ManifestSummary summary(type);
  for (int64_t i = 0; i < decoded->num_entries(); ++i) {
    ICEFRAME_ASSIGN_OR_RETURN(ManifestEntry entry, decoded->EntryWithoutStatistics(i));
    summary.Add(entry);
  }
  ManifestFile summarized;
  ICEFRAME_RETURN_NOT_OK(summary.WriteTo(&summarized));
  return std::move(summarized.partitions);
}

}  // namespace

Status FillMissingSummaries(const CommitAttempt& attempt, std::vector<ManifestFile>* manifests) {
  for (ManifestFile& manifest : *manifests) {
    const PartitionSpec* spec =
        attempt.base.metadata->FindPartitionSpec(manifest.partition_spec_id);
    if (spec == nullptr || manifest.partitions.size() == spec->fields.size()) continue;
    auto partitions = Summarize(attempt, *spec, manifest);
    ICEFRAME_RETURN_NOT_OK(attempt.context.Check());
    if (partitions.ok()) manifest.partitions = std::move(partitions).ValueUnsafe();
  }
  return Status::OK();
}

}  // namespace iceframe::internal
