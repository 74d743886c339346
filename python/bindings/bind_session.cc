// SPDX-License-Identifier: Apache-2.0
// Session: the engine's front door for Python.
#include <memory>
#include <mutex>
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
#include <nanobind/stl/vector.h>

#include "iceframe/expression/parse_expression.h"
#include "iceframe/session.h"
#include "iceframe/types/arrow_schema.h"

#include "bindings.h"
#include "casters/arrow_capsule.h"
#include "casters/result.h"
#include "interruptible.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

using TablePtr = std::shared_ptr<const Table>;

// The first error of a stream: Arrow's protocol hands on its text alone.
struct StreamError {
  std::mutex mutex;
  Status status;
};

class RememberingReader final : public arrow::RecordBatchReader {
 public:
  RememberingReader(std::shared_ptr<arrow::RecordBatchReader> reader,
                    std::shared_ptr<StreamError> error)
      : reader_(std::move(reader)), error_(std::move(error)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return reader_->schema(); }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    Status status = reader_->ReadNext(batch);
    if (!status.ok()) {
      std::lock_guard lock(error_->mutex);
      if (error_->status.ok()) error_->status = status;
    }
    return status;
  }

  Status Close() override { return reader_->Close(); }

 private:
  std::shared_ptr<arrow::RecordBatchReader> reader_;
  std::shared_ptr<StreamError> error_;
};

// A scan's batches: read once, through the Arrow stream protocol.
struct BatchStream {
  std::shared_ptr<arrow::RecordBatchReader> reader;
  OperationContext context;
  std::shared_ptr<StreamError> error = std::make_shared<StreamError>();
};

Result<Expression> ParseFilter(const std::optional<std::string>& filter) {
  if (!filter) return True();
  return ParseExpression(*filter);
}

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

Result<std::shared_ptr<Session>> OpenSession(Properties catalog, Properties settings) {
  SessionOptions options;
  options.catalog = std::move(catalog);
  options.settings = std::move(settings);
  nb::gil_scoped_release nogil;
  return Session::Open(std::move(options));
}

struct NewTableArguments {
  std::vector<std::pair<std::string, std::string>> partition_by;
  std::vector<std::tuple<std::string, std::string, bool, std::optional<bool>>> sort_by;
};

CreateTableOptions ToOptions(const NewTableArguments& arguments) {
  CreateTableOptions options;
  options.partition_by = arguments.partition_by;
  for (const auto& [column, transform, descending, nulls_first] : arguments.sort_by) {
    options.sort_by.push_back({column, transform, descending, nulls_first});
  }
  return options;
}

Result<TablePtr> CreateTable(
    Session& session, const std::string& name, nb::handle schema,
    std::vector<std::pair<std::string, std::string>> partition_by,
    std::vector<std::tuple<std::string, std::string, bool, std::optional<bool>>> sort_by,
    Properties properties, std::string location, int format_version) {
  ICEFRAME_ASSIGN_OR_RETURN(auto arrow_schema, ImportSchema(schema));
  CreateTableOptions options = ToOptions({std::move(partition_by), std::move(sort_by)});
  options.properties = std::move(properties);
  options.location = std::move(location);
  options.format_version = format_version;
  OperationContext context = session.NewOperation();
  return RunInterruptibly<TablePtr>(context.cancel, [&]() -> Result<TablePtr> {
    ICEFRAME_ASSIGN_OR_RETURN(auto fields, FromArrowSchema(*arrow_schema, format_version));
    ICEFRAME_ASSIGN_OR_RETURN(auto table_schema, Schema::Make(SchemaId(0), std::move(fields)));
    return session.CreateTable(context, name, table_schema, options);
  });
}

Result<WriteReport> Append(Session& session, const std::string& name, nb::handle data,
                           const std::string& branch, Properties summary) {
  ICEFRAME_ASSIGN_OR_RETURN(auto reader, ImportStream(data));
  CommitOptions options;
  options.branch = branch;
  options.summary = std::move(summary);
  OperationContext context = session.NewOperation();
  return RunInterruptibly<WriteReport>(
      context.cancel, [&] { return session.Append(context, name, *reader, options); });
}

Result<WriteReport> Overwrite(Session& session, const std::string& name, nb::handle data,
                              const std::optional<std::string>& filter, const std::string& branch,
                              Properties summary) {
  ICEFRAME_ASSIGN_OR_RETURN(auto reader, ImportStream(data));
  ICEFRAME_ASSIGN_OR_RETURN(auto expression, ParseFilter(filter));
  CommitOptions options;
  options.branch = branch;
  options.summary = std::move(summary);
  OperationContext context = session.NewOperation();
  return RunInterruptibly<WriteReport>(context.cancel, [&] {
    return session.Overwrite(context, name, *reader, expression, options);
  });
}

