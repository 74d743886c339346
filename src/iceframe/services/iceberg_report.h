// SPDX-License-Identifier: Apache-2.0
// Scans and commits as Iceberg's reports: what its REST API takes as "report-metrics".
#pragma once

#include <optional>

#include "iceframe/base/json.h"
#include "iceframe/runtime/operation_observer.h"

namespace iceframe {

/// A ScanReport or LandedCommit as JSON ("scan-report", "commit-report"); nullopt for other
/// details. Literals of filters are "(redacted)"; a filter that is very large, or that Iceberg's
/// expressions can't say, is true in part.
std::optional<Json> IcebergReport(const OperationDetail& detail);

}  // namespace iceframe
