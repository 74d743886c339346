// SPDX-License-Identifier: Apache-2.0
// Rows that are written must meet a predicate.
#pragma once

#include <memory>
#include <string>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/types/schema.h"

namespace iceframe::internal {

class WantedRows {
 public:
  /// Errors: InvalidArgument, as binding.
  static Result<WantedRows> Make(const Expression& predicate, const Schema& schema);

  /// Errors: InvalidArgument naming the first row for which the predicate is not true, counted from
  /// `first_row`, and what it has. `batch` is in the schema's form.
  Status Check(const arrow::RecordBatch& batch, int64_t first_row, arrow::MemoryPool* pool) const;

 private:
  /// As it was written.
  std::string text_;
  Expression predicate_;
  std::shared_ptr<arrow::Schema> arrow_schema_;
  std::shared_ptr<const Schema> columns_;
};

}  // namespace iceframe::internal
