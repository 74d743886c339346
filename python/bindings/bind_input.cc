// SPDX-License-Identifier: Apache-2.0
// What users hand in: rows of Python, and Arrow schemas as Iceberg's types.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <arrow/type.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/schema_json.h"

#include "bindings.h"
#include "casters/arrow_capsule.h"
#include "casters/result.h"
#include "row_input.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

// (name, values, is_arrow, nan_is_null)
using ColumnTuple = std::tuple<std::string, nb::object, bool, bool>;

RowInput FromColumns(std::vector<ColumnTuple> columns, int64_t max_rows, int64_t max_bytes) {
  InputColumns input;
  for (auto& [name, values, is_arrow, nan_is_null] : columns) {
    if (!is_arrow && !PyList_Check(values.ptr()) && !PyTuple_Check(values.ptr())) {
      throw nb::type_error("the values of a column are a list or tuple");
    }
    input.push_back({std::move(name), std::move(values), is_arrow, nan_is_null});
  }
  return {std::move(input), RowLimits{max_rows, max_bytes}};
}

// The Iceberg type of one Arrow type, as JSON.
Result<std::string> IcebergType(nb::handle type, const std::string& column, int format_version) {
  ICEFRAME_ASSIGN_OR_RETURN(auto field, ImportField(type, column));
  const arrow::Schema schema({field->WithName(column)});
  ICEFRAME_ASSIGN_OR_RETURN(auto fields, FromArrowSchema(schema, format_version));
  return TypeToJson(fields[0].type).Dump();
}

}  // namespace

void BindInput(nb::module_& module) {
  nb::class_<RowInput>(module, "RowInput", "Rows, columns or batches that a write reads once.")
      .def_static(
          "of_rows",
          [](nb::object iterator, int64_t max_rows, int64_t max_bytes) {
            return RowInput(InputRows{std::move(iterator)}, RowLimits{max_rows, max_bytes});
          },
          nb::arg("iterator"), nb::kw_only(), nb::arg("max_rows") = RowLimits{}.max_rows,
          nb::arg("max_bytes") = RowLimits{}.max_bytes)
      .def_static(
          "of_batches",
          [](nb::object iterator) {
            return RowInput(InputBatches{std::move(iterator)}, RowLimits{});
          },
          nb::arg("iterator"))
      .def_static("of_columns", &FromColumns, nb::arg("columns"), nb::kw_only(),
                  nb::arg("max_rows") = RowLimits{}.max_rows,
                  nb::arg("max_bytes") = RowLimits{}.max_bytes,
                  "Of (name, values, is_arrow, nan_is_null).");
  module.def("iceberg_type", &IcebergType, nb::arg("type"), nb::arg("column"),
             nb::arg("format_version"), "The Iceberg type of an Arrow type, as JSON.");
}

}  // namespace iceframe::python
