// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/streaming_writer.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/base/uuid.h"
#include "iceframe/runtime/fork.h"
#include "iceframe/services/kept_rows.h"
#include "iceframe/streaming/auto_compaction_internal.h"
#include "iceframe/streaming/commit_loop.h"
#include "iceframe/streaming/log_segment.h"
#include "iceframe/streaming/stream_metrics_internal.h"
#include "iceframe/streaming/write_ahead_log.h"
#include "iceframe/streaming/write_queue.h"
#include "iceframe/streaming/writer_commits.h"
#include "iceframe/streaming/writer_opening_internal.h"
#include "iceframe/streaming/writer_slot.h"

namespace iceframe {

namespace {

/// Rows that wait leave room for encoding them, and for whoever else has the budget.
void KeepToMemory(const MemoryBudget& memory, StreamingWriterOptions* options) {
  const std::optional<int64_t> limit = memory.limit_bytes();
  if (!limit) return;
  options->max_pending_bytes =
      std::min(options->max_pending_bytes, std::max<int64_t>(*limit / 4, 1));
  options->batch_bytes = std::min(options->batch_bytes, std::max<int64_t>(*limit / 8, 1));
}

/// A context for what outlives the call that began it.
OperationContext ForBackground(const OperationContext& context) {
  OperationContext own = context;
  own.cancel = CancelToken();
  own.deadline.reset();
  own.progress = nullptr;
  own.operation.reset();
  return own;
}

Status CheckOptions(const StreamingWriterOptions& options) {
  const auto check = [](std::string_view name, int64_t value) {
    if (value >= 1) return Status::OK();
    return Error(ErrorKind::kInvalidArgument, name, " must be at least 1, got ", value);
  };
  ICEFRAME_RETURN_NOT_OK(check("batch_size", options.batch_size));
  ICEFRAME_RETURN_NOT_OK(check("batch_bytes", options.batch_bytes));
  ICEFRAME_RETURN_NOT_OK(check("max_pending_bytes", options.max_pending_bytes));
  if (options.flush_interval.count() <= 0) {
    return Error(ErrorKind::kInvalidArgument, "flush interval must be more than 0");
  }
  if (options.writer_id) return CheckWriterId(*options.writer_id);
  return Status::OK();
}

}  // namespace

std::string_view ToString(Durability durability) {
  switch (durability) {
    case Durability::kMemory:
      return "memory";
    case Durability::kCommit:
      return "commit";
    case Durability::kWal:
      break;
  }
  return "wal";
}

Result<Durability> ParseDurability(std::string_view text) {
  for (const auto durability : {Durability::kMemory, Durability::kWal, Durability::kCommit}) {
    if (text == ToString(durability)) return durability;
  }
  return Error(ErrorKind::kInvalidArgument, "durability is one of memory, wal and commit, got '",
               text, "'");
}

class StreamingWriter::Impl {
 public:
  Impl(const OperationContext& context, StreamingWriterOptions options,
       internal::OpenedWriter opened, WriterCommits commits, std::shared_ptr<const RowForm> form)
      : context_(ForBackground(context)),
        options_(std::move(options)),
        slot_(std::move(opened.slot)),
        num_recovered_rows_(opened.num_recovered_rows),
        commits_(std::move(commits)),
        table_(std::move(opened.table)),
        form_(std::move(form)) {
    const WriterPosition& position = commits_.position();
    queue_ = std::make_shared<WriteQueue>(
        context_.executor, position.sequence,
        [this](const std::vector<PendingWritePtr>& group) { return Keep(group); });
    CommitLoopOptions loop;
    loop.max_rows = options_.batch_size;
    loop.max_bytes = options_.batch_bytes;
    loop.interval = options_.flush_interval;
    loop.keeps_failed = options_.durability != Durability::kCommit;
    loop_ = std::make_shared<CommitLoop>(
        context_, loop,
        [this](const std::vector<PendingWritePtr>& writes) { return Commit(writes); });
    loop_->Begin(position.sequence, position.token);
  }

  Status UseLog(const LogIdentity& identity) {
    ICEFRAME_ASSIGN_OR_RETURN(const auto segments, internal::ListSegments(slot_->folder()));
    log_ = std::make_unique<WriteAheadLog>(
        WriteAheadLog::Options{.folder = slot_->folder(),
                               .identity = identity,
                               .first_segment = segments.empty() ? 0 : segments.back().number + 1,
                               .make_file = options_.make_file});
    return Status::OK();
  }

  /// Whether its tasks and files are this process's.
  bool is_of_this_process() const { return ForkGeneration() == generation_; }

