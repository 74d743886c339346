// SPDX-License-Identifier: Apache-2.0
// Filters as the expressions of Iceberg's reports.
#pragma once

#include "iceframe/base/json.h"
#include "iceframe/expression/expression.h"

namespace iceframe::internal {

/// The filter with "(redacted)" for each literal; what Iceberg's expressions can't say is true.
Json ReportFilter(const Expression& filter);

}  // namespace iceframe::internal
