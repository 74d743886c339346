// SPDX-License-Identifier: Apache-2.0
// Rows in memory for Python: through the Arrow C interface, as text, and as an Arrow IPC stream.
#include <optional>
#include <string>
#include <vector>

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "iceframe/types/row_text.h"

#include "bindings.h"
#include "casters/arrow_capsule.h"
#include "casters/result.h"
#include "rows.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

nb::bytes ToBytes(const std::string& text) { return nb::bytes(text.data(), text.size()); }

// One line of text per row, made by `append`.
template <typename Append>
nb::bytes LinesOf(const Batch& self, const Append& append) {
  std::string lines;
  {
    const nb::gil_scoped_release released;
    for (int64_t row = 0; row < self.batch->num_rows(); ++row) append(*self.batch, row, &lines);
  }
  return ToBytes(lines);
}

nb::bytes JsonLines(const Batch& self) {
  return LinesOf(self, [](const arrow::RecordBatch& batch, int64_t row, std::string* lines) {
    AppendJsonRow(batch, row, lines);
    lines->push_back('\n');
  });
}

nb::bytes CsvLines(const Batch& self) { return LinesOf(self, &AppendCsvRow); }

using Cells = std::vector<std::vector<std::optional<std::string>>>;

Cells CellsOf(const Batch& self) {
  Cells columns;
  for (const auto& column : self.batch->columns()) {
    auto& cells = columns.emplace_back();
    for (int64_t row = 0; row < column->length(); ++row) cells.push_back(DisplayText(*column, row));
  }
  return columns;
}

Result<nb::bytes> IpcMessage(const Batch& self) {
  const auto options = arrow::ipc::IpcWriteOptions::Defaults();
  ICEFRAME_ASSIGN_OR_RETURN(auto message, arrow::ipc::SerializeRecordBatch(*self.batch, options));
  return ToBytes(message->ToString());
}

Result<nb::bytes> IpcSchema(const RowSchema& self) {
  ICEFRAME_ASSIGN_OR_RETURN(auto message, arrow::ipc::SerializeSchema(*self.schema));
  return ToBytes(message->ToString());
}

nb::bytes CsvHeader(const RowSchema& self) {
  std::string line;
  AppendCsvHeader(*self.schema, &line);
  return ToBytes(line);
}

std::vector<bool> NumericColumns(const RowSchema& self) {
  std::vector<bool> are_numeric;
  for (const auto& field : self.schema->fields()) {
    const arrow::Type::type id = field->type()->id();
    are_numeric.push_back(arrow::is_integer(id) || arrow::is_floating(id) || arrow::is_decimal(id));
  }
  return are_numeric;
}

Result<nb::object> ExportRows(const Rows& self) {
  ICEFRAME_ASSIGN_OR_RETURN(auto reader, arrow::RecordBatchReader::Make(self.batches, self.schema));
  return ExportReader(std::move(reader));
}

int64_t NumRows(const Rows& self) {
  int64_t count = 0;
  for (const auto& batch : self.batches) count += batch->num_rows();
  return count;
}

}  // namespace

void BindRows(nb::module_& module) {
  nb::class_<Batch>(module, "Batch", "One batch of a scan, in the Arrow C data interface.")
      .def_prop_ro("num_rows", [](const Batch& self) { return self.batch->num_rows(); })
      .def(
          "__arrow_c_array__",
          [](const Batch& self, nb::handle) { return ExportBatch(*self.batch); },
          nb::arg("requested_schema") = nb::none())
      .def(
          "__arrow_c_stream__",
          [](const Batch& self, nb::handle) {
            return ExportRows({self.batch->schema(), {self.batch}});
          },
          nb::arg("requested_schema") = nb::none())
      .def("cells", &CellsOf, "The columns' values as people read them; None for null.")
      .def("json_lines", &JsonLines, "A JSON object per row, each with a line's end.")
      .def("csv_lines", &CsvLines, "A line of CSV per row.")
      .def("ipc_message", &IpcMessage, "The batch as a message of an Arrow IPC stream.");
  nb::class_<Rows>(module, "Rows", "All rows of a scan, in the Arrow C data interface.")
      .def_prop_ro("num_rows", &NumRows)
      .def(
          "__arrow_c_stream__", [](const Rows& self, nb::handle) { return ExportRows(self); },
          nb::arg("requested_schema") = nb::none())
      .def("__arrow_c_schema__", [](const Rows& self) { return ExportSchema(*self.schema); });
  nb::class_<RowSchema>(module, "RowSchema", "The columns of rows.")
      .def("__arrow_c_schema__", [](const RowSchema& self) { return ExportSchema(*self.schema); })
      .def("names", [](const RowSchema& self) { return self.schema->field_names(); })
      .def("are_numeric", &NumericColumns, "Whether each column holds numbers.")
      .def("csv_header", &CsvHeader, "The names as a line of CSV.")
      .def("ipc_message", &IpcSchema, "The first message of an Arrow IPC stream.");
}

}  // namespace iceframe::python
