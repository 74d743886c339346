// SPDX-License-Identifier: Apache-2.0
// Queries: steps put together; running and explaining them is the session's.
#include <memory>
#include <tuple>
#include <utility>

#include <arrow/record_batch.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include "iceframe/execution/rows_relation.h"
#include "iceframe/query/query.h"

#include "bindings.h"
#include "casters/arrow_capsule.h"
#include "casters/result.h"
#include "engine_call.h"
#include "row_input.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

// (expression, descending, nulls last)
using DirectedKey = std::tuple<Expression, bool, bool>;

Query MakeQuery(std::string table, std::optional<int64_t> snapshot_id,
                std::optional<int64_t> as_of_timestamp, std::optional<std::string> ref) {
  return Query(std::move(table), ToVersion(snapshot_id, as_of_timestamp, std::move(ref)));
}

// The input's reader; rows of Python are read by the schema.
Result<std::shared_ptr<arrow::RecordBatchReader>> OpenRows(
    nb::handle data, const std::shared_ptr<const Schema>& schema, const Operation& operation) {
  const RowInput* input = nullptr;
  if (!nb::try_cast(data, input) || input == nullptr) return ImportBatches(data);
  std::shared_ptr<arrow::RecordBatchReader> reader;
  // Within a call, since opening may run Python code: the process ends only after it.
  ICEFRAME_RETURN_NOT_OK(RunCall(operation, [&](CallerThread& caller) {
    return caller.Run([&]() -> Status {
      const nb::gil_scoped_acquire gil;
      return input->Open(schema, operation.context).Value(&reader);
    });
  }));
  return reader;
}

// `schema`: None for data that says its own.
Result<Query> QueryOfRows(Session& session, nb::handle schema, nb::handle data, std::string name) {
  constexpr int kNewestFormatVersion = 3;
  const Operation operation = MakeOperation(session.NewOperation());
  RowsInMemory rows;
  rows.name = std::move(name);
  if (!schema.is_none()) {
    ICEFRAME_ASSIGN_OR_RETURN(rows.columns, ToTableSchema(schema, kNewestFormatVersion));
  }
  ICEFRAME_ASSIGN_OR_RETURN(auto reader, OpenRows(data, rows.columns, operation));
  rows.schema = reader->schema();
  ICEFRAME_RETURN_NOT_OK(RunCall(operation, [&](CallerThread& caller) {
    return ReadOnCaller(reader, caller)->ToRecordBatches().Value(&rows.batches);
  }));
  ICEFRAME_ASSIGN_OR_RETURN(auto relation, MakeRowsRelation(std::move(rows)));
  return Query(std::move(relation));
}

Result<JoinKind> ParseJoinKind(const std::string& name) {
  for (const JoinKind kind : {JoinKind::kInner, JoinKind::kLeft, JoinKind::kRight, JoinKind::kFull,
                              JoinKind::kSemi, JoinKind::kAnti, JoinKind::kCross}) {
    if (name == ToString(kind)) return kind;
  }
  if (name == "outer") return JoinKind::kFull;
  return Error(ErrorKind::kInvalidArgument, "unknown kind of join: ", name,
               "; use inner, left, right, full (or outer), semi, anti or cross");
}

Result<Query> Join(const Query& self, const Query& other, std::vector<std::string> left,
                   std::vector<std::string> right, bool merge_keys, const std::string& how) {
  ICEFRAME_ASSIGN_OR_RETURN(const JoinKind kind, ParseJoinKind(how));
  return self.Join(other, JoinOn{std::move(left), std::move(right), merge_keys}, kind);
}

Query OrderBy(const Query& self, std::vector<DirectedKey> keys) {
  std::vector<SortKey> sort_keys;
  for (auto& [expression, descending, nulls_last] : keys) {
    sort_keys.push_back({std::move(expression), descending, nulls_last});
  }
  return self.OrderBy(std::move(sort_keys));
}

}  // namespace

void BindQuery(nb::module_& module) {
  nb::class_<Query>(module, "Query",
                    "Immutable steps over a table or data; `iceframe.query` wraps it.")
      .def_static("of", &MakeQuery, nb::arg("table"), nb::arg("snapshot_id").none(),
                  nb::arg("as_of_timestamp").none(), nb::arg("ref").none())
      .def_static("of_rows", &QueryOfRows, nb::arg("session"), nb::arg("schema").none(),
                  nb::arg("data"), nb::arg("name"),
                  "Over data that is read now: `schema` is None where it says its own.")
      .def(
          "select",
          [](const Query& self, std::vector<Expression> items) {
            return self.Select(std::move(items));
          },
          nb::arg("items"))
      .def(
          "filter",
          [](const Query& self, FilterArgument predicate) -> Result<Query> {
            ICEFRAME_ASSIGN_OR_RETURN(Expression parsed, ToFilter(std::move(predicate)));
            return self.Filter(std::move(parsed));
          },
          nb::arg("predicate"))
      .def("join", &Join, nb::arg("other"), nb::arg("left_on"), nb::arg("right_on"),
           nb::arg("merge_keys"), nb::arg("how"))
      .def(
          "union",
          [](const Query& self, const Query& other, bool by_name, bool allow_missing_columns) {
            return self.Union(other,
                              {.by_name = by_name, .allow_missing_columns = allow_missing_columns});
          },
          nb::arg("other"), nb::kw_only(), nb::arg("by_name"), nb::arg("allow_missing_columns"))
      .def(
          "group_by",
          [](const Query& self, std::vector<Expression> keys) {
            return self.GroupBy(std::move(keys));
          },
          nb::arg("keys"))
      .def("order_by", &OrderBy, nb::arg("keys"))
      .def("limit", &Query::Limit, nb::arg("num_rows"))
      .def("offset", &Query::Offset, nb::arg("num_rows"))
      .def("distinct", &Query::Distinct)
      .def("with_column", &Query::WithColumn, nb::arg("name"), nb::arg("value"))
      .def_prop_ro("table_name", [](const Query& self) { return self.source_name(); });
}

}  // namespace iceframe::python
