// SPDX-License-Identifier: Apache-2.0
#include "iceframe/planning/rows_in_files.h"

#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "iceframe/expression/binder.h"
#include "iceframe/skipping/evaluators.h"
#include "iceframe/skipping/projection.h"
#include "iceframe/table/manifest_files.h"

namespace iceframe {

namespace {

// What may be read for a guess: more would cost more than a better plan saves.
constexpr size_t kMaxManifests = 32;
constexpr int64_t kMaxManifestBytes = int64_t{16} << 20;

// Counts come from files and may be anything.
void AddSaturated(int64_t more, int64_t* sum) {
  if (more > 0 && __builtin_add_overflow(*sum, more, sum)) {
    *sum = std::numeric_limits<int64_t>::max();
  }
}

struct SpecProjection {
  Type partition_type;
  Expression filter;
  PartitionEvidence evidence;
};

// The manifests that a filter leaves by their partition summaries.
class FilteredManifests {
 public:
  explicit FilteredManifests(const RowsInFilesOptions& options) : options_(options) {}

  Status Add(const ManifestFile& manifest) {
    if (manifest.content != ManifestContent::kData || !manifest.may_have_live_files()) {
      return Status::OK();
    }
    ICEFRAME_ASSIGN_OR_RETURN(const SpecProjection* spec, SpecOf(manifest.partition_spec_id));
    if (!ManifestMayMatch(spec->filter, manifest, spec->partition_type, spec->evidence)) {
      return Status::OK();
    }
    kept_.push_back({&manifest, spec});
    AddSaturated(manifest.manifest_length, &num_bytes_);
    return Status::OK();
  }

  bool are_few() const { return kept_.size() <= kMaxManifests && num_bytes_ <= kMaxManifestBytes; }

  std::optional<int64_t> CountByList() const {
    int64_t rows = 0;
    for (const Kept& kept : kept_) {
      const std::optional<int64_t> added = kept.file->added_rows_count;
      const std::optional<int64_t> existing = kept.file->existing_rows_count;
      if (!added || !existing) return std::nullopt;
      AddSaturated(*added, &rows);
      AddSaturated(*existing, &rows);
    }
    return rows;
  }

  Result<int64_t> CountByEntries(const OperationContext& context, FileIO& io) const {
    std::vector<int64_t> counts(kept_.size());
    ICEFRAME_RETURN_NOT_OK(context.executor->ParallelForIo(
        static_cast<int64_t>(kept_.size()),
        [&](int64_t i) -> Status {
          const auto number = static_cast<size_t>(i);
          const Kept& kept = kept_[number];
          ICEFRAME_ASSIGN_OR_RETURN(const auto manifest,
                                    ReadManifest(context, io, *options_.metadata, *kept.file));
          counts[number] = RowsOf(*manifest, *kept.spec);
          return Status::OK();
        },
        context.cancel));
    int64_t rows = 0;
    for (const int64_t count : counts) AddSaturated(count, &rows);
    return rows;
  }

 private:
  struct Kept {
    const ManifestFile* file = nullptr;
    const SpecProjection* spec = nullptr;
  };

  Result<const SpecProjection*> SpecOf(PartitionSpecId id) {
    const auto known = specs_.find(id);
    if (known != specs_.end()) return &known->second;
    const PartitionSpec* spec = options_.metadata->FindPartitionSpec(id);
    if (spec == nullptr) {
      return Error(ErrorKind::kInvalidMetadata, "manifest names an unknown partition spec: ", id);
    }
    SpecProjection made;
    ICEFRAME_ASSIGN_OR_RETURN(made.partition_type, PartitionTypeOf(*options_.metadata, *spec));
    ICEFRAME_ASSIGN_OR_RETURN(made.filter,
                              ProjectInclusive(options_.filter, *spec, *options_.schema));
    made.filter = SimplifyFilter(made.filter);
    made.evidence = PartitionEvidence(*spec, *options_.schema);
    return &specs_.emplace(id, std::move(made)).first->second;
  }

  int64_t RowsOf(const ColumnarManifest& manifest, const SpecProjection& spec) const {
    const EntryDecisions decisions = EvaluateManifest(manifest, spec.partition_type, spec.filter,
                                                      options_.filter, spec.evidence);
    int64_t rows = 0;
    for (size_t i = 0; i < decisions.reasons.size(); ++i) {
      if (decisions.reasons[i] != SkipReason::kNone) continue;
      AddSaturated(manifest.record_count(static_cast<int64_t>(i)), &rows);
    }
    return rows;
  }

  const RowsInFilesOptions& options_;
  std::map<PartitionSpecId, SpecProjection> specs_;
  std::vector<Kept> kept_;
  int64_t num_bytes_ = 0;
};

}  // namespace

Result<std::optional<int64_t>> CountRowsInFiles(const OperationContext& context, FileIO& io,
                                                const RowsInFilesOptions& options) {
  if (options.snapshot == nullptr || options.filter.is_false()) return std::optional<int64_t>(0);
  ICEFRAME_ASSIGN_OR_RETURN(const auto list,
                            ReadManifestList(context, io, *options.metadata, *options.snapshot));
  FilteredManifests manifests(options);
  for (const ManifestFile& manifest : *list) ICEFRAME_RETURN_NOT_OK(manifests.Add(manifest));
  if (!manifests.are_few()) return manifests.CountByList();
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t rows, manifests.CountByEntries(context, io));
  return std::optional(rows);
}

}  // namespace iceframe
