// SPDX-License-Identifier: Apache-2.0
// StreamingWriter, and the rows of single writes that it gathers.
#include <pthread.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <arrow/record_batch.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "iceframe/session.h"
#include "iceframe/streaming/streaming_writer.h"
#include "iceframe/streaming/writer_recovery.h"
#include "iceframe/streaming/writer_slot.h"

#include "bindings.h"
#include "casters/arrow_capsule.h"
#include "casters/result.h"
#include "engine_call.h"
#include "option_reader.h"
#include "row_gatherer.h"
#include "row_input.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

using TablePtr = std::shared_ptr<const Table>;

/// How many gathered rows, or bytes of them, are handed over at once.
constexpr int64_t kMaxGatheredRows = 16 * 1024;
constexpr int64_t kMaxGatheredBytes = 4 << 20;

/// A mutex that Python threads lock without holding up the one that has it and wants the GIL.
class GatherLock {
 public:
  /// With the GIL. Errors: InvalidArgument if this thread has it, e.g. in a row's own code.
  Status Lock() {
    if (!mutex_.try_lock()) {
      if (owner_.load() == pthread_self()) {
        return Error(ErrorKind::kInvalidArgument,
                     "a writer is used while it reads a row of the same thread");
      }
      const nb::gil_scoped_release released;
      mutex_.lock();
    }
    owner_ = pthread_self();
    return Status::OK();
  }
  /// Without the GIL.
  void LockWithoutGil() {
    mutex_.lock();
    owner_ = pthread_self();
  }
  void Unlock() {
    owner_ = pthread_t{};
    mutex_.unlock();
  }

 private:
  std::mutex mutex_;
  std::atomic<pthread_t> owner_{};
};

/// Unlocks at the end of its scope.
class GatherGuard {
 public:
  explicit GatherGuard(GatherLock* lock) : lock_(lock) {}
  ~GatherGuard() { lock_->Unlock(); }
  GatherGuard(const GatherGuard&) = delete;
  GatherGuard& operator=(const GatherGuard&) = delete;

 private:
  GatherLock* const lock_;
};

/// A writer with the session that its calls belong to.
class PyStreamingWriter : public std::enable_shared_from_this<PyStreamingWriter> {
 public:
  static Result<std::shared_ptr<PyStreamingWriter>> Open(const std::shared_ptr<Session>& session,
                                                         const std::string& table,
                                                         const OptionMap& request) {
    StreamingWriterOptions options;
    std::string durability(ToString(options.durability));
    std::string evolution(ToString(options.schema_evolution));
    int64_t interval_ms = options.flush_interval.count();
    OptionReader reader(request);
    reader.Take("batch_size", options.batch_size);
    reader.Take("batch_bytes", options.batch_bytes);
    reader.Take("flush_interval_ms", interval_ms);
    reader.Take("durability", durability);
    reader.Take("writer_id", options.writer_id);
    reader.Take("schema_evolution", evolution);
    reader.Take("max_pending_bytes", options.max_pending_bytes);
    reader.Take("state_folder", options.state_folder);
    ICEFRAME_RETURN_NOT_OK(reader.Finish());
    options.flush_interval = std::chrono::milliseconds(interval_ms);
    ICEFRAME_ASSIGN_OR_RETURN(options.durability, ParseDurability(durability));
    ICEFRAME_ASSIGN_OR_RETURN(options.schema_evolution, ParseSchemaEvolution(evolution));
    const Operation operation = MakeOperation(session->NewOperation());
    using WriterPtr = std::shared_ptr<StreamingWriter>;
    ICEFRAME_ASSIGN_OR_RETURN(
        WriterPtr writer, RunCall<WriterPtr>(operation, [&](CallerThread&) -> Result<WriterPtr> {
          ICEFRAME_ASSIGN_OR_RETURN(const TablePtr found,
                                    session->LoadTable(operation.context, table));
          return StreamingWriter::Open(operation.context, found, options);
        }));
    auto self = std::make_shared<PyStreamingWriter>(session, std::move(writer), options.durability);
    self->writer_->set_seal([weak = std::weak_ptr<PyStreamingWriter>(self)]() -> Status {
      const auto held = weak.lock();
      return held == nullptr ? Status::OK() : held->Seal();
    });
    return self;
  }

  PyStreamingWriter(std::shared_ptr<Session> session, std::shared_ptr<StreamingWriter> writer,
                    Durability durability)
      : session_(std::move(session)),
        writer_(std::move(writer)),
        durability_(durability),
        context_(session_->NewOperation()) {}

  /// One row; where nobody waits for it, it is gathered with others.
  Result<int64_t> WriteRow(nb::handle row, std::optional<std::string> token, bool wait) {
    ICEFRAME_RETURN_NOT_OK(MakeRoom());
    Gathered gathered;
    ICEFRAME_RETURN_NOT_OK(Gather(row, std::move(token), wait, &gathered));
    if (gathered.write != nullptr) {
      ICEFRAME_RETURN_NOT_OK(Await(gathered.write));
    } else if (gathered.is_first) {
      writer_->NoteHeldBack();
    }
    return gathered.sequence;
  }