  Status CheckOpen() const {
    if (!is_of_this_process()) {
      return Error(ErrorKind::kInvalidArgument,
                   "a streaming writer that was opened before fork() is its parent's; open one "
                   "here");
    }
    if (is_closed_) return Error(ErrorKind::kInvalidArgument, "the writer is closed");
    if (!has_ended_) return Status::OK();
    std::lock_guard lock(mutex_);
    return ended_;
  }

  Result<int64_t> Write(const OperationContext& context, const arrow::RecordBatchVector& batches,
                        const StreamWriteOptions& options) {
    ICEFRAME_RETURN_NOT_OK(CheckOpen());
    auto write = CastAll(context, batches);
    if (!write.ok() && KindOf(write.status()) == ErrorKind::kResourceExhausted) {
      // What waits to be committed may hold the memory.
      ICEFRAME_RETURN_NOT_OK(loop_->WaitForRoom(context, 0));
      write = CastAll(context, batches);
    }
    ICEFRAME_RETURN_NOT_OK(write.status());
    return Take(context, *write, options);
  }

  Result<PendingWritePtr> Submit(std::shared_ptr<const RowForm> form,
                                 const std::shared_ptr<arrow::RecordBatch>& rows,
                                 int64_t num_writes, StreamWriteOptions options) {
    auto write = std::make_shared<PendingWrite>();
    write->form = std::move(form);
    write->num_writes = num_writes;
    ICEFRAME_RETURN_NOT_OK(AddRows(rows, write.get()));
    Enqueue(write, std::move(options));
    return write;
  }

  Status Await(const OperationContext& context, const PendingWritePtr& write) {
    if (!write->is_awaited && log_ != nullptr) {
      queue_->KeepInBackground();
      return Status::OK();
    }
    const Status kept = queue_->Wait(context, write);
    if (!kept.ok()) num_rows_ -= write->num_rows;
    ICEFRAME_RETURN_NOT_OK(kept);
    if (!write->is_awaited || options_.durability != Durability::kCommit) return Status::OK();
    return loop_->FlushThrough(context, write->last_sequence);
  }

  bool has_room() const {
    return queue_->num_bytes() <= options_.max_pending_bytes / 2 &&
           loop_->num_pending_bytes() <= options_.max_pending_bytes;
  }

  /// Until there is room for so many bytes more.
  Status WaitForRoom(const OperationContext& context, int64_t num_bytes) {
    // The log may be slower than those who don't wait for it.
    if (queue_->num_bytes() > options_.max_pending_bytes / 2) {
      ICEFRAME_RETURN_NOT_OK(queue_->Drain(context));
    }
    return loop_->WaitForRoom(context,
                              std::max<int64_t>(options_.max_pending_bytes - num_bytes, 0));
  }

  Status TakeFailure() {
    if (!has_deferred_error_) return Status::OK();
    std::lock_guard lock(mutex_);
    has_deferred_error_ = false;
    return std::exchange(deferred_error_, Status::OK());
  }

  Status Flush(const OperationContext& context) {
    if (!is_of_this_process()) return CheckOpen();
    ICEFRAME_RETURN_NOT_OK(queue_->Drain(context));
    ICEFRAME_RETURN_NOT_OK(loop_->Flush(context));
    return TakeFailure();
  }

  Status Close(const OperationContext& context) {
    if (is_closed_) return Status::OK();
    ICEFRAME_RETURN_NOT_OK(Flush(context));
    is_closed_ = true;
    // What came in between is committed too.
    const Status flushed = Flush(context);
    if (!flushed.ok()) {
      is_closed_ = false;
      return flushed;
    }
    Stop();
    std::lock_guard lock(mutex_);
    slot_.reset();
    return Status::OK();
  }

  void Stop() {
    queue_->Stop();
    loop_->Stop();
    std::lock_guard lock(mutex_);
    if (compaction_ != nullptr) compaction_->Stop();
  }

  StreamingWriterStats stats() const {
    const CommitLoopState state = loop_->state();
    StreamingWriterStats stats;
    stats.num_rows = num_rows_;
    stats.num_committed_rows = state.num_committed_rows;
    stats.num_pending_rows = num_rows_ - state.num_committed_rows;
    stats.num_pending_bytes = state.num_pending_bytes;
    stats.num_commits = state.num_commits;
    stats.num_failures = state.num_failures;
    stats.last_failure = state.last_failure;
    stats.wal_bytes = log_ == nullptr ? 0 : log_->num_bytes();
    stats.num_recovered_rows = num_recovered_rows_;
    std::lock_guard lock(mutex_);
    stats.num_compactions = compaction_ == nullptr ? 0 : compaction_->num_done();
    return stats;
  }

