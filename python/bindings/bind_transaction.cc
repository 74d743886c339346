// SPDX-License-Identifier: Apache-2.0
// Transaction: changes of one table in one commit, for Python.
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <arrow/record_batch.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include "iceframe/all_settings.h"
#include "iceframe/execution/check_table_properties.h"
#include "iceframe/execution/transaction_writes.h"
#include "iceframe/session.h"
#include "iceframe/table/schema_sync.h"
#include "iceframe/table/transaction.h"
#include "iceframe/types/schema_json.h"

#include "bindings.h"
#include "casters/arrow_capsule.h"
#include "casters/result.h"
#include "changes.h"
#include "engine_call.h"
#include "row_input.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

using TablePtr = std::shared_ptr<const Table>;
// (column, transform, descending, nulls first)
using SortTuple = std::tuple<std::string, std::string, bool, std::optional<bool>>;

// What the classes for Python hold.
template <typename Change>
auto Unpacked(const std::vector<Change>& changes) {
  std::vector<decltype(Change::change)> unpacked;
  for (const Change& change : changes) unpacked.push_back(change.change);
  return unpacked;
}

// A transaction with the session that its operations belong to.
class PyTransaction {
 public:
  static Result<std::shared_ptr<PyTransaction>> Begin(const std::shared_ptr<Session>& session,
                                                      const TableArgument& table) {
    TablePtr loaded;
    const Operation operation = MakeOperation(session->NewOperation());
    if (const auto* given = std::get_if<TablePtr>(&table)) {
      loaded = *given;
    } else {
      ICEFRAME_ASSIGN_OR_RETURN(loaded, RunCall<TablePtr>(operation, [&](CallerThread&) {
                                  return session->LoadTable(operation.context,
                                                            std::get<std::string>(table));
                                }));
    }
    return std::shared_ptr<PyTransaction>(
        new PyTransaction(session, operation.context, std::move(loaded)));
  }

  const TableMetadata& metadata() const { return *transaction_.table()->metadata(); }
  TablePtr table() const { return transaction_.table(); }

  std::vector<int64_t> SnapshotIds() const {
    std::vector<int64_t> ids;
    for (const SnapshotId id : transaction_.snapshot_ids()) ids.push_back(id.value());
    return ids;
  }

  Status UpdateSchema(const std::vector<PySchemaChange>& changes) {
    return Run([&](const OperationContext& context) {
      return transaction_.UpdateSchema(context, Unpacked(changes));
    });
  }

  /// The schema after the changes; nothing is changed.
  Result<std::shared_ptr<const Schema>> ChangedSchema(
      const std::vector<PySchemaChange>& changes) const {
    FieldId last_column_id = metadata().last_column_id;
    return ChangeSchema(metadata().current_schema(), Unpacked(changes), metadata().format_version,
                        &last_column_id);
  }

  Status Check() const { return transaction_.CheckOpen(); }
  bool is_over() const { return !Check().ok(); }

  Status UpdateSpec(const std::vector<PyPartitionSpecChange>& changes) {
    return Run([&](const OperationContext& context) {
      return transaction_.UpdatePartitionSpec(context, Unpacked(changes));
    });
  }

  Status CheckSpec(const std::vector<PyPartitionSpecChange>& changes) const {
    return ChangePartitionSpec(metadata(), Unpacked(changes)).status();
  }

  Status UpdateSortOrder(const std::vector<SortTuple>& columns) {
    std::vector<SortBy> sort_by;
    for (const auto& [column, transform, descending, nulls_first] : columns) {
      sort_by.push_back({column, transform, descending, nulls_first});
    }
    return Run([&](const OperationContext& context) {
      return transaction_.UpdateSortOrder(context, sort_by);
    });
  }

