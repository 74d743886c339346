// SPDX-License-Identifier: Apache-2.0
// Several reads at once, and what cancels the calls of other threads.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "iceframe/services/parallel_reads.h"

#include "bindings.h"
#include "cancel_scope.h"
#include "casters/result.h"
#include "engine_call.h"
#include "rows.h"
#include "text_views.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

using Reader = std::shared_ptr<arrow::RecordBatchReader>;
using SessionPtr = std::shared_ptr<Session>;

// A context of the read's own session that ends with the call it is part of.
OperationContext ContextOfRead(const Session& session, const OperationContext& call) {
  OperationContext own = session.NewOperation();
  own.cancel = call.cancel;
  own.deadline = call.deadline;
  own.calling_thread = call.calling_thread;
  return own;
}

Result<ParallelRead> ReadOfTable(SessionPtr session, std::string name, const ReadRequest& request) {
  ICEFRAME_ASSIGN_OR_RETURN(ScanOptions options, ToScanOptions(request));
  ErrorContext place{"table", Session::FullTableName(name)};
  return ParallelRead{std::move(place), [=](const OperationContext& call) -> Result<Reader> {
                        const OperationContext own = ContextOfRead(*session, call);
                        ICEFRAME_ASSIGN_OR_RETURN(auto rows, session->Scan(own, name, options));
                        return WithTextViews(own, std::move(rows));
                      }};
}

// `prepared`: the query as it takes part in a cache, or nullptr.
ParallelRead ReadOfQuery(SessionPtr session, const Query& query, std::string name,
                         std::shared_ptr<PreparedQuery> prepared) {
  return {{"query", std::move(name)}, [=](const OperationContext& call) -> Result<Reader> {
            const OperationContext own = ContextOfRead(*session, call);
            ICEFRAME_ASSIGN_OR_RETURN(auto rows, prepared != nullptr
                                                     ? session->Execute(own, *prepared)
                                                     : session->Execute(own, query));
            return WithTextViews(own, std::move(rows));
          }};
}

// Rows, or the exception that stands for the error.
Result<nb::object> ToOutcome(ReadOutcome outcome) {
  if (!outcome.ok()) return ErrorObject(outcome.status());
  ICEFRAME_ASSIGN_OR_RETURN(auto batches, arrow::TableBatchReader(**outcome).ToRecordBatches());
  return nb::cast(Rows{(*outcome)->schema(), std::move(batches)});
}

using Outcomes = nb::typed<nb::list, nb::object>;

Result<Outcomes> ReadAll(const std::vector<ParallelRead>& reads, int max_parallel,
                         nb::object progress) {
  const Operation operation = MakeOperation(OperationContext(), std::move(progress));
  ICEFRAME_ASSIGN_OR_RETURN(
      auto outcomes, RunCall<std::vector<ReadOutcome>>(operation, [&](CallerThread&) {
        return ReadInParallel(operation.context, reads, {.max_parallel = max_parallel});
      }));
  nb::list all;
  for (ReadOutcome& outcome : outcomes) {
    ICEFRAME_ASSIGN_OR_RETURN(nb::object object, ToOutcome(std::move(outcome)));
    all.append(std::move(object));
  }
  return Outcomes(std::move(all));
}

}  // namespace

void BindParallel(nb::module_& module) {
  nb::class_<ParallelRead>(module, "ParallelRead", "One read among several.")
      .def_static("of_table", &ReadOfTable, nb::arg("session"), nb::arg("name"), nb::arg("request"))
      .def_static("of_query", &ReadOfQuery, nb::arg("session"), nb::arg("query"), nb::arg("name"),
                  nb::arg("prepared").none());
  nb::class_<CancelScope>(module, "CancelScope", "Cancels the calls that threads make inside.")
      .def(nb::init<>())
      .def("__enter__",
           [](nb::object self) {
             nb::cast<const CancelScope&>(self).Enter();
             return self;
           })
      .def(
          "__exit__",
          [](const CancelScope& self, nb::handle, nb::handle, nb::handle) { self.Exit(); },
          nb::arg("type").none(), nb::arg("error").none(), nb::arg("trace").none())
      .def("cancel", &CancelScope::Cancel)
      .def("is_cancelled", &CancelScope::is_cancelled);
  module.def("read_in_parallel", &ReadAll, nb::arg("reads"), nb::kw_only(), nb::arg("max_parallel"),
             nb::arg("progress").none(), "Rows of each read, or its exception, in their order.");
}

}  // namespace iceframe::python
