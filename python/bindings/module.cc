// SPDX-License-Identifier: Apache-2.0
// The native module: one bind_<concept>.cc per concept, listed here.
#include <nanobind/nanobind.h>

#include "bindings.h"
#include "engine_call.h"

namespace nb = nanobind;

NB_MODULE(_native, module) {
  using namespace iceframe::python;  // NOLINT(google-build-using-namespace)
  module.doc() = "The native engine behind iceframe; use the package, not this module.";
  module.def("version", [] { return ICEFRAME_VERSION; });
  // Tables and streams may live until the very end; there is nothing to complain about then.
  nb::set_leak_warnings(false);
  RememberMainThread();
  BindExecutor(module);
  BindMemory(module);
  BindMetrics(module);
  BindSharedCaches(module);
  BindExpression(module);
  BindTable(module);
  BindFiles(module);
  BindRows(module);
  BindScan(module);
  BindQuery(module);
  BindInput(module);
  BindDiskCache(module);
  BindCache(module);
  BindSession(module);
  BindFederation(module);
  BindPool(module);
  BindChunks(module);
  BindIncremental(module);
  BindChanges(module);
  BindTransaction(module);
  BindMaintenance(module);
  BindOptimizer(module);
  BindMonitoring(module);
  BindParallel(module);
  BindSkipping(module);
  BindStreaming(module);
  BindKafka(module);
  nb::module_::import_("atexit").attr("register")(nb::cpp_function(&EndCalls));
}
