// SPDX-License-Identifier: Apache-2.0
// Table: a loaded table's metadata for Python.
#include <memory>
#include <optional>
#include <string>

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>

#include "iceframe/format/table_metadata_json.h"
#include "iceframe/table/table.h"
#include "iceframe/types/arrow_schema.h"

#include "bindings.h"
#include "casters/arrow_capsule.h"
#include "casters/result.h"

namespace nb = nanobind;

namespace iceframe::python {

void BindTable(nb::module_& module) {
  nb::class_<Table>(module, "Table")
      .def("name", [](const Table& self) { return self.identifier().ToString(); })
      .def("metadata_location", [](const Table& self) { return self.metadata_location(); })
      .def("location", [](const Table& self) { return self.metadata()->location; })
      .def("properties", [](const Table& self) { return self.metadata()->properties; })
      .def("format_version", [](const Table& self) { return self.metadata()->format_version; })
      .def("metadata_json", [](const Table& self) { return TableMetadataToJson(*self.metadata()); })
      .def("current_snapshot_id",
           [](const Table& self) -> std::optional<int64_t> {
             const Snapshot* snapshot = self.metadata()->current_snapshot();
             if (snapshot == nullptr) return std::nullopt;
             return snapshot->snapshot_id.value();
           })
      .def("__arrow_c_schema__", [](const Table& self) -> Result<nb::object> {
        ICEFRAME_ASSIGN_OR_RETURN(auto schema, ToArrowSchema(*self.metadata()->current_schema()));
        return ExportSchema(*schema);
      });
}

}  // namespace iceframe::python
