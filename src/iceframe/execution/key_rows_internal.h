// SPDX-License-Identifier: Apache-2.0
// Columns of keys as rows of bytes that are equal where the keys are.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <arrow/buffer_builder.h>
#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/execution/columns_internal.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// The layout of a row of keys, in this order: the number of its group, which is not part of the
/// key; the row's length in words of eight bytes (only if a key is text); the values of fixed
/// width; a byte per key, 1 if it is null; the lengths of texts; the texts; zeros up to the next
/// word. A null value is all zeros.
class KeyLayout {
 public:
  /// For keys in their groupable form (columns_internal.h). Errors: Unsupported for another type.
  static Result<KeyLayout> Make(const arrow::ArrayVector& keys);

  /// The rows of a batch, one after the other; their owner's numbers are 0.
  struct Rows {
    explicit Rows(arrow::MemoryPool* pool) : words(pool), starts(pool) {}
    const uint64_t* Row(int64_t row) const { return words.data() + Start(row); }
    int64_t NumWords(int64_t row) const { return Start(row + 1) - Start(row); }
    int64_t Start(int64_t row) const {
      return row_words != 0 ? row * row_words : starts.data()[row];
    }

    arrow::TypedBufferBuilder<uint64_t> words;
    /// Of every row; 0: they differ, `starts` says where each begins, and last where they end.
    int64_t row_words = 0;
    arrow::TypedBufferBuilder<int64_t> starts;
  };
  /// Text may be wide in one batch and not in another. Errors: ResourceExhausted for a row of more
  /// than 4 GiB.
  Status Encode(const arrow::ArrayVector& keys, int64_t num_rows, Rows* rows) const;

  static uint32_t Number(const uint64_t* row) { return static_cast<uint32_t>(*row); }
  /// Numbers a row, which has no number yet.
  static void SetNumber(uint32_t number, uint64_t* row) { *row |= number; }
  /// Whether two rows, the second of `num_words`, hold the same keys.
  static bool AreEqual(const uint64_t* left, const uint64_t* right, int64_t num_words);
  int64_t NumWords(const uint64_t* row) const;

  /// The keys of rows as columns, text wide where it is longer than `max_bytes`.
  Result<arrow::ArrayVector> Decode(const OperationContext& context,
                                    std::span<const uint64_t* const> rows, int64_t max_bytes,
                                    arrow::MemoryPool* pool) const;

 private:
  struct Column {
    std::shared_ptr<arrow::DataType> type;
    /// In bytes from the row's start: of the value, or of the text's length.
    int64_t position = 0;
    /// Of the value; 0: text, or a type of nulls alone.
    int64_t width = 0;
    bool is_text = false;
  };

  /// Finds where each row begins.
  Status SetStarts(const arrow::ArrayVector& keys, int64_t num_rows, Rows* rows) const;
  template <typename RowAt>
  void EncodeColumn(size_t number, const arrow::Array& values, const RowAt& row_at) const;
  void EncodeText(const Column& column, const arrow::Array& values, Rows* rows,
                  std::vector<int64_t>* text_ends) const;
  std::string_view TextAt(const char* row, size_t number) const;
  Result<ArrayPtr> DecodeColumn(const OperationContext& context, size_t number,
                                std::span<const uint64_t* const> rows, int64_t max_bytes,
                                arrow::MemoryPool* pool) const;

  std::vector<Column> columns_;
  bool has_text_ = false;
  int64_t nulls_position_ = 0;
  /// The bytes before the texts; without text keys, rounded up to whole words.
  int64_t fixed_bytes_ = 0;
};

/// Little-endian machines have the number in the first word's lower half.
inline bool KeyLayout::AreEqual(const uint64_t* left, const uint64_t* right, int64_t num_words) {
  if ((*left ^ *right) >> 32U != 0) return false;
  for (int64_t i = 1; i < num_words; ++i) {
    if (left[i] != right[i]) return false;
  }
  return true;
}

}  // namespace iceframe