  /// All rows of `data`, or none.
  Result<int64_t> Write(nb::handle data, std::optional<std::string> token, bool wait) {
    ICEFRAME_RETURN_NOT_OK(writer_->CheckOpen());
    const Operation operation = MakeOperation(session_->NewOperation());
    ICEFRAME_ASSIGN_OR_RETURN(
        const auto reader, OpenInput(data, operation, [&] {
          return Result<std::shared_ptr<const Schema>>(writer_->form()->schema());
        }));
    return RunCall<int64_t>(operation, [&](CallerThread& caller) -> Result<int64_t> {
      ICEFRAME_ASSIGN_OR_RETURN(const auto batches,
                                ReadOnCaller(reader, caller)->ToRecordBatches());
      ICEFRAME_RETURN_NOT_OK(Seal());
      return writer_->Write(operation.context, batches, {std::move(token), wait});
    });
  }

  Status Flush() {
    return Run([&](const OperationContext& context) { return writer_->Flush(context); });
  }
  Status Close() {
    return Run([&](const OperationContext& context) { return writer_->Close(context); });
  }
  Result<bool> RefreshForm() {
    const Operation operation = MakeOperation(session_->NewOperation());
    return RunCall<bool>(operation,
                         [&](CallerThread&) { return writer_->RefreshForm(operation.context); });
  }

  Status EnableAutoCompaction(int64_t every_n_flushes) {
    return writer_->EnableAutoCompaction(every_n_flushes);
  }

  int64_t last_committed() const { return writer_->last_committed(); }
  std::optional<std::string> committed_token() const { return writer_->committed_token(); }
  std::optional<std::string> writer_id() const { return writer_->writer_id(); }
  bool is_closed() const { return writer_->is_closed(); }

  nb::dict Stats() const {
    const StreamingWriterStats stats = writer_->stats();
    nb::dict described;
    described["rows"] = stats.num_rows;
    described["committed_rows"] = stats.num_committed_rows;
    described["pending_rows"] = stats.num_pending_rows;
    described["pending_bytes"] = stats.num_pending_bytes;
    described["commits"] = stats.num_commits;
    described["failed_commits"] = stats.num_failures;
    described["last_error"] = stats.last_failure.ok()
                                  ? nb::none()
                                  : nb::object(nb::str(stats.last_failure.message().c_str()));
    described["wal_bytes"] = stats.wal_bytes;
    described["recovered_rows"] = stats.num_recovered_rows;
    described["compactions"] = stats.num_compactions;
    return described;
  }

 private:
  template <typename Work>
  Status Run(const Work& work) {
    const Operation operation = MakeOperation(session_->NewOperation());
    return RunCall(operation, [&](CallerThread&) { return work(operation.context); });
  }

  struct Gathered {
    int64_t sequence = 0;
    bool is_first = false;
    /// Set: handed over, with all rows before it.
    PendingWritePtr write;
  };

  /// OK once there is room for a row, and nothing has happened to those before.
  Status MakeRoom() {
    ICEFRAME_RETURN_NOT_OK(writer_->CheckOpen());
    ICEFRAME_RETURN_NOT_OK(writer_->TakeFailure());
    if (writer_->has_room()) return Status::OK();
    return Run([&](const OperationContext& context) { return writer_->WaitForRoom(context); });
  }

  Status Gather(nb::handle row, std::optional<std::string> token, bool wait, Gathered* gathered) {
    ICEFRAME_RETURN_NOT_OK(lock_.Lock());
    const GatherGuard guard(&lock_);
    ICEFRAME_RETURN_NOT_OK(UseForm());
    gathered->is_first = gatherer_->num_rows() == 0;
    ICEFRAME_RETURN_NOT_OK(gatherer_->Append(row.ptr()));
    if (token) token_ = std::move(token);
    gathered->sequence = writer_->last_sequence() + gatherer_->num_rows();
    const bool is_full =
        gatherer_->num_rows() >= kMaxGatheredRows || gatherer_->num_bytes() >= kMaxGatheredBytes;
    if (!wait && !is_full) return Status::OK();
    return HandOver(wait).Value(&gathered->write);
  }

  Status Await(const PendingWritePtr& write) {
    // Without a commit it is over in the time of a sync.
    if (durability_ != Durability::kCommit) {
      return RunBriefCall([&] { return writer_->Await(context_, write); });
    }
    return Run([&](const OperationContext& context) { return writer_->Await(context, write); });
  }

