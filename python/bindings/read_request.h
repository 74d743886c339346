// SPDX-License-Identifier: Apache-2.0
// What a read is asked for, as Python hands it over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include <nanobind/nanobind.h>

#include "iceframe/base/result.h"
#include "iceframe/execution/scan_plan.h"
#include "iceframe/expression/expression.h"

#include "option_reader.h"

namespace iceframe::python {

/// A filter as users give it: none (true), SQL text, or a tree.
using FilterArgument = std::optional<std::variant<std::string, Expression>>;
Result<Expression> ToFilter(FilterArgument filter);

/// At most one of them is given.
TableVersion ToVersion(std::optional<int64_t> snapshot_id, std::optional<int64_t> as_of_timestamp,
                       std::optional<std::string> ref);

/// Options by name: version (snapshot_id, as_of_timestamp, ref), columns, filter, case_sensitive,
/// limit, and those of ReadDelivery; appended (true: only rows that came after since_snapshot_id or
/// since_timestamp), on_removed. What is left out is as ScanOptions has it.
using ReadRequest = OptionMap;
/// Errors: InvalidArgument naming an option that is unknown or has a value of the wrong type, or
/// for a filter's text.
Result<ScanOptions> ToScanOptions(const ReadRequest& request);

}  // namespace iceframe::python
