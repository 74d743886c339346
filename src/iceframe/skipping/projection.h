// SPDX-License-Identifier: Apache-2.0
// Row filters as filters on partition tuples. Spec: "Scan Planning", "Partition Transforms".
#pragma once

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/format/partition_spec.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// A bound predicate over PartitionType(spec)'s fields that is true for every partition which may
/// hold a row the filter keeps. `filter` is bound to `schema` and simplified. What a transform
/// can't tell (unknown transforms, dropped sources, many sources) becomes true.
Result<Expression> ProjectInclusive(const Expression& filter, const PartitionSpec& spec,
                                    const Schema& schema);

/// One that is true only for partitions all of whose rows the filter keeps.
Result<Expression> ProjectStrict(const Expression& filter, const PartitionSpec& spec,
                                 const Schema& schema);

}  // namespace iceframe