  Result<bool> RefreshForm(const OperationContext& context) {
    ICEFRAME_ASSIGN_OR_RETURN(auto table, this->table()->Refresh(context));
    return UseTable(std::move(table));
  }

  Status EnableAutoCompaction(int64_t every_n_flushes, Compact compact) {
    if (every_n_flushes < 1) {
      return Error(ErrorKind::kInvalidArgument, "every_n_flushes must be at least 1, got ",
                   every_n_flushes);
    }
    ICEFRAME_RETURN_NOT_OK(CheckOpen());
    std::lock_guard lock(mutex_);
    if (compaction_ != nullptr) compaction_->Stop();
    compaction_ = std::make_shared<internal::AutoCompaction>(ForBackground(context_),
                                                             every_n_flushes, std::move(compact));
    return Status::OK();
  }

  std::shared_ptr<const RowForm> form() const {
    std::lock_guard lock(mutex_);
    return form_;
  }
  std::shared_ptr<const Table> table() const {
    std::lock_guard lock(mutex_);
    return table_;
  }
  bool is_closed() const { return is_closed_; }
  CommitLoop& loop() const { return *loop_; }
  WriteQueue& queue() const { return *queue_; }
  const std::optional<std::string>& writer_id() const { return options_.writer_id; }

 private:
  static Status AddRows(const std::shared_ptr<arrow::RecordBatch>& rows, PendingWrite* write) {
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t num_bytes, BytesOf(*rows));
    write->num_bytes += num_bytes;
    write->num_rows += rows->num_rows();
    write->rows.push_back(rows);
    return Status::OK();
  }

  Result<PendingWritePtr> CastAll(const OperationContext& context,
                                  const arrow::RecordBatchVector& batches) {
    auto write = CastTo(form(), batches);
    if (write.ok() || KindOf(write.status()) != ErrorKind::kSchemaMismatch) return write;
    // The columns may have been changed by somebody else, or may be changed for these rows.
    ICEFRAME_ASSIGN_OR_RETURN(const bool has_changed, RefreshForm(context));
    if (has_changed) write = CastTo(form(), batches);
    if (write.ok() || options_.schema_evolution == SchemaEvolution::kOff) return write;
    std::lock_guard one_at_a_time(growth_mutex_);
    auto grown = table();
    for (const auto& batch : batches) {
      auto next = GrowSchema(context, grown, *batch->schema(), options_.schema_evolution);
      if (!next.ok()) {
        return KindOf(next.status()) == ErrorKind::kSchemaMismatch ? write : next.status();
      }
      grown = *std::move(next);
    }
    ICEFRAME_RETURN_NOT_OK(UseTable(std::move(grown)));
    return CastTo(form(), batches);
  }

  static Result<PendingWritePtr> CastTo(const std::shared_ptr<const RowForm>& form,
                                        const arrow::RecordBatchVector& batches) {
    auto write = std::make_shared<PendingWrite>();
    write->form = form;
    for (const auto& batch : batches) {
      if (batch->num_rows() == 0) continue;
      ICEFRAME_ASSIGN_OR_RETURN(const auto rows, form->Cast(*batch));
      ICEFRAME_RETURN_NOT_OK(AddRows(rows, write.get()));
    }
    return write;
  }

  Result<int64_t> Take(const OperationContext& context, const PendingWritePtr& write,
                       const StreamWriteOptions& options) {
    ICEFRAME_RETURN_NOT_OK(TakeFailure());
    if (write->num_rows == 0) return queue_->last_sequence();
    ICEFRAME_RETURN_NOT_OK(WaitForRoom(context, write->num_bytes));
    Enqueue(write, options);
    ICEFRAME_RETURN_NOT_OK(Await(context, write));
    return write->last_sequence;
  }

  void Enqueue(const PendingWritePtr& write, StreamWriteOptions options) {
    write->token = std::move(options.token);
    write->is_awaited = options.wait;
    num_rows_ += write->num_rows;
    queue_->Submit(write);
  }

  // One group, by one thread at a time.
  Status Keep(const std::vector<PendingWritePtr>& group) {
    const Status kept = log_ == nullptr ? Status::OK() : AppendToLog(group);
    if (kept.ok()) {
      loop_->Add(group);
      return kept;
    }
    // Rows that nobody waits for are in memory still, and go on from there.
    std::vector<PendingWritePtr> others;
    for (const PendingWritePtr& write : group) {
      if (!write->is_awaited) others.push_back(write);
    }
    loop_->Add(others);
    std::lock_guard lock(mutex_);
    if (!others.empty()) {
      deferred_error_ = kept;
      has_deferred_error_ = true;
    }
    return kept;
  }

