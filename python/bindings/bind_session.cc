// SPDX-License-Identifier: Apache-2.0
// Session: the engine's front door for Python.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include "iceframe/base/json.h"
#include "iceframe/expression/parse_expression.h"
#include "iceframe/operation_kinds.h"
#include "iceframe/runtime/configure_executor.h"
#include "iceframe/runtime/running_operation.h"
#include "iceframe/session.h"
#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/schema_json.h"

#include "batch_stream.h"
#include "bindings.h"
#include "casters/arrow_capsule.h"
#include "casters/result.h"
#include "engine_call.h"
#include "python_log.h"
#include "row_input.h"

namespace nb = nanobind;

namespace iceframe::python {

Result<std::shared_ptr<const Schema>> ToTableSchema(nb::handle schema, int format_version) {
  std::vector<NestedField> fields;
  if (nb::isinstance<nb::str>(schema)) {
    ICEFRAME_ASSIGN_OR_RETURN(const Json json, Json::Parse(nb::cast<std::string>(schema)));
    ICEFRAME_ASSIGN_OR_RETURN(const Type row, TypeFromJson(json));
    fields = row.fields();
    const bool has_ids = !fields.empty() && fields[0].id > 0;
    if (has_ids) return SchemaFromJson(json);
    fields = AssignFreshIds(fields);
  } else {
    ICEFRAME_ASSIGN_OR_RETURN(const auto arrow_schema, ImportSchema(schema));
    ICEFRAME_ASSIGN_OR_RETURN(fields, FromArrowSchema(*arrow_schema, format_version));
  }
  return Schema::Make(SchemaId(0), std::move(fields));
}

namespace {

using TablePtr = std::shared_ptr<const Table>;

std::string ReportToString(const WriteReport& report) {
  const std::string id = report.snapshot_id ? std::to_string(report.snapshot_id->value()) : "None";
  return "WriteReport(snapshot_id=" + id + ", num_rows=" + std::to_string(report.num_rows) +
         ", num_files=" + std::to_string(report.num_files) +
         ", num_bytes=" + std::to_string(report.num_bytes) +
         ", num_deleted_files=" + std::to_string(report.num_deleted_files) + ")";
}

void BindWriteReport(nb::module_& module) {
  nb::class_<WriteReport>(module, "WriteReport", "What one write did.")
      .def_prop_ro(
          "snapshot_id",
          [](const WriteReport& self) -> std::optional<int64_t> {
            if (!self.snapshot_id) return std::nullopt;
            return self.snapshot_id->value();
          },
          "The new snapshot, None if there was nothing to write.")
      .def_ro("num_rows", &WriteReport::num_rows, "Rows written.")
      .def_ro("num_files", &WriteReport::num_files, "Data files written.")
      .def_ro("num_bytes", &WriteReport::num_bytes, "Bytes of those files.")
      .def_ro("num_deleted_files", &WriteReport::num_deleted_files,
              "Data files that the snapshot removed from the table.")
      .def("__repr__", &ReportToString);
}

Result<std::shared_ptr<Session>> OpenSession(Properties catalog, Properties settings,
                                             std::shared_ptr<MemoryBudget> memory,
                                             std::shared_ptr<QueryCache> query_cache,
                                             std::optional<int> pool_size, bool connect) {
  SessionOptions options;
  options.catalog = std::move(catalog);
  options.settings = std::move(settings);
  options.query_cache = std::move(query_cache);
  options.pool_size = pool_size;
  options.connect = connect;
  options.log = PythonLogSink();
  options.memory = std::move(memory);
  const Operation operation = MakeOperation(OperationContext());
  options.cancel = operation.context.cancel;
  return RunCall<std::shared_ptr<Session>>(
      operation, [&](CallerThread&) { return Session::Open(std::move(options)); });
}

using SortColumns = std::vector<std::tuple<std::string, std::string, bool, std::optional<bool>>>;

// `request`: partition_by, sort_by, properties, location, format_version, exist_ok.
Result<TablePtr> CreateTable(Session& session, const std::string& name, nb::handle schema,
                             const OptionMap& request) {
  std::vector<std::pair<std::string, std::string>> partition_by;
  SortColumns sort_by;
  CreateTableOptions options;
  OptionReader reader(request);
  reader.Take("partition_by", partition_by);
  reader.Take("sort_by", sort_by);
  reader.Take("properties", options.properties);
  reader.Take("location", options.location);
  reader.Take("format_version", options.format_version);
  reader.Take("exist_ok", options.exist_ok);
  ICEFRAME_RETURN_NOT_OK(reader.Finish());
  for (const auto& [column, transform] : partition_by) {
    options.partition_by.push_back({column, transform});
  }
  for (const auto& [column, transform, descending, nulls_first] : sort_by) {
    options.sort_by.push_back({column, transform, descending, nulls_first});
  }
  ICEFRAME_ASSIGN_OR_RETURN(auto table_schema, ToTableSchema(schema, options.format_version));
  const Operation operation = MakeOperation(session.NewOperation());
  return RunCall<TablePtr>(operation, [&](CallerThread&) {
    return session.CreateTable(operation.context, name, table_schema, options);
  });
}

// Rows of Python are read by the schema that the table has now.
Result<std::shared_ptr<arrow::RecordBatchReader>> OpenRows(Session& session,
                                                           const std::string& name, nb::handle data,
                                                           const Operation& operation) {
  return OpenInput(data, operation, [&]() -> Result<std::shared_ptr<const Schema>> {
    ICEFRAME_ASSIGN_OR_RETURN(const TablePtr table,
                              RunCall<TablePtr>(operation, [&](CallerThread&) {
                                return session.LoadTable(operation.context, name);
                              }));
    return table->metadata()->current_schema();
  });
}

using Write = std::function<Result<WriteReport>(CallerThread&, const CommitOptions&)>;

// Begins the operation that all calls of a write are part of.
RunningOperation BeginWrite(OperationKind kind, const std::string& name, Operation* operation) {
  const nb::gil_scoped_release released;
  RunningOperation running =
      RunningOperation::Begin(operation->context, kind, {Session::FullTableName(name)});
  operation->context = running.context();
  return running;
}

// Ends it: an exception that stopped it is an error, what ends more than the call is a cancel.
void EndWrite(RunningOperation* running, Status status) {
  const bool is_raised = PyErr_Occurred() != nullptr && PyErr_ExceptionMatches(PyExc_Exception);
  if (is_raised && KindOf(status) == ErrorKind::kCancelled) {
    status = Status::UnknownError("an exception was raised");
  }
  const nb::gil_scoped_release released;
  running->End(status);
}

// Runs a write; `name` is the table's for what Ctrl-C says of the commit.
Result<WriteReport> RunWrite(const Operation& operation, CommitOptions options,
                             const std::string& name, const Write& write,
                             RunningOperation* running) {
  options.watch = std::make_shared<CommitWatch>();
  WriteReport report;
  std::optional<Status> written;
  const CallWork work = [&](CallerThread& caller) -> Status {
    written = write(caller, options).Value(&report);
    // Here, since the caller may not come back where the process exits.
    if (KindOf(*written) != ErrorKind::kCancelled) running->End(*written);
    return *written;
  };
  const auto note = [&](const Status& status) -> std::string {
    if (KindOf(status) == ErrorKind::kCommitStateUnknown) {
      return "the state of the commit is unknown: " + status.message();
    }
    if (!status.ok() || !report.snapshot_id) return "nothing was committed to " + name;
    return "the commit to " + name + " landed before: snapshot " +
           std::to_string(report.snapshot_id->value());
  };
  const Status status = RunCommit(operation, *options.watch, work, note);
  EndWrite(running, written.value_or(status));
  if (!status.ok()) return status;
  return report;
}

Result<WriteReport> Append(Session& session, const std::string& name, nb::handle data,
                           const std::string& branch, Properties summary, nb::object progress) {
  CommitOptions options;
  options.branch = branch;
  options.summary = std::move(summary);
  Operation operation = MakeOperation(session.NewOperation(), std::move(progress));
  RunningOperation running = BeginWrite(kAppendOperation, name, &operation);
  const auto reader = OpenRows(session, name, data, operation);
  if (!reader.ok()) {
    EndWrite(&running, reader.status());
    return reader.status();
  }
  return RunWrite(
      operation, std::move(options), name,
      [&](CallerThread& caller, const CommitOptions& watched) {
        const auto rows = ReadOnCaller(*reader, caller);
        return session.Append(operation.context, name, *rows, watched);
      },
      &running);
}

// `request`: filter, allow_rows_outside_filter, branch, summary.
Result<WriteReport> Overwrite(Session& session, const std::string& name, nb::handle data,
                              const OptionMap& request, nb::object progress) {
  FilterArgument filter;
  OverwriteOptions options;
  OptionReader given(request);
  given.Take("filter", filter);
  given.Take("allow_rows_outside_filter", options.allow_rows_outside_filter);
  given.Take("branch", options.branch);
  given.Take("summary", options.summary);
  ICEFRAME_RETURN_NOT_OK(given.Finish());
  ICEFRAME_ASSIGN_OR_RETURN(auto expression, ToFilter(std::move(filter)));
  Operation operation = MakeOperation(session.NewOperation(), std::move(progress));
  RunningOperation running = BeginWrite(kOverwriteOperation, name, &operation);
  const auto reader = OpenRows(session, name, data, operation);
  if (!reader.ok()) {
    EndWrite(&running, reader.status());
    return reader.status();
  }
  return RunWrite(
      operation, options, name,
      [&](CallerThread& caller, const CommitOptions& watched) {
        const auto rows = ReadOnCaller(*reader, caller);
        OverwriteOptions overwrite(watched);
        overwrite.allow_rows_outside_filter = options.allow_rows_outside_filter;
        return session.Overwrite(operation.context, name, *rows, expression, overwrite);
      },
      &running);
}

// What no int holds is out of bounds either way.
std::optional<int> ToInt(std::optional<int64_t> number) {
  constexpr int64_t kMax = std::numeric_limits<int>::max();
  if (!number) return std::nullopt;
  return static_cast<int>(std::clamp(*number, -kMax, kMax));
}

// Runs a short call of the session without the GIL.
template <typename Call>
auto Run(const Session& session, const Call& call)
    -> decltype(call(std::declval<const OperationContext&>())) {
  using R = decltype(call(std::declval<const OperationContext&>()));
  const Operation operation = MakeOperation(session.NewOperation());
  if constexpr (std::is_same_v<R, Status>) {
    return RunCall(operation, CallWork([&](CallerThread&) { return call(operation.context); }));
  } else {
    using T = typename R::ValueType;
    return RunCall<T>(operation, [&](CallerThread&) { return call(operation.context); });
  }
}

// As Run, for a call of the catalog: the session's own are operations already.
template <typename Call>
auto RunOnNamespaces(const Session& session, const Call& call) {
  return Run(session, [&](const OperationContext& context) {
    return RunOperation(context, kNamespaceOperation, {}, call);
  });
}

}  // namespace

void BindSession(nb::module_& module) {
  BindWriteReport(module);
  module.def(
      "configure_executor",
      [](std::optional<int64_t> num_threads, std::optional<int64_t> num_io_threads) {
        return ConfigureExecutor(
            {.num_threads = ToInt(num_threads), .num_io_threads = ToInt(num_io_threads)});
      },
      nb::arg("num_threads").none(), nb::arg("num_io_threads").none());
  nb::class_<Session>(module, "Session")
      .def_static("open", &OpenSession, nb::arg("catalog"), nb::arg("settings"),
                  nb::arg("memory").none(), nb::arg("query_cache").none(),
                  nb::arg("pool_size").none(), nb::arg("connect"))
      .def("__repr__", [](const Session& self) { return self.ToString(); })
      .def("catalog_name", [](const Session& self) { return self.catalog()->name(); })
      .def("create_table", &CreateTable, nb::arg("name"), nb::arg("schema"), nb::arg("request"))
      .def("append", &Append, nb::arg("name"), nb::arg("data"), nb::kw_only(), nb::arg("branch"),
           nb::arg("summary"), nb::arg("progress").none())
      .def("overwrite", &Overwrite, nb::arg("name"), nb::arg("data"), nb::arg("request"),
           nb::kw_only(), nb::arg("progress").none())
      .def("scan", &Scan, nb::arg("table"), nb::arg("request"), nb::kw_only(),
           nb::arg("progress").none())
      .def("count_rows", &CountRows, nb::arg("table"), nb::arg("request"))
      .def("execute", &Execute, nb::arg("query"), nb::kw_only(), nb::arg("disabled_rules"),
           nb::arg("progress").none())
      .def("execute_prepared", &ExecutePrepared, nb::arg("query"), nb::kw_only(),
           nb::arg("progress").none())
      .def("find_kept", &FindKept, nb::arg("query"),
           "The answer if it is kept; None: execute_prepared finds out.")
      .def("explain", &Explain, nb::arg("query"), nb::kw_only(), nb::arg("analyze"),
           nb::arg("disabled_rules"), nb::arg("prepared").none(),
           "The explanation as text and as JSON.")
      .def("memory", &Session::memory, "The budget of all its operations.")
      .def("memory_used_bytes", [](const Session& self) { return self.memory()->used_bytes(); })
      .def("memory_peak_bytes", [](const Session& self) { return self.memory()->peak_bytes(); })
      .def("memory_limit_bytes", [](const Session& self) { return self.memory()->limit_bytes(); })
      .def("load_table",
           [](Session& self, const std::string& name) {
             return Run(self, [&](const auto& context) { return self.LoadTable(context, name); });
           })
      .def("table_exists",
           [](Session& self, const std::string& name) {
             return Run(self, [&](const auto& context) { return self.TableExists(context, name); });
           })
      .def(
          "drop_table",
          [](Session& self, const std::string& name, bool purge) {
            return Run(self,
                       [&](const auto& context) { return self.DropTable(context, name, purge); });
          },
          nb::arg("name"), nb::arg("purge"))
      .def("rename_table",
           [](Session& self, const std::string& from, const std::string& to) {
             return Run(self,
                        [&](const auto& context) { return self.RenameTable(context, from, to); });
           })
      .def("register_table",
           [](Session& self, const std::string& name, const std::string& metadata_location) {
             return Run(self, [&](const auto& context) {
               return self.RegisterTable(context, name, metadata_location);
             });
           })
      .def("list_tables",
           [](Session& self, const std::string& name_space) {
             return Run(self,
                        [&](const auto& context) { return self.ListTables(context, name_space); });
           })
      .def("create_namespace",
           [](Session& self, const Namespace& name_space, const Properties& properties) {
             return RunOnNamespaces(self, [&](const auto& context) {
               return self.catalog()->CreateNamespace(context, name_space, properties);
             });
           })
      .def("drop_namespace",
           [](Session& self, const Namespace& name_space) {
             return RunOnNamespaces(self, [&](const auto& context) {
               return self.catalog()->DropNamespace(context, name_space);
             });
           })
      .def("list_namespaces",
           [](Session& self, const Namespace& parent) {
             return RunOnNamespaces(self, [&](const auto& context) {
               return self.catalog()->ListNamespaces(context, parent);
             });
           })
      .def("update_namespace_properties",
           [](Session& self, const Namespace& name_space, const std::vector<std::string>& removals,
              const Properties& updates) {
             return RunOnNamespaces(self, [&](const auto& context) {
               return self.catalog()->UpdateNamespaceProperties(context, name_space, updates,
                                                                removals);
             });
           })
      .def("load_namespace_properties", [](Session& self, const Namespace& name_space) {
        return RunOnNamespaces(self, [&](const auto& context) {
          return self.catalog()->LoadNamespaceProperties(context, name_space);
        });
      });
}

}  // namespace iceframe::python
