// SPDX-License-Identifier: Apache-2.0
// Manifests, their entries, data files and planned tasks, as values for Python.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include "iceframe/execution/table_scan.h"
#include "iceframe/operation_kinds.h"
#include "iceframe/runtime/running_operation.h"
#include "iceframe/table/manifest_files.h"

#include "bindings.h"
#include "casters/result.h"
#include "casters/value.h"
#include "engine_call.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

using TablePtr = std::shared_ptr<const Table>;

// A data file and how its partition reads.
struct TableFile {
  DataFile file;
  std::shared_ptr<const Type> partition_type;
};
struct TableEntry {
  ManifestEntry entry;
  std::shared_ptr<const Type> partition_type;
};
struct TableTask {
  ScanTask task;
  std::shared_ptr<const Type> partition_type;
};
// What reads a table's manifests: PyIceberg's users hand a table's `io` about.
struct TableIO {
  std::shared_ptr<Session> session;
  TablePtr table;
};

using Partition = nb::typed<nb::tuple, nb::any, nb::ellipsis>;
using BoundsById = nb::typed<nb::dict, int, nb::bytes>;

// A value per field of the file's spec, as Python's own.
Partition PartitionOf(const TableFile& self) {
  const nb::object python_value = nb::module_::import_("iceframe.literals").attr("python_value");
  nb::list values;
  const std::vector<NestedField>& fields = self.partition_type->fields();
  for (size_t i = 0; i < fields.size() && i < self.file.partition.size(); ++i) {
    const Type& type = fields[i].type;
    values.append(python_value(type.ToString(), ValueToPython(type, self.file.partition[i])));
  }
  return Partition(nb::tuple(values));
}

nb::object BytesOrNone(const std::optional<std::string>& value) {
  if (!value) return nb::none();
  return nb::bytes(value->data(), value->size());
}

BoundsById BytesById(const std::map<FieldId, std::string>& bounds) {
  nb::dict dict;
  for (const auto& [id, value] : bounds) dict[nb::int_(id)] = nb::bytes(value.data(), value.size());
  return dict;
}

std::optional<int64_t> NumberOf(const std::optional<SequenceNumber>& number) {
  if (!number) return std::nullopt;
  return number->value();
}

void BindDataFile(nb::module_& module) {
  nb::class_<TableFile>(module, "DataFile", "A data or delete file, as a manifest describes it.")
      .def_prop_ro("content", [](const TableFile& f) { return static_cast<int>(f.file.content); })
      .def_prop_ro("file_path", [](const TableFile& f) { return f.file.file_path; })
      .def_prop_ro("file_format",
                   [](const TableFile& f) { return std::string(ToString(f.file.file_format)); })
      .def_prop_ro("spec_id", [](const TableFile& f) { return f.file.spec_id.value(); })
      .def_prop_ro("partition", &PartitionOf)
      .def_prop_ro("record_count", [](const TableFile& f) { return f.file.record_count; })
      .def_prop_ro("file_size_in_bytes",
                   [](const TableFile& f) { return f.file.file_size_in_bytes; })
      .def_prop_ro("column_sizes", [](const TableFile& f) { return f.file.column_sizes; })
      .def_prop_ro("value_counts", [](const TableFile& f) { return f.file.value_counts; })
      .def_prop_ro("null_value_counts", [](const TableFile& f) { return f.file.null_value_counts; })
      .def_prop_ro("nan_value_counts", [](const TableFile& f) { return f.file.nan_value_counts; })
      .def_prop_ro("lower_bounds",
                   [](const TableFile& f) { return BytesById(f.file.lower_bounds); })
      .def_prop_ro("upper_bounds",
                   [](const TableFile& f) { return BytesById(f.file.upper_bounds); })
      .def_prop_ro("key_metadata",
                   [](const TableFile& f) { return BytesOrNone(f.file.key_metadata); })
      .def_prop_ro("split_offsets", [](const TableFile& f) { return f.file.split_offsets; })
      .def_prop_ro("equality_ids", [](const TableFile& f) { return f.file.equality_ids; })
      .def_prop_ro("sort_order_id",
                   [](const TableFile& f) -> std::optional<int> {
                     if (!f.file.sort_order_id) return std::nullopt;
                     return f.file.sort_order_id->value();
                   })
      .def("__repr__", [](const TableFile& f) {
        return "DataFile(" + f.file.file_path +
               ", record_count=" + std::to_string(f.file.record_count) +
               ", file_size_in_bytes=" + std::to_string(f.file.file_size_in_bytes) + ")";
      });
}

