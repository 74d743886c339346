// SPDX-License-Identifier: Apache-2.0
// CatalogPool, and the connections that it lends.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>

#include "iceframe/catalog/catalog_pool.h"
#include "iceframe/session.h"

#include "bindings.h"
#include "casters/result.h"
#include "engine_call.h"
#include "option_reader.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

using std::chrono::milliseconds;

// A pool with the session that its connections' calls belong to.
struct PyPool {
  std::shared_ptr<Session> session;
  std::shared_ptr<CatalogPool> pool;
};

struct PyLease {
  std::shared_ptr<Session> pool_session;
  CatalogLease lease;

  std::shared_ptr<Session> session() { return pool_session->Over(lease.catalog()); }
};

using LeasePtr = std::shared_ptr<PyLease>;

Result<std::shared_ptr<PyPool>> MakePool(const std::shared_ptr<Session>& session,
                                         const OptionMap& request) {
  ConnectionPoolOptions options;
  int64_t timeout_ms = 0;
  int64_t lifetime_ms = options.max_lifetime.count();
  int64_t idle_ms = options.idle_timeout.count();
  int64_t leak_ms = options.leak_threshold.count();
  OptionReader reader(request);
  reader.Take("pool_size", options.max_size);
  reader.Take("max_overflow", options.max_overflow);
  reader.Take("min_idle", options.min_idle);
  reader.Take("timeout_ms", timeout_ms);
  reader.Take("max_lifetime_ms", lifetime_ms);
  reader.Take("idle_timeout_ms", idle_ms);
  reader.Take("leak_threshold_ms", leak_ms);
  ICEFRAME_RETURN_NOT_OK(reader.Finish());
  options.max_lifetime = milliseconds(lifetime_ms);
  options.idle_timeout = milliseconds(idle_ms);
  options.leak_threshold = milliseconds(leak_ms);
  auto pool = CatalogPool::Make(session->catalog(), options, milliseconds(timeout_ms));
  return std::make_shared<PyPool>(PyPool{session, std::move(pool)});
}

// An idle connection is lent by this thread; who must wait or connect does so where Ctrl-C is
// heard.
Result<LeasePtr> Acquire(const PyPool& self, std::optional<int64_t> timeout_ms) {
  ICEFRAME_ASSIGN_OR_RETURN(auto ready, self.pool->TryAcquire());
  if (ready) return std::make_shared<PyLease>(PyLease{self.session, *std::move(ready)});
  const Operation operation = MakeOperation(self.session->NewOperation());
  return RunCall<LeasePtr>(operation, [&](CallerThread&) -> Result<LeasePtr> {
    const milliseconds timeout = timeout_ms ? milliseconds(*timeout_ms) : self.pool->timeout();
    ICEFRAME_ASSIGN_OR_RETURN(auto lease, self.pool->Acquire(operation.context, timeout));
    return std::make_shared<PyLease>(PyLease{self.session, std::move(lease)});
  });
}

Status Return(const PyPool& self, PyLease& lease) {
  return RunBriefCall([&] { return self.pool->Return(lease.lease); });
}

Status Drain(const PyPool& self, int64_t timeout_ms) {
  const Operation operation = MakeOperation(self.session->NewOperation());
  return RunCall(operation, [&](CallerThread&) {
    return self.pool->Drain(operation.context, milliseconds(timeout_ms));
  });
}

Status Close(const PyPool& self) {
  return RunBriefCall([&] {
    self.pool->Close();
    return Status::OK();
  });
}

nb::dict DescribeStats(const PyPool& self) {
  self.pool->connections()->Maintain(self.session->NewOperation());
  const ConnectionPoolStats stats = self.pool->connections()->Stats();
  nb::dict described;
  described["pool_size"] = stats.max_size;
  described["open"] = stats.num_used + stats.num_idle;
  described["used"] = stats.num_used;
  described["idle"] = stats.num_idle;
  described["waiting"] = stats.num_waiting;
  described["leaked"] = stats.num_leaked;
  described["lent_total"] = stats.num_lent;
  described["opened_total"] = stats.num_opened;
  described["closed_total"] = stats.num_closed;
  described["broken_total"] = stats.num_broken;
  described["timeouts_total"] = stats.num_timeouts;
  described["cancelled_total"] = stats.num_cancelled;
  described["connect_failures_total"] = stats.num_connect_failures;
  return described;
}

}  // namespace

void BindPool(nb::module_& module) {
  nb::class_<PyLease>(module, "CatalogLease", "A connection on loan.")
      .def("session", &PyLease::session, "The session through this connection alone.")
      .def("is_returned", [](const PyLease& self) { return self.lease.is_returned(); });
  nb::class_<PyPool>(module, "CatalogPool")
      .def_static("make", &MakePool, nb::arg("session"), nb::arg("request"))
      .def("acquire", &Acquire, nb::arg("timeout_ms").none())
      .def("return_lease", &Return, nb::arg("lease"))
      .def("drain", &Drain, nb::arg("timeout_ms"))
      .def("close", &Close)
      .def("is_closed", [](const PyPool& self) { return self.pool->is_closed(); })
      .def("stats", &DescribeStats, nb::sig("def stats(self) -> dict[str, int]"));
}

}  // namespace iceframe::python
