// SPDX-License-Identifier: Apache-2.0
// What scans skipped, and whether statistics rule out a file.
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include "iceframe/services/data_skipper.h"
#include "iceframe/session.h"
#include "iceframe/skipping/match_statistics.h"

#include "bindings.h"
#include "casters/result.h"
#include "option_reader.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

using Counts = nb::typed<nb::dict, nb::str, nb::any>;

nb::str ToStr(std::string_view text) { return nb::str(text.data(), text.size()); }

nb::dict LevelToDict(const SkipLevel& level) {
  nb::dict reasons;
  for (const SkipReasonCount& reason : level.reasons) reasons[ToStr(reason.reason)] = reason.count;
  nb::dict dict;
  dict["scanned"] = level.num_scanned;
  dict["skipped"] = level.num_skipped;
  dict["bytes_skipped"] = level.num_bytes_skipped;
  dict["reasons"] = reasons;
  return dict;
}

Counts ToDict(const SkipCounts& counts) {
  nb::dict levels;
  for (const SkipLevel& level : counts.levels) levels[ToStr(level.name)] = LevelToDict(level);
  nb::dict dict;
  dict["scans"] = counts.num_scans;
  dict["bytes_scanned"] = counts.num_bytes_scanned;
  dict["levels"] = levels;
  return dict;
}

std::vector<Counts> RecentSkips(const DataSkipper& self, size_t limit) {
  std::vector<Counts> recent;
  for (const OperationSkips& operation : self.Recent(limit)) {
    Counts dict = ToDict(operation.counts);
    dict["operation"] = ToStr(operation.kind);
    dict["operation_id"] = operation.id;
    dict["tables"] = nb::cast(operation.tables);
    recent.push_back(std::move(dict));
  }
  return recent;
}

std::optional<TypedValue> LiteralOf(const std::optional<Expression>& literal) {
  if (!literal) return std::nullopt;
  const auto* node = literal->as<LiteralNode>();
  if (node == nullptr || node->value.is_null()) return std::nullopt;
  return TypedValue{literal->type(), node->value};
}

Result<StatedColumn> ToStatedColumn(const nb::dict& given) {
  StatedColumn column;
  std::optional<std::string> type;
  std::optional<Expression> lower;
  std::optional<Expression> upper;
  OptionReader reader(given);
  reader.Take("type", type);
  reader.Take("lower", lower);
  reader.Take("upper", upper);
  reader.Take("value_count", column.value_count);
  reader.Take("null_count", column.null_count);
  reader.Take("nan_count", column.nan_count);
  ICEFRAME_RETURN_NOT_OK(reader.Finish());
  if (type) {
    ICEFRAME_ASSIGN_OR_RETURN(column.type, Type::ParsePrimitive(*type));
  }
  column.lower = LiteralOf(lower);
  column.upper = LiteralOf(upper);
  return column;
}

// -1: no row can match; 1: every row does; 0: unknown.
Result<int> MatchFile(const OptionMap& columns, FilterArgument filter) {
  StatedColumns stated;
  for (const auto& [name, given] : columns) {
    ICEFRAME_ASSIGN_OR_RETURN(stated[nb::cast<std::string>(name)],
                              ToStatedColumn(nb::cast<nb::dict>(given)));
  }
  ICEFRAME_ASSIGN_OR_RETURN(const Expression expression, ToFilter(std::move(filter)));
  switch (MatchStatistics(expression, stated)) {
    case MatchingRows::kNone:
      return -1;
    case MatchingRows::kUnknown:
      return 0;
    case MatchingRows::kAll:
      return 1;
  }
  return 0;
}

}  // namespace

void BindSkipping(nb::module_& module) {
  module.def("match_statistics", &MatchFile, nb::arg("columns"), nb::arg("filter").none(),
             "-1: no row can match; 1: every row does; 0: unknown.");
  nb::class_<DataSkipper>(module, "DataSkipper", "What scans skipped.")
      .def_static("of_process", [] { return DataSkipper::Process(); })
      .def_static(
          "of_session", [](const Session& session) { return session.data_skipper(); },
          nb::arg("session"))
      .def("total", [](const DataSkipper& self) { return ToDict(self.Total()); })
      .def(
          "of_table",
          [](const DataSkipper& self, const std::string& table) {
            return ToDict(self.OfTable(Session::FullTableName(table)));
          },
          nb::arg("table"))
      .def("recent", &RecentSkips, nb::arg("limit"));
}

}  // namespace iceframe::python
