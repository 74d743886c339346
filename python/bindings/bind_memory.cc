// SPDX-License-Identifier: Apache-2.0
// Memory budgets, and what the system says of the process's memory.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>

#include "iceframe/runtime/memory_budgets.h"
#include "iceframe/runtime/memory_manager.h"
#include "iceframe/runtime/process_memory.h"

#include "bindings.h"
#include "casters/result.h"

namespace nb = nanobind;

namespace iceframe::python {

void BindMemory(nb::module_& module) {
  module.def("resident_bytes", &ResidentBytes, "Bytes of the process that are in memory now.");
  nb::class_<MemoryBudget>(module, "MemoryBudget", "A node of the tree of memory limits.")
      .def_static(
          "of_process",
          [](const std::string& name, std::optional<int64_t> limit_bytes) {
            auto budget = MemoryBudget::Process()->MakeChild(name, limit_bytes);
            LeaveRoomForCaches(budget.get());
            return budget;
          },
          nb::arg("name"), nb::arg("limit_bytes").none(), "A new node below the process's.")
      .def_prop_ro("used_bytes", &MemoryBudget::used_bytes)
      .def_prop_ro("peak_bytes", &MemoryBudget::peak_bytes)
      .def_prop_rw("limit_bytes", &MemoryBudget::limit_bytes, &MemoryBudget::set_limit_bytes,
                   nb::arg("limit_bytes").none());
}

}  // namespace iceframe::python