  Status AppendToLog(const std::vector<PendingWritePtr>& group) {
    std::vector<LogRecord> records;
    for (size_t i = 0; i < group.size(); ++i) {
      const PendingWrite& write = *group[i];
      for (const auto& rows : write.rows) {
        records.push_back({rows, write.first_sequence, write.last_sequence, write.token});
      }
      const bool is_last = i + 1 == group.size() || group[i + 1]->form != write.form;
      if (!is_last) continue;
      ICEFRAME_RETURN_NOT_OK(log_->Append(write.form->schema_to_keep(), records, context_.pool()));
      records.clear();
    }
    return Status::OK();
  }

  // One at a time, on the loop's task.
  Status Commit(const std::vector<PendingWritePtr>& writes) {
    std::vector<RowsToCommit> rows;
    for (const PendingWritePtr& write : writes) {
      for (const auto& batch : write->rows) {
        rows.push_back({{batch, write->first_sequence, write->last_sequence, write->token},
                        write->form->schema_to_keep()});
      }
    }
    if (log_ != nullptr) log_->Rotate();
    const Status committed = commits_.Commit(context_, rows);
    if (!committed.ok()) return NoteFailure(committed);
    if (log_ != nullptr) {
      // What stays is only read once more, and found to be committed.
      const Status dropped = log_->DropThrough(writes.back()->last_sequence);
      if (!dropped.ok()) context_.Log(LogLevel::kWarning, "streaming", dropped.message());
    }
    ICEFRAME_RETURN_NOT_OK(UseTable(commits_.table()));
    CountCommit(writes);
    std::lock_guard lock(mutex_);
    if (compaction_ != nullptr) compaction_->NoteCommit(table_);
    return Status::OK();
  }

  void CountCommit(const std::vector<PendingWritePtr>& writes) {
    internal::CommittedBatch batch;
    for (const PendingWritePtr& write : writes) {
      batch.num_rows += write->num_rows;
      batch.num_bytes += write->num_bytes;
    }
    metrics_.CountCommit(batch);
  }

  Status NoteFailure(const Status& status) {
    context_.Log(LogLevel::kWarning, "streaming", "commit failed: ", status.message());
    std::lock_guard lock(mutex_);
    if (commits_.is_replaced()) {
      ended_ = status;
      has_ended_ = true;
    }
    return status;
  }

  /// Returns whether its columns are others.
  Result<bool> UseTable(std::shared_ptr<const Table> table) {
    const auto schema = table->metadata()->current_schema();
    std::shared_ptr<const RowForm> form = this->form();
    const bool is_other = form->schema()->schema_id() != schema->schema_id();
    if (is_other) {
      ICEFRAME_ASSIGN_OR_RETURN(form, RowForm::Make(schema, context_.pool()));
    }
    std::lock_guard lock(mutex_);
    table_ = std::move(table);
    form_ = std::move(form);
    return is_other;
  }

  const OperationContext context_;
  const StreamingWriterOptions options_;
  std::unique_ptr<WriterSlot> slot_;
  const int64_t num_recovered_rows_;
  const uint64_t generation_ = ForkGeneration();
  std::unique_ptr<WriteAheadLog> log_;
  WriterCommits commits_;
  std::atomic<int64_t> num_rows_{0};
  std::atomic<bool> is_closed_{false};
  std::atomic<bool> has_deferred_error_{false};
  std::atomic<bool> has_ended_{false};
  // Of the commits' thread.
  internal::StreamMetrics metrics_{options_.writer_id.value_or("streaming_writer")};
  std::shared_ptr<WriteQueue> queue_;
  std::shared_ptr<CommitLoop> loop_;
  std::mutex growth_mutex_;

  mutable std::mutex mutex_;
  std::shared_ptr<const Table> table_;
  std::shared_ptr<const RowForm> form_;
  std::shared_ptr<internal::AutoCompaction> compaction_;
  // What happened to rows that nobody waited for.
  Status deferred_error_;
  // Set once no commit of this run can succeed any more.
  Status ended_;
};

StreamingWriter::StreamingWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

StreamingWriter::~StreamingWriter() {
  if (impl_->is_of_this_process()) impl_->Stop();
  // Tasks that fork() did not copy, or that the end of the process cuts off, may hold locks; what
  // they work on is left as it is.
  if (!impl_->is_of_this_process() || IsProcessExiting()) (void)impl_.release();
}

