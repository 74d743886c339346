// SPDX-License-Identifier: Apache-2.0
// Scans: a stream of Arrow batches for Python.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include "iceframe/all_counters.h"
#include "iceframe/operation_kinds.h"
#include "iceframe/runtime/executor.h"
#include "iceframe/runtime/running_operation.h"

#include "batch_stream.h"
#include "bindings.h"
#include "casters/arrow_capsule.h"
#include "casters/result.h"
#include "text_views.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

using CountsByName = nb::typed<nb::dict, nb::str, int64_t>;

CountsByName CountersToDict(const OperationCounters& counters) {
  nb::dict dict;
  for (const OperationCount count : AllCounters()) {
    const std::string_view name = count.name();
    dict[nb::str(name.data(), name.size())] = counters.Get(count);
  }
  return dict;
}

Status ReadAlready() {
  return Error(ErrorKind::kInvalidArgument, "the stream was read already; scan again");
}

}  // namespace

Result<std::optional<Batch>> BatchStream::Next() {
  if (is_at_end_) return std::nullopt;
  // Kept while another thread may close the stream.
  const std::shared_ptr<arrow::RecordBatchReader> reader = reader_;
  if (reader == nullptr) return ReadAlready();
  Batch next;
  const Status status = RunCall(operation_, CallWork([&](CallerThread&) {
                                  std::lock_guard lock(reading_);
                                  return reader->ReadNext(&next.batch);
                                }));
  if (!status.ok()) {
    Close();
    return status;
  }
  if (next.batch != nullptr) return next;
  Close();
  is_at_end_ = true;
  return std::nullopt;
}

Result<Rows> BatchStream::ReadAll(bool as_views) {
  std::shared_ptr<arrow::RecordBatchReader> reader = reader_;
  if (reader != nullptr && as_views) reader = WithTextViews(operation_.context, reader);
  Rows rows{reader == nullptr ? schema_ : reader->schema(), {}};
  if (reader == nullptr) {
    if (is_at_end_) return rows;
    return ReadAlready();
  }
  const Status status = RunCall(operation_, CallWork([&](CallerThread&) -> Status {
                                  std::lock_guard lock(reading_);
                                  std::shared_ptr<arrow::RecordBatch> batch;
                                  do {
                                    ICEFRAME_RETURN_NOT_OK(reader->ReadNext(&batch));
                                    if (batch != nullptr) rows.batches.push_back(batch);
                                  } while (batch != nullptr);
                                  return Status::OK();
                                }));
  Close();
  if (!status.ok()) return status;
  is_at_end_ = true;
  return rows;
}

Result<nb::object> BatchStream::Export() {
  if (reader_ == nullptr) return ReadAlready();
  return ExportStream(std::exchange(reader_, nullptr), operation_);
}

void BatchStream::Close() {
  auto reader = std::exchange(reader_, nullptr);
  if (reader == nullptr || IsProcessExiting()) return;
  // Waits for what the scan has under way.
  const nb::gil_scoped_release released;
  reader.reset();
}

Result<int64_t> CountRows(Session& session, const TableArgument& table,
                          const ReadRequest& request) {
  ICEFRAME_ASSIGN_OR_RETURN(const ScanOptions options, ToScanOptions(request));
  const Operation operation = MakeOperation(session.NewOperation());
  return RunCall<int64_t>(operation, [&](CallerThread&) {
    const auto* name = std::get_if<std::string>(&table);
    if (name == nullptr) {
      return session.CountRows(operation.context, std::get<std::shared_ptr<const Table>>(table),
                               options);
    }
    return RunOperation(operation.context, kCountRowsOperation, {Session::FullTableName(*name)},
                        [&](const OperationContext& context) -> Result<int64_t> {
                          ICEFRAME_ASSIGN_OR_RETURN(auto loaded, session.LoadTable(context, *name));
                          return session.CountRows(context, loaded, options);
                        });
  });
}

Result<std::shared_ptr<BatchStream>> Scan(Session& session, const TableArgument& table,
                                          const ReadRequest& request, nb::object progress) {
  ICEFRAME_ASSIGN_OR_RETURN(const ScanOptions options, ToScanOptions(request));
  Operation operation = MakeOperation(session.NewOperation(), std::move(progress));
  using Reader = std::shared_ptr<arrow::RecordBatchReader>;
  ICEFRAME_ASSIGN_OR_RETURN(
      auto reader, RunCall<Reader>(operation, [&](CallerThread&) {
        return std::visit(
            [&](const auto& which) { return session.Scan(operation.context, which, options); },
            table);
      }));
  return std::make_shared<BatchStream>(std::move(reader), std::move(operation));
}

Result<std::shared_ptr<BatchStream>> Execute(Session& session, const Query& query,
                                             std::vector<std::string> disabled_rules,
                                             nb::object progress) {
  QueryOptions options;
  options.disabled_rules = {disabled_rules.begin(), disabled_rules.end()};
  Operation operation = MakeOperation(session.NewOperation(), std::move(progress));
  using Reader = std::shared_ptr<arrow::RecordBatchReader>;
  ICEFRAME_ASSIGN_OR_RETURN(auto reader, RunCall<Reader>(operation, [&](CallerThread&) {
                              return session.Execute(operation.context, query, options);
                            }));
  return std::make_shared<BatchStream>(std::move(reader), std::move(operation));
}

Result<std::pair<std::string, std::string>> Explain(Session& session, const Query& query,
                                                    bool analyze,
                                                    std::vector<std::string> disabled_rules,
                                                    const PreparedQuery* prepared) {
  QueryOptions options;
  options.disabled_rules = {disabled_rules.begin(), disabled_rules.end()};
  if (prepared != nullptr) options.cache = prepared->options().cache;
  Operation operation = MakeOperation(session.NewOperation(), nb::none());
  ICEFRAME_ASSIGN_OR_RETURN(auto explanation, RunCall<Explanation>(operation, [&](CallerThread&) {
                              return session.Explain(operation.context, query, analyze, options);
                            }));
  return std::pair(std::move(explanation.text), explanation.json.Dump());
}

void BindScan(nb::module_& module) {
  nb::class_<BatchStream>(module, "BatchStream", "The rows of one scan, read once.")
      .def(
          "__arrow_c_stream__", [](BatchStream& self, nb::handle) { return self.Export(); },
          nb::arg("requested_schema") = nb::none())
      .def("__arrow_c_schema__", [](BatchStream& self) { return ExportSchema(*self.schema()); })
      .def("schema", [](const BatchStream& self) { return RowSchema{self.schema()}; })
      .def("read_all", &BatchStream::ReadAll, nb::kw_only(), nb::arg("as_views") = false,
           "The rows that are left; as views, text is as Polars has it.")
      .def("next_batch", &BatchStream::Next, "The next batch, None at the end.")
      .def("close", &BatchStream::Close, "Stops the scan; batches handed out stay.")
      .def(
          "counters",
          [](const BatchStream& self) {
            return CountersToDict(*self.operation().context.counters);
          },
          "What the scan did so far, by name.")
      .def(
          "cancel",
          [](BatchStream& self) { CancelToken(self.operation().context.cancel).Cancel(); },
          "Cancels the scan from any thread; reading then raises CancelledError.");
}

void BindExecutor(nb::module_& module) {
  module.def("num_threads", [] { return Executor::Process().num_cpu_threads(); });
  module.def("num_io_threads", [] { return Executor::Process().num_io_threads(); });
  module.def(
      "num_tasks", [] { return Executor::Process().num_tasks(); },
      "Tasks of the engine that are queued or running.");
}

}  // namespace iceframe::python
