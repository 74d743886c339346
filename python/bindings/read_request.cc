// SPDX-License-Identifier: Apache-2.0
// The one place where what a read is asked for comes from Python: a mapping of options by name.
#include "read_request.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include "iceframe/base/nearest_name.h"
#include "iceframe/expression/parse_expression.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

class OptionReader {
 public:
  explicit OptionReader(const nb::dict& given) : given_(given) {}

  /// Sets `out` if the option was given.
  template <typename T>
  void Take(const char* name, T& out) {
    names_.emplace_back(name);
    if (!given_.contains(name)) return;
    ++num_taken_;
    const nb::object value = given_[name];
    if (status_.ok() && !nb::try_cast<T>(value, out)) {
      status_ = Error(ErrorKind::kInvalidArgument, "option has a value of the wrong type: ", name,
                      " = ", nb::cast<std::string>(nb::repr(value)));
    }
  }

  /// Errors: InvalidArgument for a value of the wrong type, or a name that was not asked for.
  Status Finish() const {
    ICEFRAME_RETURN_NOT_OK(status_);
    if (num_taken_ == given_.size()) return Status::OK();
    for (const auto& [key, value] : given_) {
      const auto name = nb::cast<std::string>(nb::str(key));
      bool is_known = false;
      for (const std::string_view known : names_) is_known = is_known || known == name;
      if (is_known) continue;
      return Error(ErrorKind::kInvalidArgument, "unknown option: ", name, "; did you mean ",
                   NearestName(name, names_), "?");
    }
    return Status::OK();
  }

 private:
  const nb::dict& given_;
  std::vector<std::string_view> names_;
  size_t num_taken_ = 0;
  Status status_;
};

}  // namespace

Result<Expression> ToFilter(FilterArgument filter) {
  if (!filter) return True();
  if (auto* expression = std::get_if<Expression>(&*filter)) return std::move(*expression);
  return ParseExpression(std::get<std::string>(*filter));
}

TableVersion ToVersion(std::optional<int64_t> snapshot_id, std::optional<int64_t> as_of_timestamp,
                       std::optional<std::string> ref) {
  TableVersion version;
  if (snapshot_id) version.snapshot_id = SnapshotId(*snapshot_id);
  version.as_of_timestamp_ms = as_of_timestamp;
  version.ref = std::move(ref);
  return version;
}

Result<ScanOptions> ToScanOptions(const ReadRequest& request) {
  ScanOptions options;
  FilterArgument filter;
  std::optional<int64_t> snapshot_id;
  OptionReader reader(request);
  reader.Take("snapshot_id", snapshot_id);
  reader.Take("as_of_timestamp", options.version.as_of_timestamp_ms);
  reader.Take("ref", options.version.ref);
  reader.Take("columns", options.columns);
  reader.Take("filter", filter);
  reader.Take("case_sensitive", options.rows.case_sensitive);
  reader.Take("limit", options.rows.limit);
  VisitOptions(options.delivery,
               [&](const char* name, auto& member) { reader.Take(name, member); });
  ICEFRAME_RETURN_NOT_OK(reader.Finish());
  if (snapshot_id) options.version.snapshot_id = SnapshotId(*snapshot_id);
  ICEFRAME_ASSIGN_OR_RETURN(options.rows.filter, ToFilter(std::move(filter)));
  return options;
}

}  // namespace iceframe::python
