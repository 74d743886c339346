// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "iceframe/datafile/write_properties.h"
#include "iceframe/execution/table_scan.h"
#include "iceframe/execution/table_writer.h"
#include "iceframe/maintenance/rewrite_pass_internal.h"
#include "iceframe/runtime/parallel_loop.h"
#include "iceframe/table/manifest_files.h"
#include "iceframe/table/rewrite_files_action.h"

namespace iceframe::internal {

namespace {

int64_t NumPartitions(const TableMetadata& metadata, const std::vector<ScanTask>& tasks) {
  std::set<std::pair<PartitionSpecId, std::string>> partitions;
  for (const ScanTask& task : tasks) {
    partitions.emplace(task.data_file.spec_id, PartitionKeyOf(metadata, task.data_file));
  }
  return static_cast<int64_t>(partitions.size());
}

// Those of `paths` that are live in a snapshot. A delete file that is newer than `start` may be
// about any of them: then there is none.
Result<std::set<std::string>> StillThere(const OperationContext& context, const Table& table,
                                         const Snapshot& snapshot, SequenceNumber start,
                                         const std::set<std::string, std::less<>>& paths) {
  std::set<std::string> there;
  const TableMetadata& metadata = *table.metadata();
  ICEFRAME_ASSIGN_OR_RETURN(const auto manifests,
                            ReadManifestList(context, *table.io(), metadata, snapshot));
  for (const ManifestFile& manifest : *manifests) {
    if (!manifest.may_have_live_files()) continue;
    if (manifest.content != ManifestContent::kData) {
      if (manifest.sequence_number > start) return std::set<std::string>();
      continue;
    }
    ICEFRAME_ASSIGN_OR_RETURN(const auto decoded,
                              ReadManifest(context, *table.io(), metadata, manifest));
    for (int64_t i = 0; i < decoded->num_entries(); ++i) {
      if (!decoded->is_live(i) || !paths.contains(decoded->file_path(i))) continue;
      there.emplace(decoded->file_path(i));
    }
  }
  return there;
}

}  // namespace

Result<std::vector<ScanTask>> RewritePass::Tasks() const {
  TableScanOptions scan;
  scan.read.columns = state_.schema;
  scan.read.rows.filter = options_.filter;
  scan.read.rows.case_sensitive = options_.case_sensitive;
  ICEFRAME_ASSIGN_OR_RETURN(const TaskSource source, PlanTableScan(context_, state_, scan));
  std::vector<ScanTask> tasks;
  for (;;) {
    ICEFRAME_ASSIGN_OR_RETURN(auto task, source(context_));
    if (!task) return tasks;
    if (!task->delete_files.empty()) {
      return Error(ErrorKind::kUnsupported, "rewriting tables with delete files is not built yet: ",
                   task->delete_files.front().file.file_path,
                   " (compact the table with the engine that wrote it)");
    }
    tasks.push_back(*std::move(task));
  }
}

Status RewritePass::Choose() {
  const TableMetadata& metadata = *state_.table->metadata();
  ICEFRAME_ASSIGN_OR_RETURN(const WriteProperties properties,
                            WriteProperties::Parse(metadata.properties));
  ICEFRAME_ASSIGN_OR_RETURN(std::vector<ScanTask> tasks, Tasks());
  report_->table = state_.table;
  if (report_->num_commits == 0) {
    report_->num_files = static_cast<int64_t>(tasks.size());
    report_->num_partitions = NumPartitions(metadata, tasks);
    for (const ScanTask& task : tasks) report_->num_bytes += task.data_file.file_size_in_bytes;
  }
  FileGroupOptions choice;
  choice.target_file_size_bytes =
      options_.target_file_size_bytes.value_or(properties.target_file_size_bytes);
  choice.min_input_files = options_.min_input_files;
  choice.max_group_bytes = options_.max_group_bytes;
  choice.by_size = options_.by_size;
  choice.all_files = options_.all_files || options_.strategy != RewriteStrategy::kBinPack;
  if (options_.deduplicate) {
    // Equal rows are of one partition of the present spec; of another spec they may be anywhere.
    choice.all_files = true;
    choice.max_group_bytes = std::numeric_limits<int64_t>::max();
    choice.one_group = std::ranges::any_of(tasks, [&](const ScanTask& task) {
      return task.data_file.spec_id != metadata.default_spec_id;
    });
  }
  choice.spec_id = metadata.default_spec_id;
  groups_ = GroupFiles(std::move(tasks), choice);
  return Status::OK();
}

void RewritePass::Delete(const std::vector<WrittenGroup>& written) const {
  for (const WrittenGroup& group : written) {
    DeleteDataFiles(context_, *state_.table->io(), group.files);
  }
}

Result<std::vector<WrittenGroup>> RewritePass::Write(const GroupLayout& layout, size_t begin,
                                                     size_t end) const {
  std::vector<WrittenGroup> written(end - begin);
  const auto write = [&](int64_t place) -> Status {
    const FileGroup& group = groups_[begin + static_cast<size_t>(place)];
    ICEFRAME_ASSIGN_OR_RETURN(WrittenFiles made, WriteGroup(context_, state_, group, layout));
    written[static_cast<size_t>(place)] = {&group, std::move(made.files), made.num_removed_rows};
    return Status::OK();
  };
  // On threads that may wait for the io and cpu threads, which read and write the groups.
  const Status status =
      RunParallelLoop(context_.executor->operations(), static_cast<int64_t>(written.size()), write,
                      context_.cancel, options_.max_parallel_groups);
  if (status.ok()) return written;
  Delete(written);
  return status;
}

Result<CommitReport> RewritePass::TryCommit(const std::vector<WrittenGroup>& written) const {
  std::vector<std::string> removed;
  std::vector<DataFile> added;
  for (const WrittenGroup& group : written) {
    for (const ScanTask& task : group.group->tasks) removed.push_back(task.data_file.file_path);
    added.insert(added.end(), group.files.begin(), group.files.end());
  }
  RewriteFilesOptions rewrite;
  static_cast<SnapshotActionOptions&>(rewrite) = options_.ForAction();
  rewrite.changes_rows = std::ranges::any_of(
      written, [](const WrittenGroup& group) { return group.num_removed_rows > 0; });
  rewrite.start_snapshot_id = state_.snapshot->snapshot_id;
  ICEFRAME_ASSIGN_OR_RETURN(const auto action,
                            RewriteFilesAction::Make(*latest_, removed, std::move(added), rewrite));
  return CommitAction(context_, latest_, *action, options_.watch.get());
}

Result<int64_t> RewritePass::DropOvertaken(std::vector<WrittenGroup>* written) {
  ICEFRAME_ASSIGN_OR_RETURN(latest_, latest_->Refresh(context_));
  std::set<std::string, std::less<>> wanted;
  for (const WrittenGroup& group : *written) {
    for (const ScanTask& task : group.group->tasks) wanted.insert(task.data_file.file_path);
  }
  std::set<std::string> there;
  ICEFRAME_ASSIGN_OR_RETURN(const TableState now,
                            ResolveTable(latest_, {std::nullopt, std::nullopt, options_.branch}));
  if (now.snapshot != nullptr) {
    ICEFRAME_ASSIGN_OR_RETURN(there, StillThere(context_, *latest_, *now.snapshot,
                                                state_.snapshot->sequence_number, wanted));
  }
  const auto kept =
      std::stable_partition(written->begin(), written->end(), [&](const WrittenGroup& group) {
        return std::ranges::all_of(group.group->tasks, [&](const ScanTask& task) {
          return there.contains(task.data_file.file_path);
        });
      });
  const std::vector<WrittenGroup> dropped(kept, written->end());
  written->erase(kept, written->end());
  Delete(dropped);
  return static_cast<int64_t>(dropped.size());
}

void RewritePass::CountRewritten(const std::vector<const FileGroup*>& groups) {
  std::vector<ScanTask> rewritten;
  for (const FileGroup* group : groups) {
    rewritten.insert(rewritten.end(), group->tasks.begin(), group->tasks.end());
    report_->num_rewritten_bytes += group->num_bytes;
    report_->num_rewritten_rows += group->num_rows;
  }
  report_->num_rewritten_files += static_cast<int64_t>(rewritten.size());
  report_->num_rewritten_partitions += NumPartitions(*state_.table->metadata(), rewritten);
}

void RewritePass::CountChosen() {
  std::vector<const FileGroup*> groups;
  for (const FileGroup& group : groups_) groups.push_back(&group);
  CountRewritten(groups);
}

void RewritePass::Count(const std::vector<WrittenGroup>& written, const CommitReport& commit) {
  std::vector<const FileGroup*> groups;
  for (const WrittenGroup& group : written) {
    groups.push_back(group.group);
    report_->num_removed_rows += group.num_removed_rows;
    report_->num_added_files += static_cast<int64_t>(group.files.size());
    for (const DataFile& file : group.files) report_->num_added_bytes += file.file_size_in_bytes;
  }
  CountRewritten(groups);
  report_->table = latest_ = commit.table;
  report_->snapshot_id = commit.snapshot_id;
  ++report_->num_commits;
}

Result<bool> RewritePass::Commit(std::vector<WrittenGroup> written) {
  int64_t num_given_up = 0;
  while (!written.empty()) {
    const Result<CommitReport> commit = TryCommit(written);
    if (commit.ok()) {
      Count(written, *commit);
      break;
    }
    const ErrorKind kind = KindOf(commit.status());
    if (kind == ErrorKind::kCommitStateUnknown) return commit.status();
    if (kind != ErrorKind::kCommitRejected) {
      Delete(written);
      return commit.status();
    }
    const Result<int64_t> dropped = DropOvertaken(&written);
    if (!dropped.ok() || *dropped == 0) {
      // What was refused is nothing that other groups would change, such as a validator's word.
      Delete(written);
      return dropped.ok() ? commit.status() : dropped.status();
    }
    num_given_up += *dropped;
  }
  report_->num_groups_given_up += num_given_up;
  return num_given_up > 0;
}

Result<bool> RewritePass::RunPortion(const GroupLayout& layout, size_t begin, size_t end) {
  ICEFRAME_ASSIGN_OR_RETURN(auto written, Write(layout, begin, end));
  return Commit(std::move(written));
}

Result<bool> RewritePass::Run() {
  if (groups_.empty()) return false;
  ICEFRAME_ASSIGN_OR_RETURN(const GroupLayout layout,
                            MakeGroupLayout(*state_.table->metadata(), options_));
  const size_t num_portions = std::min(groups_.size(), static_cast<size_t>(options_.max_commits));
  bool has_given_up = false;
  for (size_t i = 0; i < num_portions; ++i) {
    ICEFRAME_ASSIGN_OR_RETURN(const bool gave_up,
                              RunPortion(layout, groups_.size() * i / num_portions,
                                         groups_.size() * (i + 1) / num_portions));
    has_given_up |= gave_up;
  }
  return has_given_up;
}

}  // namespace iceframe::internal