  Status UpdateProperties(Properties updates, std::vector<std::string> removals) {
    ICEFRAME_RETURN_NOT_OK(
        CheckTableProperties(*metadata().current_schema(), updates, AllSettings()));
    return Run([&](const OperationContext& context) {
      return transaction_.UpdateProperties(context, std::move(updates), std::move(removals));
    });
  }

  Status ManageRefs(const PyRefChange& change) {
    return Run([&](const OperationContext& context) {
      return transaction_.ManageRefs(context, change.change);
    });
  }

  Result<WriteReport> Append(nb::handle data, std::string branch, Properties summary) {
    const Operation operation = MakeOperation(session_->NewOperation());
    ICEFRAME_ASSIGN_OR_RETURN(const auto reader, OpenRows(data, operation));
    const CommitOptions options = ToCommitOptions(std::move(branch), std::move(summary));
    return RunCall<WriteReport>(operation, [&](CallerThread& caller) {
      const auto rows = ReadOnCaller(reader, caller);
      return AppendRows(operation.context, transaction_, *rows, options);
    });
  }

  Result<WriteReport> Overwrite(nb::handle data, FilterArgument filter,
                                bool allow_rows_outside_filter, std::string branch,
                                Properties summary) {
    ICEFRAME_ASSIGN_OR_RETURN(const Expression expression, ToFilter(std::move(filter)));
    const Operation operation = MakeOperation(session_->NewOperation());
    ICEFRAME_ASSIGN_OR_RETURN(const auto reader, OpenRows(data, operation));
    OverwriteOptions options(ToCommitOptions(std::move(branch), std::move(summary)));
    options.allow_rows_outside_filter = allow_rows_outside_filter;
    return RunCall<WriteReport>(operation, [&](CallerThread& caller) {
      const auto rows = ReadOnCaller(reader, caller);
      return OverwriteRows(operation.context, transaction_, *rows, expression, options);
    });
  }

  Result<WriteReport> Delete(FilterArgument filter, std::string branch, Properties summary) {
    ICEFRAME_ASSIGN_OR_RETURN(const Expression expression, ToFilter(std::move(filter)));
    const CommitOptions options = ToCommitOptions(std::move(branch), std::move(summary));
    const Operation operation = MakeOperation(session_->NewOperation());
    return RunCall<WriteReport>(operation, [&](CallerThread&) {
      return DeleteRows(operation.context, transaction_, expression, options);
    });
  }

  /// (attempts, whether the answer was lost and looked up)
  Result<std::pair<int, bool>> Commit() {
    const Operation operation = MakeOperation(session_->NewOperation());
    CommitWatch watch;
    CommitReport report;
    const std::string name = table()->identifier().ToString();
    const CallWork work = [&](CallerThread&) -> Status {
      return transaction_.Commit(operation.context, &watch).Value(&report);
    };
    const auto note = [&](const Status& status) -> std::string {
      if (KindOf(status) == ErrorKind::kCommitStateUnknown) {
        return "the state of the commit is unknown: " + status.message();
      }
      if (!status.ok()) return "nothing was committed to " + name;
      return "the transaction on " + name + " was committed before";
    };
    ICEFRAME_RETURN_NOT_OK(RunCommit(operation, watch, work, note));
    return std::pair(report.num_attempts, report.was_reconciled);
  }

  void Abort() {
    const nb::gil_scoped_release no_gil;
    transaction_.Abort();
  }

 private:
  static CommitOptions ToCommitOptions(std::string branch, Properties summary) {
    CommitOptions options;
    options.branch = std::move(branch);
    options.summary = std::move(summary);
    return options;
  }

  // Rows of Python are read by the schema that the changes so far leave.
  Result<std::shared_ptr<arrow::RecordBatchReader>> OpenRows(nb::handle data,
                                                             const Operation& operation) const {
    return OpenInput(data, operation, [this]() -> Result<std::shared_ptr<const Schema>> {
      return metadata().current_schema();
    });
  }

