// SPDX-License-Identifier: Apache-2.0
// Evaluating bound expressions on Arrow batches.
#pragma once

#include <memory>

#include <arrow/datum.h>
#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"

namespace iceframe {

/// Evaluates on a batch whose fields carry their ids as PARQUET:field_id metadata (at any depth);
/// columns may be dictionary-encoded. The result has a value per row, in ToArrowType's form of the
/// expression's type (or a scalar). Meaning of nulls, NaN, division and overflow:
/// docs/expressions.md. Errors: InvalidArgument (overflow, a cast that fails); ResourceExhausted.
Result<arrow::Datum> Evaluate(const Expression& bound, const arrow::RecordBatch& batch,
                              arrow::MemoryPool* pool);

/// Whether an evaluation failed since its text got too long for 32-bit offsets: fewer rows may do.
bool IsTooLongForBatch(const Status& failed);

/// Returns the rows for which a bound predicate is true, as a boolean array without nulls.
Result<std::shared_ptr<arrow::BooleanArray>> EvaluateFilter(const Expression& bound,
                                                            const arrow::RecordBatch& batch,
                                                            arrow::MemoryPool* pool);

}  // namespace iceframe
