// SPDX-License-Identifier: Apache-2.0
// Which types, defaults and transforms a format version knows.
#pragma once

#include "iceframe/base/result.h"
#include "iceframe/format/partition_spec.h"
#include "iceframe/types/schema.h"

namespace iceframe::internal {

inline constexpr int32_t kNewestFormatVersion = 3;

/// Errors: InvalidArgument naming a column of a v3 type or with a default in an older table.
Status CheckSchemaFitsVersion(const Schema& schema, int32_t format_version);
/// Errors: InvalidArgument naming a field of several sources in a table before v3.
Status CheckSpecFitsVersion(const PartitionSpec& spec, int32_t format_version);

}  // namespace iceframe::internal