  PyTransaction(std::shared_ptr<Session> session, const OperationContext& context, TablePtr table)
      : session_(std::move(session)), transaction_(context, std::move(table)) {}

  template <typename Call>
  Status Run(const Call& call) {
    const Operation operation = MakeOperation(session_->NewOperation());
    return RunCall(operation, CallWork([&](CallerThread&) { return call(operation.context); }));
  }

  const std::shared_ptr<Session> session_;
  Transaction transaction_;
};

// (changes, added, updated, dropped)
using SyncTuple = std::tuple<std::vector<PySchemaChange>, std::vector<std::string>,
                             std::vector<std::string>, std::vector<std::string>>;

Result<SyncTuple> SchemaSyncTo(const PyTransaction& self, const std::vector<PySchemaChange>& before,
                               nb::handle wanted, bool drops_columns) {
  const int32_t format_version = self.metadata().format_version;
  ICEFRAME_ASSIGN_OR_RETURN(const auto schema, ToTableSchema(wanted, format_version));
  ICEFRAME_ASSIGN_OR_RETURN(const auto current, self.ChangedSchema(before));
  ICEFRAME_ASSIGN_OR_RETURN(SchemaSync sync,
                            SyncSchema(*current, schema->fields(), format_version, drops_columns));
  std::vector<PySchemaChange> changes;
  for (SchemaChange& change : sync.changes) changes.push_back({std::move(change)});
  return SyncTuple(std::move(changes), std::move(sync.added), std::move(sync.updated),
                   std::move(sync.dropped));
}

}  // namespace

void BindTransaction(nb::module_& module) {
  nb::class_<PyTransaction>(module, "Transaction", "Changes of one table, in one commit.")
      .def_static("begin", &PyTransaction::Begin, nb::arg("session"), nb::arg("table"))
      .def("table", &PyTransaction::table, "The table as the changes so far would leave it.")
      .def("snapshot_ids", &PyTransaction::SnapshotIds)
      .def("check", &PyTransaction::Check, "Raises once it has ended.")
      .def("is_over", &PyTransaction::is_over)
      .def("update_schema", &PyTransaction::UpdateSchema, nb::arg("changes"))
      .def(
          "changed_schema",
          [](const PyTransaction& self,
             const std::vector<PySchemaChange>& changes) -> Result<std::string> {
            ICEFRAME_ASSIGN_OR_RETURN(const auto schema, self.ChangedSchema(changes));
            return SchemaToJson(*schema).Dump();
          },
          nb::arg("changes"), "The schema after the changes, as JSON; nothing is changed.")
      .def("schema_sync", &SchemaSyncTo, nb::arg("before"), nb::arg("schema"),
           nb::arg("drops_columns"), "(changes, added, updated, dropped)")
      .def("check_spec", &PyTransaction::CheckSpec, nb::arg("changes"))
      .def("update_spec", &PyTransaction::UpdateSpec, nb::arg("changes"))
      .def("update_sort_order", &PyTransaction::UpdateSortOrder, nb::arg("columns"))
      .def("update_properties", &PyTransaction::UpdateProperties, nb::arg("updates"),
           nb::arg("removals"))
      .def("manage_refs", &PyTransaction::ManageRefs, nb::arg("change"))
      .def("append", &PyTransaction::Append, nb::arg("data"), nb::kw_only(), nb::arg("branch"),
           nb::arg("summary"))
      .def("overwrite", &PyTransaction::Overwrite, nb::arg("data"), nb::kw_only(),
           nb::arg("filter").none(), nb::arg("allow_rows_outside_filter"), nb::arg("branch"),
           nb::arg("summary"))
      .def("delete", &PyTransaction::Delete, nb::kw_only(), nb::arg("filter").none(),
           nb::arg("branch"), nb::arg("summary"))
      .def("commit", &PyTransaction::Commit, "(attempts, whether the answer was lost)")
      .def("abort", &PyTransaction::Abort);
}

}  // namespace iceframe::python
