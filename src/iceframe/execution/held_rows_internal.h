// SPDX-License-Identifier: Apache-2.0
// Rows that an operator holds as a whole: columns, and what it needs to know of each row.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "iceframe/execution/evaluated_parts_internal.h"

namespace iceframe {

/// Columns as whole arrays in storage form, wide (types/wide_array.h) where they reach farther than
/// a limit.
struct HeldRows {
  int64_t num_rows = 0;
  arrow::ArrayVector columns;
  /// The values of the expressions that were asked for.
  arrow::ArrayVector values;
};

/// Makes whole arrays of columns of a schema and of expressions over them.
class RowHolder {
 public:
  RowHolder(const Schema& schema, std::vector<Expression> expressions,
            const OperationContext& context, int64_t max_bytes)
      : schema_(schema),
        expressions_(std::move(expressions)),
        context_(context),
        max_bytes_(max_bytes) {}

  const std::vector<Expression>& expressions() const { return expressions_; }
  /// `held`, then `parts`, whose values are those of the expressions. Asks whether to go on
  /// between columns.
  Result<HeldRows> Join(HeldRows held, std::vector<EvaluatedPart> parts) const;
  /// Reads an operator that is open to its end.
  Result<HeldRows> ReadAll(Operator* input) const;

 private:
  Result<ArrayPtr> JoinColumn(const Type& type, arrow::ArrayVector chunks) const;

  const Schema& schema_;
  std::vector<Expression> expressions_;
  const OperationContext& context_;
  int64_t max_bytes_;
};

}  // namespace iceframe
