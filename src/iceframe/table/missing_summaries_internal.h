// SPDX-License-Identifier: Apache-2.0
// Partition summaries that other writers left out.
#pragma once

#include <vector>

#include "iceframe/format/manifest_file.h"
#include "iceframe/table/commit.h"

namespace iceframe::internal {

/// Reads the manifests of partitioned specs that have no summaries, and makes them: Iceberg Java
/// can do without neither the list nor its items. Those that can't be read are left alone.
/// Errors: Cancelled; Timeout.
Status FillMissingSummaries(const CommitAttempt& attempt, std::vector<ManifestFile>* manifests);

}  // namespace iceframe::internal
