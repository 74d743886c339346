// SPDX-License-Identifier: Apache-2.0
// A new table's partition spec, from what its maker names. Spec: "Partitioning".
#pragma once

#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/format/partition_spec.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// One field of a spec by names: {"ts", "day"}.
struct PartitionBy {
  /// The source column, by its full name.
  std::string column;
  /// In the metadata's spelling: "identity", "bucket[16]", "truncate[4]", "year" … "hour", "void".
  std::string transform = "identity";
};

/// Returns the spec of these fields, in order; none: unpartitioned. Ids count from
/// kFirstPartitionFieldId, names are the reference implementation's, told apart by the id where two
/// are the same. Errors: InvalidArgument naming the column or transform: unknown, not fitting, or
/// given twice.
Result<PartitionSpec> MakePartitionSpec(const Schema& schema,
                                        const std::vector<PartitionBy>& fields);

}  // namespace iceframe
