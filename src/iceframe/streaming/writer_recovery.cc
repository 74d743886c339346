// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/writer_recovery.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/services/kept_rows.h"
#include "iceframe/streaming/log_segment.h"
#include "iceframe/streaming/writer_commits.h"

namespace iceframe {

namespace {

using internal::SegmentFile;
using internal::SegmentReader;

/// How many bytes of rows one commit of a replay takes.
constexpr int64_t kCommitBytes = int64_t{64} << 20;

Status DeleteSegment(const SegmentFile& segment) {
  if (unlink(segment.path.c_str()) == 0 || errno == ENOENT) return Status::OK();
  return internal::ErrnoError(errno, "delete file", segment.path);
}

/// Brings the rows of one writer's runs into the table.
class Replay {
 public:
  Replay(const OperationContext& context, std::shared_ptr<const Table> table) : context_(context) {
    report_.table = std::move(table);
  }

  Status Run(const SegmentFile& segment) {
    ICEFRAME_ASSIGN_OR_RETURN(auto reader, SegmentReader::Open(segment.path, context_.pool()));
    if (!reader.identity()) return Status::OK();
    ICEFRAME_RETURN_NOT_OK(Begin(*reader.identity()));
    while (true) {
      ICEFRAME_RETURN_NOT_OK(context_.Check());
      ICEFRAME_ASSIGN_OR_RETURN(auto records, reader.Next());
      if (!records) break;
      for (LogRecord& record : *records) ICEFRAME_RETURN_NOT_OK(Add(std::move(record)));
      if (num_bytes_ >= kCommitBytes) ICEFRAME_RETURN_NOT_OK(Commit());
    }
    return Commit();
  }

  const ReplayReport& report() const { return report_; }

 private:
  /// Finds out where the run of a segment is.
  Status Begin(const LogIdentity& identity) {
    const TableMetadata& metadata = *report_.table->metadata();
    if (identity.table_uuid != metadata.table_uuid) {
      return Error(ErrorKind::kInvalidData, "write-ahead log is of another table: ", identity.table,
                   " ", identity.table_uuid);
    }
    ICEFRAME_ASSIGN_OR_RETURN(done_, CommittedSequence(metadata, identity));
    ICEFRAME_ASSIGN_OR_RETURN(const WriterPosition newest,
                              FindWriterPosition(metadata, identity.writer_id));
    const bool was_replaced =
        newest.sequence > 0 && newest.log_id != identity.log_id && newest.epoch >= identity.epoch;
    // The run that is in its place must not lose its own.
    const std::string writer_id = was_replaced ? LateWriterId(identity.log_id) : identity.writer_id;
    ICEFRAME_ASSIGN_OR_RETURN(auto commits, WriterCommits::Make(report_.table, writer_id,
                                                                identity.log_id, identity.epoch));
    commits_ = std::make_unique<WriterCommits>(std::move(commits));
    return Status::OK();
  }

  Status Add(LogRecord record) {
    if (record.last_sequence <= done_) return Status::OK();
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t num_bytes, BytesOf(*record.rows));
    num_bytes_ += num_bytes;
    auto kept_with = record.rows->schema();
    rows_.push_back({std::move(record), std::move(kept_with)});
    return Status::OK();
  }

  Status Commit() {
    if (rows_.empty()) return Status::OK();
    ICEFRAME_RETURN_NOT_OK(commits_->Commit(context_, rows_));
    for (const RowsToCommit& part : rows_) report_.num_rows += part.record.rows->num_rows();
    report_.num_commits += 1;
    report_.table = commits_->table();
    rows_.clear();
    num_bytes_ = 0;
    return Status::OK();
  }

  const OperationContext& context_;
  ReplayReport report_;
  std::unique_ptr<WriterCommits> commits_;
  int64_t done_ = 0;
  std::vector<RowsToCommit> rows_;
  int64_t num_bytes_ = 0;
};

Status ReadLog(const OperationContext& context, const std::vector<SegmentFile>& segments,
               WriterLog* log) {
  for (const SegmentFile& segment : segments) {
    std::error_code ignored;
    const auto size = std::filesystem::file_size(segment.path, ignored);
    if (!ignored) log->num_bytes += static_cast<int64_t>(size);
    ICEFRAME_ASSIGN_OR_RETURN(auto reader, SegmentReader::Open(segment.path, context.pool()));
    if (reader.identity()) log->identity = *reader.identity();
    while (true) {
      ICEFRAME_RETURN_NOT_OK(context.Check());
      ICEFRAME_ASSIGN_OR_RETURN(const auto records, reader.Next());
      if (!records) break;
      for (const LogRecord& record : *records) log->num_rows += record.rows->num_rows();
    }
  }
  return Status::OK();
}

}  // namespace

Result<ReplayReport> ReplayLog(const OperationContext& context, std::shared_ptr<const Table> table,
                               const WriterSlot& slot) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto segments, internal::ListSegments(slot.folder()));
  Replay replay(context, std::move(table));
  for (const SegmentFile& segment : segments) {
    ICEFRAME_RETURN_NOT_OK(replay.Run(segment));
    ICEFRAME_RETURN_NOT_OK(DeleteSegment(segment));
  }
  return replay.report();
}

Result<ReplayReport> ReplayLogs(const OperationContext& context, std::shared_ptr<const Table> table,
                                const std::string& state_folder) {
  ReplayReport total;
  total.table = std::move(table);
  Status first_error;
  ICEFRAME_ASSIGN_OR_RETURN(const auto folders,
                            ListSlots(state_folder, total.table->metadata()->table_uuid));
  for (const std::string& folder : folders) {
    const auto replayed = [&]() -> Status {
      ICEFRAME_ASSIGN_OR_RETURN(const auto slot, WriterSlot::TryLock(folder));
      if (slot == nullptr) return Status::OK();
      ICEFRAME_ASSIGN_OR_RETURN(ReplayReport report, ReplayLog(context, total.table, *slot));
      total.table = std::move(report.table);
      total.num_rows += report.num_rows;
      total.num_commits += report.num_commits;
      return Status::OK();
    }();
    if (replayed.ok()) continue;
    context.Log(LogLevel::kWarning, "streaming", "rows that a writer left behind stay in ", folder,
                ": ", replayed.message());
    if (first_error.ok()) first_error = replayed;
  }
  if (!first_error.ok()) return first_error;
  return total;
}

Result<std::vector<WriterLog>> ListWriterLogs(const OperationContext& context,
                                              const std::string& state_folder) {
  std::vector<WriterLog> logs;
  ICEFRAME_ASSIGN_OR_RETURN(const auto tables, ListTablesWithSlots(state_folder));
  for (const std::string& table : tables) {
    ICEFRAME_ASSIGN_OR_RETURN(const auto folders, ListSlots(state_folder, table));
    for (const std::string& folder : folders) {
      ICEFRAME_ASSIGN_OR_RETURN(const auto segments, internal::ListSegments(folder));
      if (segments.empty()) continue;
      WriterLog log;
      log.folder = folder;
      // Held while its log is read, so that no writer changes it meanwhile.
      const auto slot = WriterSlot::TryLock(folder);
      log.is_open = slot.ok() && *slot == nullptr;
      log.status = slot.status();
      // A living writer's log is being written: what it holds is seen, its end may be anything.
      const Status read = ReadLog(context, segments, &log);
      if (log.status.ok() && !log.is_open) log.status = read;
      if (log.num_rows > 0 || !log.status.ok()) logs.push_back(std::move(log));
    }
  }
  return logs;
}

}  // namespace iceframe