Result<std::shared_ptr<StreamingWriter>> StreamingWriter::Open(const OperationContext& context,
                                                               std::shared_ptr<const Table> table,
                                                               StreamingWriterOptions options) {
  ICEFRAME_RETURN_NOT_OK(CheckOptions(options));
  KeepToMemory(*context.memory, &options);
  ICEFRAME_ASSIGN_OR_RETURN(internal::OpenedWriter opened,
                            internal::OpenWriter(context, std::move(table), options));
  if (opened.slot != nullptr) options.writer_id = opened.slot->writer_id();
  const TableMetadata& metadata = *opened.table->metadata();
  LogIdentity identity;
  identity.table_uuid = metadata.table_uuid;
  identity.table = opened.table->identifier().ToString();
  identity.catalog = opened.table->catalog()->name();
  identity.log_id = NewUuid();
  if (options.writer_id) {
    identity.writer_id = *options.writer_id;
    ICEFRAME_ASSIGN_OR_RETURN(const auto before, FindWriterPosition(metadata, *options.writer_id));
    identity.epoch = before.epoch + 1;
  }
  ICEFRAME_ASSIGN_OR_RETURN(auto commits, WriterCommits::Make(opened.table, options.writer_id,
                                                              identity.log_id, identity.epoch));
  ICEFRAME_ASSIGN_OR_RETURN(auto form, RowForm::Make(metadata.current_schema(), context.pool()));
  const bool has_log = opened.slot != nullptr;
  auto impl = std::make_unique<Impl>(context, std::move(options), std::move(opened),
                                     std::move(commits), std::move(form));
  if (has_log) ICEFRAME_RETURN_NOT_OK(impl->UseLog(identity));
  return std::shared_ptr<StreamingWriter>(new StreamingWriter(std::move(impl)));
}

Result<int64_t> StreamingWriter::Write(const OperationContext& context,
                                       const arrow::RecordBatchVector& batches,
                                       const StreamWriteOptions& options) {
  return impl_->Write(context, batches, options);
}

Result<PendingWritePtr> StreamingWriter::Submit(std::shared_ptr<const RowForm> form,
                                                const std::shared_ptr<arrow::RecordBatch>& rows,
                                                int64_t num_writes, StreamWriteOptions options) {
  return impl_->Submit(std::move(form), rows, num_writes, std::move(options));
}
Status StreamingWriter::Await(const OperationContext& context, const PendingWritePtr& write) {
  return impl_->Await(context, write);
}
bool StreamingWriter::has_room() const { return impl_->has_room(); }
Status StreamingWriter::WaitForRoom(const OperationContext& context) {
  return impl_->WaitForRoom(context, 0);
}
Status StreamingWriter::TakeFailure() { return impl_->TakeFailure(); }

Status StreamingWriter::Flush(const OperationContext& context) { return impl_->Flush(context); }
Status StreamingWriter::Close(const OperationContext& context) { return impl_->Close(context); }
bool StreamingWriter::is_closed() const { return impl_->is_closed(); }
Status StreamingWriter::CheckOpen() const { return impl_->CheckOpen(); }

int64_t StreamingWriter::last_committed() const { return impl_->loop().state().committed_sequence; }
std::optional<std::string> StreamingWriter::committed_token() const {
  return impl_->loop().state().committed_token;
}
int64_t StreamingWriter::last_sequence() const { return impl_->queue().last_sequence(); }
StreamingWriterStats StreamingWriter::stats() const { return impl_->stats(); }
std::optional<std::string> StreamingWriter::writer_id() const { return impl_->writer_id(); }
std::shared_ptr<const Table> StreamingWriter::table() const { return impl_->table(); }
std::shared_ptr<const RowForm> StreamingWriter::form() const { return impl_->form(); }
Result<bool> StreamingWriter::RefreshForm(const OperationContext& context) {
  return impl_->RefreshForm(context);
}

Status StreamingWriter::EnableAutoCompaction(int64_t every_n_flushes) {
  return impl_->EnableAutoCompaction(every_n_flushes, internal::CompactSmallFiles);
}

Status StreamingWriter::EnableAutoCompaction(int64_t every_n_flushes, Compact compact) {
  return impl_->EnableAutoCompaction(every_n_flushes, std::move(compact));
}

void StreamingWriter::set_seal(std::function<Status()> seal) {
  impl_->queue().set_seal(std::move(seal));
}
void StreamingWriter::NoteHeldBack() { impl_->queue().KeepInBackground(); }

}  // namespace iceframe