Result<std::shared_ptr<const Type>> PartitionTypeById(const Table& table, PartitionSpecId id) {
  const PartitionSpec* spec = table.metadata()->FindPartitionSpec(id);
  if (spec == nullptr) {
    return Error(ErrorKind::kInvalidMetadata, "there is no such partition spec: ", id.value());
  }
  ICEFRAME_ASSIGN_OR_RETURN(Type type, PartitionTypeOf(*table.metadata(), *spec));
  return std::make_shared<const Type>(std::move(type));
}

// Runs `work`, which reads a table's manifests, without the GIL, as one operation.
template <typename T, typename Work>
Result<T> RunPlanning(const TableIO& io, const Work& work) {
  const Operation operation = MakeOperation(io.session->NewOperation());
  return RunCall<T>(operation, [&](CallerThread&) {
    return RunOperation(operation.context, kPlanFilesOperation, {io.table->identifier().ToString()},
                        work);
  });
}

Result<std::vector<ManifestFile>> ManifestsOf(const TableIO& io, int64_t snapshot_id) {
  const TablePtr& table = io.table;
  using Manifests = std::vector<ManifestFile>;
  return RunPlanning<Manifests>(io, [&](const OperationContext& context) -> Result<Manifests> {
    ICEFRAME_ASSIGN_OR_RETURN(const Snapshot* snapshot,
                              table->SnapshotOf({.snapshot_id = SnapshotId(snapshot_id)}));
    ICEFRAME_ASSIGN_OR_RETURN(
        auto manifests, ReadManifestList(context, *table->io(), *table->metadata(), *snapshot));
    return *manifests;
  });
}

Result<std::vector<TableEntry>> EntriesOfManifest(const ManifestFile& manifest, const TableIO& io,
                                                  bool discard_deleted) {
  const TablePtr& table = io.table;
  using Entries = std::vector<TableEntry>;
  return RunPlanning<Entries>(io, [&](const OperationContext& context) -> Result<Entries> {
    ICEFRAME_ASSIGN_OR_RETURN(auto decoded,
                              ReadManifest(context, *table->io(), *table->metadata(), manifest));
    ICEFRAME_ASSIGN_OR_RETURN(auto type, PartitionTypeById(*table, manifest.partition_spec_id));
    Entries entries;
    for (int64_t i = 0; i < decoded->num_entries(); ++i) {
      if (discard_deleted && !decoded->is_live(i)) continue;
      ICEFRAME_ASSIGN_OR_RETURN(ManifestEntry entry, decoded->Entry(i));
      entries.push_back({std::move(entry), type});
    }
    return entries;
  });
}

// Public as it is, so that its arguments are checked here.
Result<std::vector<TableEntry>> FetchEntries(const ManifestFile& manifest, nb::handle io,
                                             nb::handle discard_deleted) {
  const TableIO* table_io = nullptr;
  if (!nb::try_cast(io, table_io) || table_io == nullptr) {
    return Error(ErrorKind::kInvalidArgument,
                 "io is not the io of a table: ", nb::cast<std::string>(nb::inst_name(io)));
  }
  if (!PyBool_Check(discard_deleted.ptr())) {
    return Error(ErrorKind::kInvalidArgument, "discard_deleted must be True or False, not ",
                 nb::cast<std::string>(nb::inst_name(discard_deleted)));
  }
  return EntriesOfManifest(manifest, *table_io, discard_deleted.ptr() == Py_True);
}

Result<std::vector<TableTask>> PlanTasks(const TableIO& io, const ReadRequest& request) {
  const TablePtr& table = io.table;
  ICEFRAME_ASSIGN_OR_RETURN(const ScanOptions asked, ToScanOptions(request));
  using Tasks = std::vector<TableTask>;
  return RunPlanning<Tasks>(io, [&](const OperationContext& context) -> Result<Tasks> {
    ICEFRAME_ASSIGN_OR_RETURN(const TableState state, ResolveTable(table, asked.version));
    TableScanOptions scan;
    scan.read.rows.limit = asked.rows.limit;
    ICEFRAME_ASSIGN_OR_RETURN(scan.read.rows.filter, BindTableFilter(state, asked.rows));
    scan.with_statistics = true;
    ICEFRAME_ASSIGN_OR_RETURN(TaskSource source, PlanTableScan(context, state, scan));
    std::map<PartitionSpecId, std::shared_ptr<const Type>> types;
    Tasks tasks;
    while (true) {
      ICEFRAME_ASSIGN_OR_RETURN(auto task, source(context));
      if (!task) return tasks;
      const PartitionSpecId spec_id = task->data_file.spec_id;
      if (!types.contains(spec_id)) {
        ICEFRAME_ASSIGN_OR_RETURN(types[spec_id], PartitionTypeById(*table, spec_id));
      }
      tasks.push_back({*std::move(task), types[spec_id]});
    }
  });
}

