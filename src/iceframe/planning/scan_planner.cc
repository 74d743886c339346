// SPDX-License-Identifier: Apache-2.0
// The pull stream: manifest list → manifests, a window at a time → entries → tasks.
#include "iceframe/planning/scan_planner.h"

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <unordered_map>

#include "iceframe/expression/binder.h"
#include "iceframe/planning/append_order.h"
#include "iceframe/planning/delete_index.h"
#include "iceframe/planning/metadata_filter_internal.h"
#include "iceframe/planning/planning_counters.h"
#include "iceframe/planning/survivor_queue_internal.h"
#include "iceframe/runtime/wait.h"
#include "iceframe/skipping/evaluators.h"
#include "iceframe/skipping/projection.h"
#include "iceframe/skipping/residual.h"
#include "iceframe/table/manifest_files.h"

namespace iceframe {
namespace {

/// How many manifests are decoded together: few at first, so that a LIMIT reads little.
constexpr size_t kFirstWindow = 4;
constexpr size_t kLargestWindow = 32;

/// What one partition spec makes of the filter; made once per spec and scan.
struct SpecFilter {
  Type partition_type;
  Expression partition_filter;
  PartitionEvidence evidence;
  std::optional<ResidualEvaluator> residuals;
  /// The filter is false for all data files of the spec: it names `_spec_id` or `_partition`.
  bool keeps_none = false;
  /// By PartitionKey.
  std::unordered_map<std::string, Expression> known_residuals;
};

using ManifestFuture = arrow::Future<std::shared_ptr<const ColumnarManifest>>;

/// A data manifest that may hold matching files, and what none of them comes before.
struct ListedManifest {
  const ManifestFile* file = nullptr;
  AppendPosition earliest;
};

/// A manifest on its way.
struct PendingManifest {
  const ManifestFile* file = nullptr;
  AppendPosition earliest;
  const SpecFilter* spec = nullptr;
  ManifestFuture decoded;
};

int64_t LiveFilesOf(const ManifestFile& manifest) {
  if (!manifest.added_files_count || !manifest.existing_files_count) return 0;
  return *manifest.added_files_count + *manifest.existing_files_count;
}

int64_t LiveRowsOf(const ManifestFile& manifest) {
  const int64_t rows =
      manifest.added_rows_count.value_or(0) + manifest.existing_rows_count.value_or(0);
  return std::max<int64_t>(rows, 0);
}

}  // namespace

class ScanPlanner::Impl {
 public:
  Impl(OperationContext context, std::shared_ptr<FileIO> io, ScanPlanOptions options)
      : context_(std::move(context)),
        io_(std::move(io)),
        options_(std::move(options)),
        order_(options_.metadata.get()) {}
  ~Impl() { StopReading(); }

  Status Bind();
  Result<std::optional<ScanTask>> Next();

  const Expression& filter() const { return filter_; }
  const std::shared_ptr<const Schema>& schema() const { return options_.schema; }

 private:
  Status Start();
  Status SelectManifests(const std::vector<ManifestFile>& list);
  Status ReadDeletes();
  Status ReadSkippedDeletes();
  size_t WindowSize() const;
  bool IsNextLoaded() const;
  Status LoadWindow();
  Status ReadOneByOne(size_t num_ready, std::vector<PendingManifest>* batch);
  void ReadAhead(size_t count);
  PendingManifest StartReading(const ManifestFile& manifest) const;
  Status Wait(const PendingManifest& pending) const;
  Survivors Evaluate(const PendingManifest& pending) const;
  Result<ScanTask> MakeTask(const Survivors& survivors, int64_t entry);
  Result<Expression> ResidualOf(const DataFile& file);
  Result<SpecFilter*> SpecFilterOf(PartitionSpecId spec_id);
  void StopReading();

  OperationContext context_;
  std::shared_ptr<FileIO> io_;
  ScanPlanOptions options_;
  const Snapshot* snapshot_ = nullptr;
  Expression filter_;
  MetadataFilter metadata_filter_;