  /// With the lock: gathers in the columns that the writer has now.
  Status UseForm() {
    auto form = writer_->form();
    if (form == form_) return Status::OK();
    ICEFRAME_RETURN_NOT_OK(HandOver(false).status());
    form_ = std::move(form);
    return RowGatherer::Make(form_->schema(), session_->memory()->pool()).Value(&gatherer_);
  }

  /// With the lock: rows that were gathered become writes; nullptr: there were none.
  Result<PendingWritePtr> HandOver(bool wait) {
    if (gatherer_ == nullptr) return nullptr;
    ICEFRAME_ASSIGN_OR_RETURN(const auto rows, gatherer_->Finish());
    if (rows == nullptr) return nullptr;
    return writer_->Submit(form_, rows, rows->num_rows(),
                           {std::exchange(token_, std::nullopt), wait});
  }

  /// On any thread, without the GIL.
  Status Seal() {
    lock_.LockWithoutGil();
    const GatherGuard guard(&lock_);
    return HandOver(false).status();
  }

  const std::shared_ptr<Session> session_;
  const std::shared_ptr<StreamingWriter> writer_;
  const Durability durability_;
  // Of calls that nobody can cancel.
  const OperationContext context_;
  GatherLock lock_;
  std::shared_ptr<const RowForm> form_;
  std::unique_ptr<RowGatherer> gatherer_;
  std::optional<std::string> token_;
};

// (writer id, table, catalog, table's uuid, folder, rows, bytes, whether it is open, what is wrong)
using LogTuple = std::tuple<std::string, std::string, std::string, std::string, std::string,
                            int64_t, int64_t, bool, std::optional<std::string>>;

Result<std::string> FolderOf(const OperationContext& context, const std::string& given) {
  return given.empty() ? StateFolder(context) : Result<std::string>(given);
}

Result<std::vector<LogTuple>> ListLogs(Session& session, const std::string& state_folder) {
  const Operation operation = MakeOperation(session.NewOperation());
  std::vector<WriterLog> logs;
  ICEFRAME_RETURN_NOT_OK(RunCall(operation, [&](CallerThread&) -> Status {
    ICEFRAME_ASSIGN_OR_RETURN(const auto folder, FolderOf(operation.context, state_folder));
    return ListWriterLogs(operation.context, folder).Value(&logs);
  }));
  std::vector<LogTuple> described;
  for (const WriterLog& log : logs) {
    std::optional<std::string> wrong;
    if (!log.status.ok()) wrong = log.status.message();
    described.emplace_back(log.identity.writer_id, log.identity.table, log.identity.catalog,
                           log.identity.table_uuid, log.folder, log.num_rows, log.num_bytes,
                           log.is_open, std::move(wrong));
  }
  return described;
}

// (rows, commits)
Result<std::pair<int64_t, int64_t>> Replay(Session& session, const std::string& table,
                                           const std::string& state_folder) {
  const Operation operation = MakeOperation(session.NewOperation());
  ReplayReport report;
  ICEFRAME_RETURN_NOT_OK(RunCall(operation, [&](CallerThread&) -> Status {
    ICEFRAME_ASSIGN_OR_RETURN(const auto folder, FolderOf(operation.context, state_folder));
    ICEFRAME_ASSIGN_OR_RETURN(const TablePtr found, session.LoadTable(operation.context, table));
    return ReplayLogs(operation.context, found, folder).Value(&report);
  }));
  return std::pair(report.num_rows, report.num_commits);
}

}  // namespace

void BindStreaming(nb::module_& module) {
  using Self = PyStreamingWriter;
  nb::class_<Self>(module, "StreamingWriter", "`iceframe.streaming` wraps it.")
      .def_static("open", &Self::Open, nb::arg("session"), nb::arg("table"), nb::arg("options"))
      .def("write_row", &Self::WriteRow, nb::arg("row"), nb::arg("token").none(), nb::arg("wait"))
      .def("write", &Self::Write, nb::arg("data"), nb::arg("token").none(), nb::arg("wait"))
      .def("flush", &Self::Flush)
      .def("close", &Self::Close)
      .def("refresh_form", &Self::RefreshForm, "Whether the table's columns have changed.")
      .def("enable_auto_compaction", &Self::EnableAutoCompaction, nb::arg("every_n_flushes"))
      .def("last_committed", &Self::last_committed)
      .def("committed_token", &Self::committed_token)
      .def_prop_ro("writer_id", &Self::writer_id)
      .def_prop_ro("is_closed", &Self::is_closed)
      .def("stats", &Self::Stats, nb::sig("def stats(self) -> dict[str, typing.Any]"));
  module.def(
      "list_writer_logs", &ListLogs, nb::arg("session"), nb::arg("state_folder"),
      "(writer id, table, catalog, table's uuid, folder, rows, bytes, is open, what is wrong)");
  module.def("replay_writer_logs", &Replay, nb::arg("session"), nb::arg("table"),
             nb::arg("state_folder"), "(rows, commits)");
}

}  // namespace iceframe::python
