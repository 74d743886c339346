// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/appended_rows.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <arrow/record_batch.h>

#include "iceframe/execution/execution_counters.h"
#include "iceframe/execution/files_relation_internal.h"
#include "iceframe/execution/relation_source.h"
#include "iceframe/execution/row_difference_internal.h"
#include "iceframe/execution/rows_relation.h"
#include "iceframe/execution/table_scan.h"
#include "iceframe/planning/file_filter.h"
#include "iceframe/planning/planning_counters.h"
#include "iceframe/runtime/table_counters.h"
#include "iceframe/table/snapshot_changes.h"

namespace iceframe {

namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

// Goes through the snapshots and gives out what to read of each.
class ChangeWalk {
 public:
  /// `filter` is bound to the state's schema.
  ChangeWalk(TableState state, AppendedRows appended, const Expression& filter)
      : state_(std::move(state)),
        appended_(appended),
        is_filtered_(!filter.is_true()),
        file_filter_(state_.table->metadata().get(), state_.schema, filter) {}

  Status Start() {
    if (appended_.since && appended_.since_timestamp_ms) {
      return Error(ErrorKind::kInvalidArgument,
                   "rows are asked for since a snapshot and since a time; give one of them");
    }
    if (state_.snapshot == nullptr) {
      if (!appended_.since) return Status::OK();
      return Error(ErrorKind::kInvalidArgument,
                   "the table has no snapshot, so none came after: ", *appended_.since);
    }
    const TableMetadata& metadata = *state_.table->metadata();
    const SnapshotId until = state_.snapshot->snapshot_id;
    if (appended_.since_timestamp_ms) {
      ICEFRAME_ASSIGN_OR_RETURN(appended_.since,
                                SnapshotBefore(metadata, *appended_.since_timestamp_ms, until));
    }
    ICEFRAME_ASSIGN_OR_RETURN(snapshots_, SnapshotsAfter(metadata, appended_.since, until));
    return Status::OK();
  }

  /// The next file that was appended and may hold a row that the filter keeps; nullopt: at the end,
  /// or before a difference.
  Result<std::optional<ManifestEntry>> NextFile(const OperationContext& context) {
    while (true) {
      ICEFRAME_ASSIGN_OR_RETURN(auto file, NextAdded(context));
      if (!file) return std::nullopt;
      ICEFRAME_ASSIGN_OR_RETURN(const SkipReason reason, file_filter_.Decide(file->data_file));
      if (reason == SkipReason::kNone) return file;
      context.counters->Add(PlanningCount::kFilesTotal);
      context.counters->Add(reason == SkipReason::kPartition
                                ? PlanningCount::kFilesSkippedByPartition
                                : PlanningCount::kFilesSkippedByBounds);
    }
  }
  /// The difference before which the files ended; nullopt: all is read.
  std::optional<FileDifference> TakeDifference() { return std::exchange(difference_, {}); }

 private:
  Result<std::optional<ManifestEntry>> NextAdded(const OperationContext& context) {
    while (!difference_ && next_file_ == files_.size()) {
      if (next_snapshot_ == snapshots_.size()) return std::nullopt;
      ICEFRAME_RETURN_NOT_OK(Enter(context, *snapshots_[next_snapshot_++]));
    }
    if (difference_) return std::nullopt;
    return std::move(files_[next_file_++]);
  }

  Status Enter(const OperationContext& context, const Snapshot& snapshot) {
    SnapshotChangesOptions options;
    options.with_statistics = is_filtered_;
    if (is_filtered_) {
      options.may_be_wanted = [this](const ManifestFile& manifest) {
        return file_filter_.MayKeepAnyOf(manifest);
      };
    }
    ICEFRAME_ASSIGN_OR_RETURN(
        SnapshotChanges changes,
        ReadSnapshotChanges(context, *state_.table->io(), *state_.table->metadata(), snapshot,
                            appended_.since, options));
    for (const SkippedManifest& one : changes.skipped_manifests) CountSkipped(context, one);
    next_file_ = 0;
    files_.clear();
    switch (changes.effect) {
      case SnapshotEffect::kNone:
        return Status::OK();
      case SnapshotEffect::kAppends:
        files_ = std::move(changes.files.added);
        return Status::OK();
      case SnapshotEffect::kRemoves:
        if (appended_.on_removed != RemovedRows::kError) return Status::OK();
        break;
      case SnapshotEffect::kOverwrites:
        if (appended_.on_removed == RemovedRows::kSkip) return Status::OK();
        if (appended_.on_removed == RemovedRows::kError) break;
        if (changes.has_delete_files) {
          return Error(
              ErrorKind::kUnsupported, "what is new in a snapshot with delete files can't ",
              "be read yet; pass over it with on_removed=\"skip\": ", snapshot.snapshot_id);
        }
        difference_ = std::move(changes.files);
        return Status::OK();
    }
    return Error(ErrorKind::kInvalidArgument, "snapshot removed rows; pass over it with ",
                 "on_removed=\"skip\", or read what it added with on_removed=\"difference\": ",
                 snapshot.snapshot_id, " (", snapshot.operation(), ")");
  }