void BindManifests(nb::module_& module) {
  nb::class_<TableEntry>(module, "ManifestEntry", "A file's line in a manifest.")
      .def_prop_ro("status", [](const TableEntry& e) { return static_cast<int>(e.entry.status); })
      .def_prop_ro("snapshot_id",
                   [](const TableEntry& e) -> std::optional<int64_t> {
                     if (!e.entry.snapshot_id) return std::nullopt;
                     return e.entry.snapshot_id->value();
                   })
      .def_prop_ro("sequence_number",
                   [](const TableEntry& e) { return NumberOf(e.entry.data_sequence_number); })
      .def_prop_ro("file_sequence_number",
                   [](const TableEntry& e) { return NumberOf(e.entry.file_sequence_number); })
      .def_prop_ro("data_file", [](const TableEntry& e) {
        return TableFile{e.entry.data_file, e.partition_type};
      });
  nb::class_<ManifestFile>(module, "ManifestFile", "A manifest, as its snapshot's list has it.")
      .def_ro("manifest_path", &ManifestFile::manifest_path)
      .def_ro("manifest_length", &ManifestFile::manifest_length)
      .def_prop_ro("partition_spec_id",
                   [](const ManifestFile& m) { return m.partition_spec_id.value(); })
      .def_prop_ro("content", [](const ManifestFile& m) { return static_cast<int>(m.content); })
      .def_prop_ro("sequence_number",
                   [](const ManifestFile& m) { return m.sequence_number.value(); })
      .def_prop_ro("min_sequence_number",
                   [](const ManifestFile& m) { return m.min_sequence_number.value(); })
      .def_prop_ro("added_snapshot_id",
                   [](const ManifestFile& m) { return m.added_snapshot_id.value(); })
      .def_ro("added_files_count", &ManifestFile::added_files_count)
      .def_ro("existing_files_count", &ManifestFile::existing_files_count)
      .def_ro("deleted_files_count", &ManifestFile::deleted_files_count)
      .def_ro("added_rows_count", &ManifestFile::added_rows_count)
      .def_ro("existing_rows_count", &ManifestFile::existing_rows_count)
      .def_ro("deleted_rows_count", &ManifestFile::deleted_rows_count)
      .def("fetch_manifest_entry", &FetchEntries, nb::arg("io").none(),
           nb::arg("discard_deleted").none() = true,
           nb::sig("def fetch_manifest_entry(self, io: TableIO, discard_deleted: bool = True) -> "
                   "list[ManifestEntry]"),
           "The entries, without those of files that are gone.")
      .def("__repr__",
           [](const ManifestFile& m) { return "ManifestFile(" + m.manifest_path + ")"; });
}

void BindTasks(nb::module_& module) {
  nb::class_<TableTask>(module, "FileScanTask", "A data file to read, and its delete files.")
      .def_prop_ro("file",
                   [](const TableTask& t) { return TableFile{t.task.data_file, t.partition_type}; })
      .def_prop_ro("delete_files",
                   [](const TableTask& t) {
                     std::vector<TableFile> files;
                     for (const DeleteFileReference& deletes : t.task.delete_files) {
                       files.push_back({deletes.file, t.partition_type});
                     }
                     return files;
                   })
      .def_prop_ro(
          "residual", [](const TableTask& t) { return t.task.residual.ToString(); },
          "What is left of the filter for the file's rows, as SQL.")
      .def("__repr__",
           [](const TableTask& t) { return "FileScanTask(" + t.task.data_file.file_path + ")"; });
}

}  // namespace

void BindFiles(nb::module_& module) {
  nb::class_<TableIO>(module, "TableIO", "Reads a table's manifests.")
      .def(nb::new_([](std::shared_ptr<Session> session, TablePtr table) {
             return TableIO{std::move(session), std::move(table)};
           }),
           nb::arg("session"), nb::arg("table"))
      .def("manifests", &ManifestsOf, nb::arg("snapshot_id"), "A snapshot's manifests, in order.")
      .def("plan_files", &PlanTasks, nb::arg("request"));
  BindDataFile(module);
  BindManifests(module);
  BindTasks(module);
}

}  // namespace iceframe::python
