// SPDX-License-Identifier: Apache-2.0
// What must hold within one table's metadata, whether it was read or built.
#pragma once

#include "iceframe/base/result.h"
#include "iceframe/format/table_metadata.h"

namespace iceframe::internal {

/// Checks that ids are unique, that current and default ids name something listed, that refs name
/// snapshots, and that counters are not behind what they count. Errors: InvalidMetadata.
Status CheckConsistency(const TableMetadata& metadata);

}  // namespace iceframe::internal
