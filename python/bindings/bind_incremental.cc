// SPDX-License-Identifier: Apache-2.0
// Tables followed, and what changed between two snapshots.
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <arrow/record_batch.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "iceframe/execution/row_changes.h"
#include "iceframe/execution/table_tail.h"

#include "bindings.h"
#include "casters/result.h"
#include "engine_call.h"
#include "rows.h"
#include "text_views.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

std::optional<SnapshotId> ToSnapshotId(std::optional<int64_t> id) {
  if (!id) return std::nullopt;
  return SnapshotId(*id);
}

// One tail of a session's, for one thread at a time.
class Tail {
 public:
  // `request`: token, from_start, branch, on_removed.
  static Result<std::shared_ptr<Tail>> Open(std::shared_ptr<Session> session,
                                            const std::string& name, const OptionMap& request) {
    TailOptions options;
    bool from_start = false;
    std::string on_removed;
    OptionReader reader(request);
    reader.Take("token", options.token);
    reader.Take("from_start", from_start);
    reader.Take("branch", options.branch);
    reader.Take("on_removed", on_removed);
    ICEFRAME_RETURN_NOT_OK(reader.Finish());
    if (from_start) options.start = TailStart::kEarliest;
    ICEFRAME_ASSIGN_OR_RETURN(options.on_removed, RemovedRowsFromName(on_removed));
    const Operation operation = MakeOperation(session->NewOperation());
    ICEFRAME_ASSIGN_OR_RETURN(
        TableTail tail, RunCall<TableTail>(operation, [&](CallerThread&) -> Result<TableTail> {
          ICEFRAME_ASSIGN_OR_RETURN(auto table, session->LoadTable(operation.context, name));
          return TableTail::Make(std::move(table), std::move(options));
        }));
    return std::make_shared<Tail>(std::move(session), std::move(tail));
  }

  Tail(std::shared_ptr<Session> session, TableTail tail)
      : session_(std::move(session)), tail_(std::move(tail)) {}

  Result<std::optional<TailStep>> Next() {
    const Operation operation = MakeOperation(session_->NewOperation());
    return RunCall<std::optional<TailStep>>(
        operation, [&](CallerThread&) -> Result<std::optional<TailStep>> {
          const std::unique_lock lock(using_, std::try_to_lock);
          if (!lock.owns_lock()) {
            return Error(ErrorKind::kInvalidArgument,
                         "a tail is read by one thread at a time, and another call runs");
          }
          return tail_.Next(operation.context);
        });
  }

  // Called between steps by the thread that reads.
  std::string token() const { return tail_.token(); }

 private:
  const std::shared_ptr<Session> session_;
  std::mutex using_;
  TableTail tail_;
};

std::optional<int64_t> SinceOf(const TailStep& step) {
  const auto since = step.scan.appended->since;
  if (!since) return std::nullopt;
  return since->value();
}

using ChangedRows = std::tuple<Rows, Rows, Rows>;

Result<ChangedRows> ReadChanges(Session& session, const std::shared_ptr<const Table>& table,
                                std::optional<int64_t> from, std::optional<int64_t> to,
                                std::optional<std::vector<std::string>> columns,
                                std::vector<std::string> keys) {
  const RowChangesOptions options{ToSnapshotId(from), ToSnapshotId(to), std::move(columns),
                                  std::move(keys)};
  const Operation operation = MakeOperation(session.NewOperation());
  return RunCall<ChangedRows>(operation, [&](CallerThread&) -> Result<ChangedRows> {
    ICEFRAME_ASSIGN_OR_RETURN(RowChanges changes,
                              ReadRowChanges(operation.context, table, options));
    const auto rows_of = [&](arrow::RecordBatchVector batches) -> Result<Rows> {
      ICEFRAME_ASSIGN_OR_RETURN(auto reader,
                                arrow::RecordBatchReader::Make(std::move(batches), changes.schema));
      reader = WithTextViews(operation.context, std::move(reader));
      ICEFRAME_ASSIGN_OR_RETURN(auto viewed, reader->ToRecordBatches());
      return Rows{reader->schema(), std::move(viewed)};
    };
    ICEFRAME_ASSIGN_OR_RETURN(Rows added, rows_of(std::move(changes.added)));
    ICEFRAME_ASSIGN_OR_RETURN(Rows deleted, rows_of(std::move(changes.deleted)));
    ICEFRAME_ASSIGN_OR_RETURN(Rows modified, rows_of(std::move(changes.modified)));
    return ChangedRows(std::move(added), std::move(deleted), std::move(modified));
  });
}

}  // namespace

void BindIncremental(nb::module_& module) {
  nb::class_<TailStep>(module, "TailStep", "One snapshot that brought rows.")
      .def_prop_ro("snapshot_id", [](const TailStep& self) { return self.snapshot_id.value(); })
      .def_ro("timestamp_ms", &TailStep::timestamp_ms)
      .def_ro("token", &TailStep::token)
      .def_prop_ro("table", [](const TailStep& self) { return self.table; })
      .def_prop_ro("since_snapshot_id", &SinceOf, "What was read before; None: nothing.");
  nb::class_<Tail>(module, "TableTail", "A table followed.")
      .def_static("open", &Tail::Open, nb::arg("session"), nb::arg("name"), nb::arg("request"))
      .def("next", &Tail::Next, "The next snapshot that brought rows, None if there is none yet.")
      .def("token", &Tail::token);
  module.def("read_changes", &ReadChanges, nb::arg("session"), nb::arg("table"),
             nb::arg("from_snapshot_id").none(), nb::arg("to_snapshot_id").none(),
             nb::arg("columns").none(), nb::arg("keys"), "Rows added, deleted and modified.");
}

}  // namespace iceframe::python
