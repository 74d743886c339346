// SPDX-License-Identifier: Apache-2.0
// A writer for rows that come in all the time: each is safe when its write returns, and in the
// table soon after, once.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/io/append_file.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/streaming/grow_schema.h"
#include "iceframe/streaming/pending_write.h"
#include "iceframe/streaming/row_form.h"
#include "iceframe/table/table.h"

namespace iceframe {

/// What is so when a write returns.
enum class Durability : uint8_t {
  /// The rows are in memory; a crash loses what was not committed.
  kMemory,
  /// The rows are in a log on this machine's disk, synced; nothing loses them but that disk.
  kWal,
  /// The rows are in the table.
  kCommit,
};
std::string_view ToString(Durability durability);
/// Reads "memory", "wal" or "commit". Errors: InvalidArgument.
Result<Durability> ParseDurability(std::string_view text);

struct StreamingWriterOptions {
  /// Commit once this many rows wait, or this many bytes of them, or the oldest waits this long.
  int64_t batch_size = 1000;
  int64_t batch_bytes = int64_t{64} << 20;
  std::chrono::milliseconds flush_interval{60'000};
  Durability durability = Durability::kWal;
  /// Who writes: a program that is started again under the same id goes on where it ended. Without
  /// one, the first id of this machine that no living writer has.
  std::optional<std::string> writer_id;
  /// What rows with other columns may do to the table's.
  SchemaEvolution schema_evolution = SchemaEvolution::kOff;
  /// How much may wait before Write waits; at least one write. Under a memory limit no more than a
  /// quarter of it, and half of that is committed.
  int64_t max_pending_bytes = int64_t{256} << 20;
  /// Where the log is; empty: StateFolder (writer_slot.h).
  std::string state_folder;
  /// What log files are made with; for tests.
  AppendFileFactory make_file = CreateAppendFile;
};

struct StreamWriteOptions {
  /// Kept with the rows: committed_token tells the last one whose rows are in the table.
  std::optional<std::string> token;
  /// Whether to wait until the rows are as safe as the writer's durability says. If not, they are
  /// soon, and a failure is the result of a later call.
  bool wait = true;
};

struct StreamingWriterStats {
  int64_t num_rows = 0;
  int64_t num_committed_rows = 0;
  int64_t num_pending_rows = 0;
  int64_t num_pending_bytes = 0;
  int64_t num_commits = 0;
  /// Commits that failed since the last one that did not.
  int64_t num_failures = 0;
  Status last_failure;
  int64_t wal_bytes = 0;
  /// Rows of writers that had ended without closing, committed when this one was opened.
  int64_t num_recovered_rows = 0;
  int64_t num_compactions = 0;
};

/// Takes rows and commits them in the background. Thread-safe; writes of several threads share
/// their syncs and commits.
///
/// Exactly once: the log says which write each row is of, and the snapshot's summary up to which
/// write the table has the writer's rows (writer_position.h). Whoever opens a writer on the table
/// next, in whatever process on this machine, first commits what was left in the log.
///
/// Rows of a wrong shape are refused by Write, and hold up no others. A commit that fails is tried
/// again; meanwhile Write goes on until max_pending_bytes wait. Memory is the session's budget's.
///
/// Lifecycle: Open, Write …, Close. Destroyed without Close, it leaves its rows as a crash would:
/// in the log, or nowhere with kMemory. In a child of fork() every call is an error.
class StreamingWriter {
 public:
  /// `context`'s budget, settings, executor and log are the writer's until its end. Commits what
  /// writers that ended without closing left of this table's rows; what can't be is logged.
  /// Errors: Unavailable when the writer id is open already; InvalidData when its log is damaged.
  static Result<std::shared_ptr<StreamingWriter>> Open(const OperationContext& context,
                                                       std::shared_ptr<const Table> table,
                                                       StreamingWriterOptions options = {});
  ~StreamingWriter();
  StreamingWriter(const StreamingWriter&) = delete;
  StreamingWriter& operator=(const StreamingWriter&) = delete;

  /// Takes all batches as one write, or none of them; returns its sequence number, which is
  /// greater than those before. Columns are matched by name and cast without loss.
  ///
  /// Errors: SchemaMismatch naming the column and both types; ResourceExhausted where the disk of
  /// the log is full, or the memory; Io after a failed sync, from then on for ever; that of the
  /// last commit, where max_pending_bytes wait; Cancelled: the rows were not taken.
  Result<int64_t> Write(const OperationContext& context, const arrow::RecordBatchVector& batches,
                        const StreamWriteOptions& options = {});

  /// Commits all that was written before, and waits for it. Errors: those of the commit; the rows
  /// stay, and are tried again.
  Status Flush(const OperationContext& context);
  /// As Flush; then the writer takes nothing any more. After an error it is not closed.
  Status Close(const OperationContext& context);
  bool is_closed() const;

  /// All writes up to this one are in the table.
  int64_t last_committed() const;
  /// The last token given with them, by this run or those before.
  std::optional<std::string> committed_token() const;
  StreamingWriterStats stats() const;
  /// nullopt: none, since no log and no position is kept.
  std::optional<std::string> writer_id() const;
  std::shared_ptr<const Table> table() const;

  /// What the table's columns are, as far as this writer knows.
  std::shared_ptr<const RowForm> form() const;
  /// Looks whether they have changed; returns whether they had.
  Result<bool> RefreshForm(const OperationContext& context);

  /// Joins the table's small files (maintenance/rewrite_data_files.h) after every
  /// `every_n_flushes`th commit, off the write path and one at a time. One that meets other writers
  /// gives way; an error is logged. Errors: InvalidArgument below 1.
  Status EnableAutoCompaction(int64_t every_n_flushes = 10);
  /// The same with another compaction.
  using Compact =
      std::function<Status(const OperationContext& context, const std::shared_ptr<const Table>&)>;
  Status EnableAutoCompaction(int64_t every_n_flushes, Compact compact);

  /// For hosts that gather rows of single writes themselves: `seal` hands them over by Submit, and
  /// is called before a flush and after NoteHeldBack, on any thread.
  void set_seal(std::function<Status()> seal);
  void NoteHeldBack();
  /// Puts rows of `num_writes` writes, cast into `form`, behind those before; waits for nothing.
  Result<PendingWritePtr> Submit(std::shared_ptr<const RowForm> form,
                                 const std::shared_ptr<arrow::RecordBatch>& rows,
                                 int64_t num_writes, StreamWriteOptions options);
  /// Waits until a write is as safe as the writer's durability says.
  Status Await(const OperationContext& context, const PendingWritePtr& write);
  /// Whether less than max_pending_bytes wait; waits until it is so.
  bool has_room() const;
  Status WaitForRoom(const OperationContext& context);
  /// What happened to rows that nobody waited for, told once.
  Status TakeFailure();
  /// The sequence number of the last write that was taken.
  int64_t last_sequence() const;
  /// OK while writes are taken.
  Status CheckOpen() const;

 private:
  class Impl;
  explicit StreamingWriter(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace iceframe
