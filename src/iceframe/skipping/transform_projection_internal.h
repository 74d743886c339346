// SPDX-License-Identifier: Apache-2.0
// What a predicate on a column means for the column's transformed values.
#pragma once

#include <optional>
#include <vector>

#include "iceframe/expression/expression.h"
#include "iceframe/skipping/column_predicate_internal.h"
#include "iceframe/types/transform.h"
#include "iceframe/types/type.h"

namespace iceframe::internal {

enum class ProjectionMode : uint8_t { kInclusive, kStrict };

/// Returns a bound predicate over `partition_field`: inclusive, true for f(x) whenever the
/// predicate is true for x; strict, true for f(x) only if the predicate is true for every x with
/// that f(x). nullopt where the transform can't tell.
std::optional<Expression> ProjectThroughTransform(const ColumnPredicate& predicate,
                                                  const Transform& transform,
                                                  const NestedField& partition_field,
                                                  ProjectionMode mode);

// Builders of bound trees, constants folded.
Expression BoundConstant(bool value);
Expression BoundAnd(std::vector<Expression> operands);
Expression BoundOr(std::vector<Expression> operands);

}  // namespace iceframe::internal
