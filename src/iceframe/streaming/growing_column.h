// SPDX-License-Identifier: Apache-2.0
// A column to which values are appended one by one, and from which the last ones can be taken back.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <arrow/buffer_builder.h>
#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/types/type.h"

namespace iceframe {

/// Values of one field in Arrow's layout. Unlike Arrow's builders it can be cut back, so that a
/// row which turns out to be wrong in its last field leaves nothing behind.
///
/// Children: a struct's fields; a list's element; a map's key and value. A struct's children are as
/// long as the struct once its row is complete.
class GrowingColumn {
 public:
  /// `field` must outlive the column. Errors: Unsupported as ToArrowType.
  static Result<GrowingColumn> Make(const NestedField& field, arrow::MemoryPool* pool);

  const NestedField& field() const { return *field_; }
  const Type& type() const { return field_->type; }
  int64_t length() const { return length_; }
  std::vector<GrowingColumn>& children() { return children_; }

  /// Appends a value that is held as T (types/value.h; a boolean as uint8_t).
  template <typename T>
  Status AppendFixed(const T& value) {
    ICEFRAME_RETURN_NOT_OK(values_.Append(&value, sizeof(T)));
    ++length_;
    return Status::OK();
  }
  /// Appends a string or bytes; for fixed and uuid of the type's length.
  Status AppendBytes(std::string_view bytes);
  /// Appends one list or map, or a struct, whose children have their values already.
  Status AppendNested();
  /// Appends null, whatever the field says.
  Status AppendNull();
  /// Appends a value that fits the type, or null.
  Status AppendValue(const Value& value);

  /// For text that is made in place: room for `num_bytes` more, where it begins, and its end.
  Status ReserveBytes(int64_t num_bytes) { return values_.Reserve(num_bytes); }
  char* next_bytes() { return reinterpret_cast<char*>(values_.mutable_data()) + values_.length(); }
  Status AppendReserved(int64_t num_bytes) {
    values_.UnsafeAdvance(num_bytes);
    return AppendOffset(values_.length());
  }

  /// The bytes of a value of a primitive type; valid until the next change.
  std::string_view BytesAt(int64_t row) const;
  /// Where the elements of the list or map that comes next begin.
  int64_t next_offset() const;

  /// Takes back all from `length` on, at every depth.
  void Truncate(int64_t length);
  /// Returns the values in ToArrowType's form and begins anew.
  Result<std::shared_ptr<arrow::Array>> Finish();
  /// Returns the rows of a struct column as a batch of its fields and begins anew.
  Result<std::shared_ptr<arrow::RecordBatch>> FinishRows(
      const std::shared_ptr<arrow::Schema>& schema);

 private:
  GrowingColumn(const NestedField& field, std::shared_ptr<arrow::DataType> arrow_type,
                arrow::MemoryPool* pool);

  bool has_offsets() const;
  Status AppendOffset(int64_t offset);
  /// Appends what stands in the place of no value.
  Status AppendFiller();
  int64_t OffsetAt(int64_t row) const;
  int64_t num_nulls() const { return nulls_.length() / static_cast<int64_t>(sizeof(int64_t)); }
  /// The row of the null of that number.
  int64_t NullAt(int64_t index) const;
  Status Begin();
  Result<std::shared_ptr<arrow::Buffer>> FinishValidity();
  Result<std::shared_ptr<arrow::Buffer>> FinishValues();
  Result<std::shared_ptr<arrow::ArrayData>> FinishData();

  const NestedField* field_;
  std::shared_ptr<arrow::DataType> arrow_type_;
  arrow::MemoryPool* pool_;
  /// Of a value in `values_`; 0 for text and nested types.
  int64_t width_ = 0;
  int64_t length_ = 0;
  arrow::BufferBuilder values_;
  /// Of text, lists and maps: 0, then the end of each.
  arrow::BufferBuilder offsets_;
  /// The rows that are null as int64, rising.
  arrow::BufferBuilder nulls_;
  std::vector<GrowingColumn> children_;
};

/// Whether two of the values from `begin` on are equal; values of a primitive type.
bool HasRepeated(const GrowingColumn& column, int64_t begin);

}  // namespace iceframe
