// SPDX-License-Identifier: Apache-2.0
// Deleting the files of a dropped table.
#pragma once

#include <optional>
#include <string>

#include "iceframe/catalog/catalog.h"

namespace iceframe {

/// Says whether files of a table may be deleted by listing: its metadata must lie at its own
/// location, that may not hold `warehouse`, and no `other` table may lie there. Errors:
/// InvalidArgument saying why not.
Status CheckPurge(const LoadedTable& table, const std::string& warehouse,
                  const std::optional<std::string>& other);

/// Deletes what lies in the folders data and metadata below `root`. Each failure is logged.
void PurgeFiles(const OperationContext& context, FileIO& io, const std::string& root);

}  // namespace iceframe
