// SPDX-License-Identifier: Apache-2.0
// Rows in the form of a table's columns: those that come in, and those that waited while the
// columns changed.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/types/schema.h"

namespace iceframe {

class LosslessCast;

/// One schema of a table, and batches cast into it. Thread-safe.
class RowForm {
 public:
  static Result<std::shared_ptr<const RowForm>> Make(std::shared_ptr<const Schema> schema,
                                                     arrow::MemoryPool* pool);
  ~RowForm();

  const std::shared_ptr<const Schema>& schema() const { return schema_; }
  /// Of the batches that Cast returns.
  const std::shared_ptr<arrow::Schema>& arrow_schema() const { return arrow_schema_; }
  /// The same with field ids, for those who keep rows.
  const std::shared_ptr<arrow::Schema>& schema_to_keep() const { return schema_to_keep_; }

  /// Returns the batch with the table's columns, without a lossy cast.
  /// Errors: SchemaMismatch naming the column, both types and, where one is to blame, the value.
  Result<std::shared_ptr<arrow::RecordBatch>> Cast(const arrow::RecordBatch& batch) const;

  /// Returns rows that were kept under another schema of the same table with the columns of this
  /// one, which are found by field id: renamed ones under their new names, dropped ones left out.
  /// Errors: SchemaMismatch naming a column that they lack or whose type they don't fit any more.
  Result<std::shared_ptr<arrow::RecordBatch>> Adopt(const arrow::RecordBatch& rows,
                                                    const arrow::Schema& kept_with) const;

 private:
  RowForm() = default;
  Result<std::shared_ptr<const LosslessCast>> CastOf(const arrow::Schema& schema) const;

  std::shared_ptr<const Schema> schema_;
  std::shared_ptr<arrow::Schema> arrow_schema_;
  std::shared_ptr<arrow::Schema> schema_to_keep_;
  arrow::MemoryPool* pool_ = nullptr;

  mutable std::mutex mutex_;
  // The last one, since batches of one writer mostly look alike.
  mutable std::shared_ptr<arrow::Schema> cast_from_;
  mutable std::shared_ptr<const LosslessCast> cast_;
};

}  // namespace iceframe