  static void CountSkipped(const OperationContext& context, const SkippedManifest& manifest) {
    context.counters->Add(PlanningCount::kManifestsTotal);
    context.counters->Add(PlanningCount::kManifestsSkippedByPartition);
    context.counters->Add(PlanningCount::kManifestBytesSkipped, manifest.num_bytes);
    context.counters->Add(PlanningCount::kFilesTotal, manifest.num_files);
    context.counters->Add(PlanningCount::kFilesSkippedByPartition, manifest.num_files);
  }

  const TableState state_;
  AppendedRows appended_;
  const bool is_filtered_;
  FileFilter file_filter_;
  std::vector<const Snapshot*> snapshots_;
  size_t next_snapshot_ = 0;
  std::vector<ManifestEntry> files_;
  size_t next_file_ = 0;
  std::optional<FileDifference> difference_;
};

// Appended files are one scan as far as they go; differences come between.
class AppendedStream final : public BatchStream {
 public:
  AppendedStream(const OperationContext& context, TableState state, AppendedRows appended,
                 RelationRead read)
      : context_(context),
        state_(std::move(state)),
        read_(std::move(read)),
        left_(read_.rows.limit),
        walk_(std::make_shared<ChangeWalk>(state_, appended, read_.rows.filter)) {
    read_.rows.limit.reset();
  }

  Result<BatchPtr> Next() override {
    if (!error_.ok()) return error_;
    Result<BatchPtr> batch = ReadNext();
    error_ = batch.status();
    return batch;
  }

 private:
  Result<BatchPtr> ReadNext() {
    if (!has_started_) {
      ICEFRAME_RETURN_NOT_OK(walk_->Start());
      ICEFRAME_RETURN_NOT_OK(OpenFiles());
      has_started_ = true;
    }
    while (stream_ != nullptr && left_ != 0) {
      ICEFRAME_ASSIGN_OR_RETURN(BatchPtr batch, stream_->Next());
      if (batch == nullptr) {
        ICEFRAME_RETURN_NOT_OK(OpenNext());
        continue;
      }
      if (left_) {
        batch = batch->Slice(0, std::min(*left_, batch->num_rows()));
        *left_ -= batch->num_rows();
      }
      return batch;
    }
    stream_.reset();
    return BatchPtr();
  }

  Status OpenNext() {
    stream_.reset();
    if (is_difference_) return OpenFiles();
    auto difference = walk_->TakeDifference();
    if (!difference) return Status::OK();
    ICEFRAME_ASSIGN_OR_RETURN(auto rows,
                              internal::CompareRows(context_, state_, *std::move(difference)));
    RowsInMemory added;
    added.schema = std::move(rows.added.schema);
    added.batches = std::move(rows.added.batches);
    added.columns = state_.schema;
    ICEFRAME_ASSIGN_OR_RETURN(difference_, MakeRowsRelation(std::move(added)));
    is_difference_ = true;
    return difference_->source->Open(context_, read_).Value(&stream_);
  }

  Status OpenFiles() {
    is_difference_ = false;
    TableScanOptions scan{read_};
    scan.tasks = [walk = walk_, filter = read_.rows.filter](
                     const OperationContext& context) -> Result<std::optional<ScanTask>> {
      ICEFRAME_ASSIGN_OR_RETURN(const auto file, walk->NextFile(context));
      if (!file) return std::nullopt;
      return internal::TaskOf(context, *file, filter);
    };
    context_.counters->Add(ExecutionCount::kTableScans);
    NoteTableCounters(context_, state_.table->identifier().ToString());
    ICEFRAME_ASSIGN_OR_RETURN(stream_, OpenTableScan(context_, state_, scan));
    return Status::OK();
  }

  const OperationContext context_;
  const TableState state_;
  RelationRead read_;
  std::optional<int64_t> left_;
  const std::shared_ptr<ChangeWalk> walk_;
  bool has_started_ = false;
  bool is_difference_ = false;
  Status error_;
  // What `stream_` reads, where it is a difference.
  std::shared_ptr<const Relation> difference_;
  std::unique_ptr<BatchStream> stream_;
};

class AppendedSource final : public RelationSource {
 public:
  AppendedSource(TableState state, AppendedRows appended)
      : state_(std::move(state)), appended_(appended) {}

  Result<std::unique_ptr<BatchStream>> Open(const OperationContext& context,
                                            const RelationRead& read) const override {
    return std::make_unique<AppendedStream>(context, state_, appended_, read);
  }

 private:
  const TableState state_;
  const AppendedRows appended_;
};

}  // namespace

Result<RemovedRows> RemovedRowsFromName(std::string_view name) {
  if (name == "error") return RemovedRows::kError;
  if (name == "skip") return RemovedRows::kSkip;
  if (name == "difference") return RemovedRows::kDifference;
  return Error(ErrorKind::kInvalidArgument,
               "on_removed must be \"error\", \"skip\" or \"difference\": \"", name, "\"");
}

std::shared_ptr<const Relation> MakeAppendedRelation(TableState state, AppendedRows appended,
                                                     std::string name) {
  Relation relation;
  relation.name = std::move(name);
  relation.canonical_name = internal::UniqueRelationName("appended");
  relation.schema = state.schema;
  relation.source = std::make_shared<AppendedSource>(std::move(state), appended);
  return std::make_shared<const Relation>(std::move(relation));
}

}  // namespace iceframe