Result<BatchStream> Scan(Session& session, const std::string& name,
                         std::optional<std::vector<std::string>> columns,
                         const std::optional<std::string>& filter, std::optional<int64_t> limit,
                         std::optional<int64_t> snapshot_id, std::optional<int64_t> as_of_timestamp,
                         std::optional<std::string> ref, bool ordered, int64_t batch_rows) {
  ScanOptions options;
  options.columns = std::move(columns);
  ICEFRAME_ASSIGN_OR_RETURN(options.filter, ParseFilter(filter));
  options.limit = limit;
  if (snapshot_id) options.version.snapshot_id = SnapshotId(*snapshot_id);
  options.version.as_of_timestamp_ms = as_of_timestamp;
  options.version.ref = std::move(ref);
  options.ordered = ordered;
  options.batch_rows = batch_rows;
  OperationContext context = session.NewOperation();
  using Reader = std::shared_ptr<arrow::RecordBatchReader>;
  ICEFRAME_ASSIGN_OR_RETURN(auto reader, RunInterruptibly<Reader>(context.cancel, [&] {
                              return session.Scan(context, name, options);
                            }));
  return BatchStream{std::move(reader), std::move(context)};
}

using CountsByName = nb::typed<nb::dict, nb::str, int64_t>;

CountsByName CountersToDict(const OperationCounters& counters) {
  nb::dict dict;
  for (int i = 0; i < static_cast<int>(OperationCount::kNumCounts); ++i) {
    const auto count = static_cast<OperationCount>(i);
    const std::string_view name = ToString(count);
    dict[nb::str(name.data(), name.size())] = counters.Get(count);
  }
  return dict;
}

// Runs a short call of the session without the GIL.
template <typename Call>
auto Run(const Session& session, const Call& call)
    -> decltype(call(std::declval<const OperationContext&>())) {
  using R = decltype(call(std::declval<const OperationContext&>()));
  OperationContext context = session.NewOperation();
  if constexpr (std::is_same_v<R, Status>) {
    return RunInterruptibly(context.cancel, std::function<Status()>([&] { return call(context); }));
  } else {
    using T = typename R::ValueType;
    return RunInterruptibly<T>(context.cancel, [&] { return call(context); });
  }
}

}  // namespace

void BindSession(nb::module_& module) {
  BindWriteReport(module);
  nb::class_<BatchStream>(module, "BatchStream")
      .def(
          "__arrow_c_stream__",
          [](BatchStream& self, nb::handle) -> Result<nb::object> {
            if (self.reader == nullptr) {
              return Error(ErrorKind::kInvalidArgument, "the stream was read already; scan again");
            }
            auto reader = std::make_shared<RememberingReader>(std::move(self.reader), self.error);
            return ExportStream(std::move(reader), self.context.cancel);
          },
          nb::arg("requested_schema") = nb::none())
      .def("__arrow_c_schema__",
           [](BatchStream& self) -> Result<nb::object> {
             if (self.reader == nullptr) {
               return Error(ErrorKind::kInvalidArgument, "the stream was read already; scan again");
             }
             return ExportSchema(*self.reader->schema());
           })
      .def(
          "raise_error",
          [](const BatchStream& self) -> Status {
            std::lock_guard lock(self.error->mutex);
            return self.error->status;
          },
          "Raises what ended the stream early, if anything did, as the engine's own error.")
      .def("counters",
           [](const BatchStream& self) { return CountersToDict(*self.context.counters); })
      .def("cancel", [](BatchStream& self) { self.context.cancel.Cancel(); });

  nb::class_<Session>(module, "Session")
      .def_static("open", &OpenSession, nb::arg("catalog"), nb::arg("settings"))
      .def("__repr__", [](const Session& self) { return self.ToString(); })
      .def("create_table", &CreateTable, nb::arg("name"), nb::arg("schema"), nb::kw_only(),
           nb::arg("partition_by"), nb::arg("sort_by"), nb::arg("properties"), nb::arg("location"),
           nb::arg("format_version"))
      .def("append", &Append, nb::arg("name"), nb::arg("data"), nb::kw_only(), nb::arg("branch"),
           nb::arg("summary"))
      .def("overwrite", &Overwrite, nb::arg("name"), nb::arg("data"), nb::kw_only(),
           nb::arg("filter").none(), nb::arg("branch"), nb::arg("summary"))
      .def("scan", &Scan, nb::arg("name"), nb::kw_only(), nb::arg("columns").none(),
           nb::arg("filter").none(), nb::arg("limit").none(), nb::arg("snapshot_id").none(),
           nb::arg("as_of_timestamp").none(), nb::arg("ref").none(), nb::arg("ordered"),
           nb::arg("batch_rows"))
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
             return Run(self, [&](const auto& context) {
               return self.catalog()->CreateNamespace(context, name_space, properties);
             });
           })
      .def("drop_namespace",
           [](Session& self, const Namespace& name_space) {
             return Run(self, [&](const auto& context) {
               return self.catalog()->DropNamespace(context, name_space);
             });
           })
      .def("list_namespaces",
           [](Session& self, const Namespace& parent) {
             return Run(self, [&](const auto& context) {
               return self.catalog()->ListNamespaces(context, parent);
             });
           })
      .def("load_namespace_properties", [](Session& self, const Namespace& name_space) {
        return Run(self, [&](const auto& context) {
          return self.catalog()->LoadNamespaceProperties(context, name_space);
        });
      });
}

}  // namespace iceframe::python
