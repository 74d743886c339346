// SPDX-License-Identifier: Apache-2.0
// Several catalogs under names, and unions of their tables.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include "iceframe/catalog_federation.h"

#include "bindings.h"
#include "casters/result.h"
#include "engine_call.h"
#include "python_log.h"
#include "rows.h"
#include "text_views.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

using FederationPtr = std::shared_ptr<CatalogFederation>;
using SessionPtr = std::shared_ptr<Session>;
/// (catalog, table)
using TablePair = std::pair<std::string, std::string>;

SessionOptions ToSessionOptions(Properties catalog, Properties settings,
                                std::shared_ptr<MemoryBudget> memory,
                                std::shared_ptr<QueryCache> query_cache) {
  SessionOptions options;
  options.catalog = std::move(catalog);
  options.settings = std::move(settings);
  options.log = PythonLogSink();
  options.memory = std::move(memory);
  options.query_cache = std::move(query_cache);
  return options;
}

Result<FederationPtr> MakeFederation(Properties settings, std::shared_ptr<MemoryBudget> memory,
                                     std::shared_ptr<QueryCache> query_cache) {
  return CatalogFederation::Make(
      ToSessionOptions({}, std::move(settings), std::move(memory), std::move(query_cache)));
}

Status AddCatalog(CatalogFederation& self, const std::string& name, Properties catalog,
                  Properties settings, std::shared_ptr<MemoryBudget> memory,
                  std::shared_ptr<QueryCache> query_cache) {
  return self.AddCatalog(name, ToSessionOptions(std::move(catalog), std::move(settings),
                                                std::move(memory), std::move(query_cache)));
}

Result<SessionPtr> GetCatalog(CatalogFederation& self, const std::string& name) {
  const Operation operation = MakeOperation(self.session()->NewOperation());
  return RunCall<SessionPtr>(
      operation, [&](CallerThread&) { return self.GetCatalog(operation.context, name); });
}

std::vector<FederatedTable> ToTables(const std::vector<TablePair>& pairs) {
  std::vector<FederatedTable> tables;
  for (const auto& [catalog, table] : pairs) tables.push_back({catalog, table});
  return tables;
}

// `request`: columns, filter, catalog_column, table_column, by_field_id.
Result<UnionTablesOptions> ToUnionOptions(const OptionMap& request) {
  UnionTablesOptions options;
  FilterArgument filter;
  OptionReader reader(request);
  reader.Take("columns", options.columns);
  reader.Take("filter", filter);
  reader.Take("catalog_column", options.catalog_column);
  reader.Take("table_column", options.table_column);
  reader.Take("by_field_id", options.by_field_id);
  ICEFRAME_RETURN_NOT_OK(reader.Finish());
  if (filter) {
    ICEFRAME_ASSIGN_OR_RETURN(options.filter, ToFilter(std::move(filter)));
  }
  return options;
}

Result<Query> UnionOf(const std::vector<TablePair>& pairs, const OptionMap& request) {
  ICEFRAME_ASSIGN_OR_RETURN(const UnionTablesOptions options, ToUnionOptions(request));
  return CatalogFederation::UnionOf(ToTables(pairs), options);
}

/// Which of the tables failed, and how.
using Failures = nb::typed<nb::list, nb::typed<nb::tuple, int, nb::object>>;

Result<std::pair<Rows, Failures>> ReadUnion(CatalogFederation& self,
                                            const std::vector<TablePair>& pairs,
                                            const OptionMap& request, bool skip_failures,
                                            int max_parallel, nb::object progress) {
  ICEFRAME_ASSIGN_OR_RETURN(const UnionTablesOptions options, ToUnionOptions(request));
  const UnionReadOptions how{
      .skip_failures = skip_failures, .max_parallel = max_parallel, .wrap_rows = &WithTextViews};
  const std::vector<FederatedTable> tables = ToTables(pairs);
  const Operation operation = MakeOperation(self.session()->NewOperation(), std::move(progress));
  ICEFRAME_ASSIGN_OR_RETURN(UnionRows united, RunCall<UnionRows>(operation, [&](CallerThread&) {
                              return self.ReadUnion(operation.context, tables, options, how);
                            }));
  Rows rows{united.rows->schema(), {}};
  ICEFRAME_ASSIGN_OR_RETURN(rows.batches, arrow::TableBatchReader(*united.rows).ToRecordBatches());
  nb::list failures;
  for (const UnionRows::Failure& failure : united.failures) {
    failures.append(nb::make_tuple(failure.index, ErrorObject(failure.status)));
  }
  return std::pair(std::move(rows), Failures(std::move(failures)));
}

}  // namespace

void BindFederation(nb::module_& module) {
  nb::class_<CatalogFederation>(module, "CatalogFederation",
                                "Catalogs under names; `iceframe.federation` wraps it.")
      .def_static("make", &MakeFederation, nb::arg("settings"), nb::arg("memory").none(),
                  nb::arg("query_cache").none())
      .def("add_catalog", &AddCatalog, nb::arg("name"), nb::arg("catalog"), nb::arg("settings"),
           nb::arg("memory").none(), nb::arg("query_cache").none())
      .def(
          "add_session",
          [](CatalogFederation& self, const std::string& name, SessionPtr session) {
            return self.AddCatalog(name, std::move(session));
          },
          nb::arg("name"), nb::arg("session"))
      .def("remove_catalog", &CatalogFederation::RemoveCatalog, nb::arg("name"))
      .def("list_catalogs", &CatalogFederation::ListCatalogs)
      .def("get_catalog", &GetCatalog, nb::arg("name"))
      .def("session", &CatalogFederation::session, "Over the tables of all catalogs.")
      .def_static("union_of", &UnionOf, nb::arg("tables"), nb::arg("request"))
      .def("read_union", &ReadUnion, nb::arg("tables"), nb::arg("request"), nb::kw_only(),
           nb::arg("skip_failures"), nb::arg("max_parallel"), nb::arg("progress").none(),
           "The rows of all tables, and the indices of those that failed with their exceptions.")
      .def("__repr__", &CatalogFederation::ToString);
}

}  // namespace iceframe::python