  /// Ends the reads that this planner started, not the whole operation.
  OperationContext read_context_;
  std::shared_ptr<CancelToken::Registration> cancel_registration_;

  bool has_started_ = false;
  Status error_;
  std::shared_ptr<const std::vector<ManifestFile>> list_;
  std::map<PartitionSpecId, SpecFilter> specs_;
  std::vector<const ManifestFile*> delete_manifests_;
  std::vector<const ManifestFile*> skipped_delete_manifests_;
  /// In append order of their earliest entries.
  std::vector<ListedManifest> data_manifests_;
  std::unique_ptr<DeleteIndex> deletes_;

  size_t next_manifest_ = 0;
  size_t window_ = kFirstWindow;
  size_t largest_window_ = kLargestWindow;
  std::deque<PendingManifest> in_flight_;
  const AppendOrder order_;
  SurvivorQueue survivors_{&order_};
  int64_t certain_rows_ = 0;
};

Status ScanPlanner::Impl::Bind() {
  const TableMetadata& metadata = *options_.metadata;
  snapshot_ = metadata.current_snapshot();
  if (options_.snapshot_id) {
    ICEFRAME_ASSIGN_OR_RETURN(snapshot_, metadata.FindSnapshot(*options_.snapshot_id));
    if (snapshot_ == nullptr) {
      return Error(ErrorKind::kNotFound, "snapshot does not exist: ", *options_.snapshot_id);
    }
  }
  if (options_.schema == nullptr) {
    options_.schema =
        snapshot_ != nullptr ? metadata.SchemaOf(*snapshot_) : metadata.current_schema();
  }
  Expression bound = options_.rows.filter;
  if (!bound.is_bound()) {
    ICEFRAME_ASSIGN_OR_RETURN(
        bound, BindPredicate(options_.rows.filter, *options_.schema, options_.rows.case_sensitive));
  }
  filter_ = SimplifyFilter(bound);
  metadata_filter_ = MetadataFilter(&metadata, *options_.schema, filter_);
  read_context_ = context_;
  read_context_.cancel = CancelToken();
  cancel_registration_ =
      context_.cancel.OnCancel([token = read_context_.cancel]() mutable { token.Cancel(); });
  return Status::OK();
}

Result<std::optional<ScanTask>> ScanPlanner::Impl::Next() {
  const auto next = [&]() -> Result<std::optional<ScanTask>> {
    while (true) {
      ICEFRAME_RETURN_NOT_OK(context_.Check());
      if (!has_started_) ICEFRAME_RETURN_NOT_OK(Start());
      if (options_.rows.limit && certain_rows_ >= *options_.rows.limit) {
        StopReading();
        return std::nullopt;
      }
      while (!IsNextLoaded()) {
        if (in_flight_.empty() && next_manifest_ == data_manifests_.size()) return std::nullopt;
        ICEFRAME_RETURN_NOT_OK(LoadWindow());
      }
      ICEFRAME_ASSIGN_OR_RETURN(ScanTask task,
                                MakeTask(survivors_.front(), survivors_.oldest().entry));
      survivors_.DropOldest();
      if (metadata_filter_.is_used() && task.residual.is_false()) {
        context_.counters->Add(PlanningCount::kFilesSkippedByPartition);
        context_.counters->Add(PlanningCount::kFileBytesSkippedByPartition,
                               task.data_file.file_size_in_bytes);
        continue;
      }
      context_.counters->Add(PlanningCount::kFilesPlanned);
      if (task.residual.is_true() && task.delete_files.empty()) {
        certain_rows_ += std::max<int64_t>(task.data_file.record_count, 0);
      }
      return task;
    }
  };
  ICEFRAME_RETURN_NOT_OK(error_);
  auto task = next();
  if (!task.ok()) {
    error_ = task.status();
    StopReading();
  }
  return task;
}

Status ScanPlanner::Impl::Start() {
  has_started_ = true;
  deletes_ = std::make_unique<DeleteIndex>(*options_.metadata);
  if (snapshot_ == nullptr || filter_.is_false()) return Status::OK();
  ICEFRAME_ASSIGN_OR_RETURN(list_,
                            ReadManifestList(context_, *io_, *options_.metadata, *snapshot_));
  ICEFRAME_RETURN_NOT_OK(SelectManifests(*list_));
  // Both kinds are on their way before the first wait.
  ReadAhead(WindowSize());
  return ReadDeletes();
}

Status ScanPlanner::Impl::SelectManifests(const std::vector<ManifestFile>& list) {
  OperationCounters& counters = *context_.counters;
  counters.Add(PlanningCount::kManifestsTotal, static_cast<int64_t>(list.size()));
  auto position = static_cast<int64_t>(list.size());
  for (const ManifestFile& manifest : list) {
    --position;
    if (!manifest.may_have_live_files()) continue;
    ICEFRAME_ASSIGN_OR_RETURN(const SpecFilter* spec, SpecFilterOf(manifest.partition_spec_id));
    const bool is_data = manifest.content == ManifestContent::kData;
    if ((is_data && spec->keeps_none) ||
        !ManifestMayMatch(spec->partition_filter, manifest, spec->partition_type, spec->evidence)) {
      counters.Add(PlanningCount::kManifestsSkippedByPartition);
      counters.Add(PlanningCount::kManifestBytesSkipped, manifest.manifest_length);
      if (is_data) {
        counters.Add(PlanningCount::kFilesTotal, LiveFilesOf(manifest));
        counters.Add(PlanningCount::kFilesSkippedByPartition, LiveFilesOf(manifest));
      } else {
        skipped_delete_manifests_.push_back(&manifest);
      }
      continue;
    }
    if (is_data) {
      data_manifests_.push_back({&manifest, AppendOrder::EarliestOf(manifest, position)});
    } else {
      delete_manifests_.push_back(&manifest);
    }
  }
  std::sort(data_manifests_.begin(), data_manifests_.end(),
            [this](const ListedManifest& left, const ListedManifest& right) {
              return order_.IsLess(left.earliest, right.earliest);
            });
  return Status::OK();
}

Status ScanPlanner::Impl::ReadDeletes() {
  deletes_ = std::make_unique<DeleteIndex>(*options_.metadata);
  std::vector<PendingManifest> pending;
  pending.reserve(delete_manifests_.size());
  for (const ManifestFile* manifest : delete_manifests_) pending.push_back(StartReading(*manifest));
  for (const PendingManifest& one : pending) {
    ICEFRAME_RETURN_NOT_OK(Wait(one));
    const ColumnarManifest* manifest = one.decoded.result()->get();
    for (int64_t i = 0; i < manifest->num_entries(); ++i) {
      if (!manifest->is_live(i)) continue;
      ICEFRAME_ASSIGN_OR_RETURN(ManifestEntry entry, manifest->Entry(i));
      if (!entry.data_sequence_number) {
        return Error(ErrorKind::kInvalidMetadata,
                     "delete file has no sequence number: ", entry.data_file.file_path);
      }
      ICEFRAME_RETURN_NOT_OK(
          deletes_->Add(std::move(entry.data_file), *entry.data_sequence_number));
    }
  }
  deletes_->Finish();
  return Status::OK();
}

/// A file whose partition tuple proves nothing may be kept where its deletes were skipped.
Status ScanPlanner::Impl::ReadSkippedDeletes() {
  if (skipped_delete_manifests_.empty()) return Status::OK();
  std::move(skipped_delete_manifests_.begin(), skipped_delete_manifests_.end(),
            std::back_inserter(delete_manifests_));
  skipped_delete_manifests_.clear();
  return ReadDeletes();
}

void ScanPlanner::Impl::ReadAhead(size_t count) {
  while (in_flight_.size() < count && next_manifest_ < data_manifests_.size()) {
    const ListedManifest& listed = data_manifests_[next_manifest_++];
    in_flight_.push_back(StartReading(*listed.file));
    in_flight_.back().earliest = listed.earliest;
  }
}

/// Reads and decodes on an io thread, unless the manifest is cached. The task owns what it uses,
/// so that a planner may end before it.
PendingManifest ScanPlanner::Impl::StartReading(const ManifestFile& manifest) const {
  PendingManifest pending;
  pending.file = &manifest;
  pending.spec = &specs_.at(manifest.partition_spec_id);
  if (auto cached = FindCachedManifest(context_, manifest, pending.spec->partition_type)) {
    pending.decoded = ManifestFuture::MakeFinished(std::move(cached));
    return pending;
  }
  auto submitted = context_.executor->io()->Submit(
      [context = read_context_, io = io_, metadata = options_.metadata, list = list_, &manifest] {
        return ReadManifest(context, *io, *metadata, manifest);
      });
  pending.decoded =
      submitted.ok() ? std::move(*submitted) : ManifestFuture::MakeFinished(submitted.status());
  return pending;
}

Status ScanPlanner::Impl::Wait(const PendingManifest& pending) const {
  return Await(context_, pending.decoded).status();
}

/// How many manifests to read next. Where every row counts towards a limit, that is known.
size_t ScanPlanner::Impl::WindowSize() const {
  if (!options_.rows.limit || !filter_.is_true()) return window_;
  int64_t rows = certain_rows_ + survivors_.num_rows();
  const auto add = [&](const ManifestFile& manifest) { return rows += LiveRowsOf(manifest); };
  size_t count = 0;
  while (count < in_flight_.size() && rows < *options_.rows.limit) add(*in_flight_[count++].file);
  for (size_t i = next_manifest_; i < data_manifests_.size() && rows < *options_.rows.limit; ++i) {
    add(*data_manifests_[i].file);
    ++count;
  }
  return std::clamp<size_t>(count, 1, largest_window_);
}

/// Whether the oldest entry of those loaded is the oldest of all that are left.
bool ScanPlanner::Impl::IsNextLoaded() const {
  if (survivors_.empty()) return false;
  const AppendPosition& oldest = survivors_.oldest();
  if (!in_flight_.empty()) return !order_.IsLess(in_flight_.front().earliest, oldest);
  return next_manifest_ == data_manifests_.size() ||
         !order_.IsLess(data_manifests_[next_manifest_].earliest, oldest);
}

Status ScanPlanner::Impl::LoadWindow() {
  const size_t window = WindowSize();
  ReadAhead(window);
  std::vector<PendingManifest> batch;
  for (size_t i = std::min(window, in_flight_.size()); i > 0; --i) {
    batch.push_back(std::move(in_flight_.front()));
    in_flight_.pop_front();
  }
  window_ = std::min(window_ * 2, largest_window_);
  // The next window is read while this one is evaluated.
  if (!options_.rows.limit && window_ > 1) ReadAhead(window_);
  for (size_t i = 0; i < batch.size(); ++i) {
    const Status status = Wait(batch[i]);
    if (!status.ok() && KindOf(status) == ErrorKind::kResourceExhausted && largest_window_ > 1) {
      ICEFRAME_RETURN_NOT_OK(ReadOneByOne(i, &batch));
    } else {
      ICEFRAME_RETURN_NOT_OK(status);
    }
  }
  std::vector<Survivors> results(batch.size());
  ICEFRAME_RETURN_NOT_OK(context_.executor->ParallelFor(
      static_cast<int64_t>(batch.size()),
      [&](int64_t i) -> Status {
        results[static_cast<size_t>(i)] = Evaluate(batch[static_cast<size_t>(i)]);
        return Status::OK();
      },
      context_.cancel));
  for (Survivors& result : results) {
    if (result.is_any_doubtful()) ICEFRAME_RETURN_NOT_OK(ReadSkippedDeletes());
    survivors_.Push(std::move(result));
  }
  return Status::OK();
}

/// There is no memory for a whole window: what is ready is used first, and from here on one
/// manifest is read at a time. Only one that finds no room by itself is an error.
Status ScanPlanner::Impl::ReadOneByOne(size_t num_ready, std::vector<PendingManifest>* batch) {
  largest_window_ = window_ = 1;
  const size_t num_given_up = batch->size() - num_ready + in_flight_.size();
  std::move(batch->begin() + static_cast<ptrdiff_t>(num_ready), batch->end(),
            std::back_inserter(in_flight_));
  batch->resize(num_ready);
  // Reads that run hold memory; their errors will come again.
  for (const PendingManifest& pending : in_flight_) {
    const Status status = Wait(pending);
    if (!status.ok()) ICEFRAME_RETURN_NOT_OK(context_.Check());
  }
  in_flight_.clear();
  next_manifest_ -= num_given_up;
  if (num_ready > 0) return Status::OK();
  ReadAhead(1);
  batch->push_back(std::move(in_flight_.front()));
  in_flight_.pop_front();
  return Wait(batch->front());
}

Survivors ScanPlanner::Impl::Evaluate(const PendingManifest& pending) const {
  Survivors result;
  result.manifest = *pending.decoded.result();
  const SpecFilter& spec = *pending.spec;
  result.decisions = EvaluateManifest(*result.manifest, spec.partition_type, spec.partition_filter,
                                      filter_, spec.evidence);
  const std::vector<SkipReason>& reasons = result.decisions.reasons;
  int64_t counts[4] = {};
  int64_t bytes[4] = {};
  std::vector<int64_t> kept;
  for (size_t i = 0; i < reasons.size(); ++i) {
    const auto entry = static_cast<int64_t>(i);
    ++counts[static_cast<size_t>(reasons[i])];
    if (reasons[i] == SkipReason::kNone) {
      kept.push_back(entry);
    } else {
      bytes[static_cast<size_t>(reasons[i])] += result.manifest->file_size_in_bytes(entry);
    }
  }
  result.entries = order_.Sorted(*result.manifest, pending.earliest.manifest, kept);
  const auto count_of = [&](SkipReason reason) { return counts[static_cast<size_t>(reason)]; };
  OperationCounters& counters = *context_.counters;
  counters.Add(PlanningCount::kFilesTotal,
               static_cast<int64_t>(reasons.size()) - count_of(SkipReason::kDeleted));
  counters.Add(PlanningCount::kFilesSkippedByPartition, count_of(SkipReason::kPartition));
  counters.Add(PlanningCount::kFilesSkippedByBounds, count_of(SkipReason::kBounds));
  counters.Add(PlanningCount::kFileBytesSkippedByPartition,
               bytes[static_cast<size_t>(SkipReason::kPartition)]);
  counters.Add(PlanningCount::kFileBytesSkippedByBounds,
               bytes[static_cast<size_t>(SkipReason::kBounds)]);
  return result;
}

Result<ScanTask> ScanPlanner::Impl::MakeTask(const Survivors& survivors, int64_t entry) {
  const ColumnarManifest& manifest = *survivors.manifest;
  ICEFRAME_ASSIGN_OR_RETURN(ManifestEntry read, options_.with_statistics
                                                    ? manifest.Entry(entry)
                                                    : manifest.EntryWithoutStatistics(entry));
  ScanTask task;
  task.data_file = std::move(read.data_file);
  if (read.data_sequence_number) {
    task.data_sequence_number = *read.data_sequence_number;
  } else if (!deletes_->empty()) {
    return Error(ErrorKind::kInvalidMetadata,
                 "data file has no sequence number: ", task.data_file.file_path);
  }
  ICEFRAME_ASSIGN_OR_RETURN(task.delete_files,
                            deletes_->DeletesFor(task.data_file, task.data_sequence_number));
  if (survivors.decisions.is_doubtful(static_cast<size_t>(entry))) {
    task.residual = filter_;
  } else {
    ICEFRAME_ASSIGN_OR_RETURN(task.residual, ResidualOf(task.data_file));
  }
  task.residual = metadata_filter_.For(task.residual, task.data_file);
  return task;
}

Result<Expression> ScanPlanner::Impl::ResidualOf(const DataFile& file) {
  if (filter_.is_true()) return filter_;
  SpecFilter& spec = specs_.at(file.spec_id);
  if (!spec.residuals) return filter_;
  const std::string key = PartitionKey(file.spec_id, file.partition);
  const auto known = spec.known_residuals.find(key);
  if (known != spec.known_residuals.end()) return known->second;
  Expression residual = spec.residuals->Residual(file.partition);
  spec.known_residuals.emplace(key, residual);
  return residual;
}

Result<SpecFilter*> ScanPlanner::Impl::SpecFilterOf(PartitionSpecId spec_id) {
  const auto known = specs_.find(spec_id);
  if (known != specs_.end()) return &known->second;
  const PartitionSpec* spec = options_.metadata->FindPartitionSpec(spec_id);
  if (spec == nullptr) {
    return Error(ErrorKind::kInvalidMetadata,
                 "manifest names an unknown partition spec: ", spec_id);
  }
  SpecFilter made;
  ICEFRAME_ASSIGN_OR_RETURN(made.partition_type, PartitionTypeOf(*options_.metadata, *spec));
  ICEFRAME_ASSIGN_OR_RETURN(made.partition_filter,
                            ProjectInclusive(filter_, *spec, *options_.schema));
  made.partition_filter = SimplifyFilter(made.partition_filter);
  made.keeps_none = metadata_filter_.KeepsNoneOf(filter_, *spec);
  made.evidence = PartitionEvidence(*spec, *options_.schema);
  if (!spec->is_unpartitioned()) {
    ICEFRAME_ASSIGN_OR_RETURN(made.residuals,
                              ResidualEvaluator::Make(filter_, *spec, *options_.schema));
  }
  return &specs_.emplace(spec_id, std::move(made)).first->second;
}

void ScanPlanner::Impl::StopReading() {
  read_context_.cancel.Cancel();
  in_flight_.clear();
  survivors_.Clear();
  next_manifest_ = data_manifests_.size();
}

ScanPlanner::ScanPlanner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ScanPlanner::~ScanPlanner() = default;

Result<std::unique_ptr<ScanPlanner>> ScanPlanner::Make(OperationContext context,
                                                       std::shared_ptr<FileIO> io,
                                                       ScanPlanOptions options) {
  auto impl = std::make_unique<Impl>(std::move(context), std::move(io), std::move(options));
  ICEFRAME_RETURN_NOT_OK(impl->Bind());
  return std::unique_ptr<ScanPlanner>(new ScanPlanner(std::move(impl)));
}

Result<std::optional<ScanTask>> ScanPlanner::Next() { return impl_->Next(); }
const Expression& ScanPlanner::filter() const { return impl_->filter(); }
const std::shared_ptr<const Schema>& ScanPlanner::schema() const { return impl_->schema(); }

Result<std::vector<ScanTask>> PlanFiles(const OperationContext& context, std::shared_ptr<FileIO> io,
                                        ScanPlanOptions options) {
  ICEFRAME_ASSIGN_OR_RETURN(auto planner,
                            ScanPlanner::Make(context, std::move(io), std::move(options)));
  std::vector<ScanTask> tasks;
  while (true) {
    ICEFRAME_ASSIGN_OR_RETURN(auto task, planner->Next());
    if (!task) return tasks;
    tasks.push_back(std::move(*task));
  }
}

}  // namespace iceframe
