// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include "iceframe/execution/key_rows_internal.h"

namespace iceframe {

namespace {

constexpr int64_t kWordBytes = 8;

int64_t RoundUpToWords(int64_t num_bytes) {
  return (num_bytes + kWordBytes - 1) / kWordBytes * kWordBytes;
}

bool IsWide(const arrow::DataType& type) {
  return type.id() == arrow::Type::LARGE_STRING || type.id() == arrow::Type::LARGE_BINARY;
}

std::shared_ptr<arrow::DataType> WideForm(const std::shared_ptr<arrow::DataType>& type) {
  if (type->id() == arrow::Type::STRING) return arrow::large_utf8();
  if (type->id() == arrow::Type::BINARY) return arrow::large_binary();
  return type;
}

// Calls visit(row, text) for each row that is not null.
template <typename Visit>
void ForEachText(const arrow::Array& values, const Visit& visit) {
  const auto each = [&](const auto& texts) {
    for (int64_t row = 0; row < texts.length(); ++row) {
      if (texts.IsValid(row)) visit(row, texts.GetView(row));
    }
  };
  if (IsWide(*values.type())) return each(static_cast<const arrow::LargeBinaryArray&>(values));
  each(static_cast<const arrow::BinaryArray&>(values));
}

// Lengths, of texts in bytes and of rows in words.
using Length = uint32_t;
constexpr int64_t kLengthBytes = sizeof(Length);
constexpr int64_t kRowLengthPosition = kLengthBytes;
constexpr int64_t kMaxRowWords = std::numeric_limits<Length>::max() / kWordBytes;

Length LengthAt(const char* row, int64_t position) {
  Length length = 0;
  std::memcpy(&length, row + position, sizeof(length));
  return length;
}

void SetLength(int64_t length, char* to) {
  const auto narrow = static_cast<Length>(length);
  std::memcpy(to, &narrow, sizeof(narrow));
}

}  // namespace

Result<KeyLayout> KeyLayout::Make(const arrow::ArrayVector& keys) {
  KeyLayout layout;
  for (const ArrayPtr& key : keys) {
    Column column;
    column.type = key->type();
    column.is_text = arrow::is_base_binary_like(key->type_id());
    if (arrow::is_fixed_width(key->type_id())) {
      column.width = std::max<int64_t>(1, key->type()->byte_width());
    } else if (!column.is_text && key->type_id() != arrow::Type::NA) {
      return Error(ErrorKind::kUnsupported, "grouping by ", key->type()->ToString());
    }
    layout.has_text_ = layout.has_text_ || column.is_text;
    layout.columns_.push_back(std::move(column));
  }
  int64_t position = layout.has_text_ ? 2 * kLengthBytes : kLengthBytes;
  for (Column& column : layout.columns_) {
    if (column.is_text) continue;
    column.position = position;
    position += column.width;
  }
  layout.nulls_position_ = position;
  position = position + static_cast<int64_t>(layout.columns_.size());
  for (Column& column : layout.columns_) {
    if (!column.is_text) continue;
    column.position = position;
    position += kLengthBytes;
  }
  layout.fixed_bytes_ = layout.has_text_ ? position : RoundUpToWords(position);
  return layout;
}

int64_t KeyLayout::NumWords(const uint64_t* row) const {
  return has_text_ ? LengthAt(reinterpret_cast<const char*>(row), kRowLengthPosition)
                   : fixed_bytes_ / kWordBytes;
}

Status KeyLayout::Encode(const arrow::ArrayVector& keys, int64_t num_rows, Rows* rows) const {
  ICEFRAME_RETURN_NOT_OK(SetStarts(keys, num_rows, rows));
  rows->words.Reset();
  ICEFRAME_RETURN_NOT_OK(rows->words.Append(rows->Start(num_rows), uint64_t{0}));
  char* const bytes = reinterpret_cast<char*>(rows->words.mutable_data());
  if (!has_text_) {
    const int64_t stride = fixed_bytes_;
    const auto row_at = [bytes, stride](int64_t row) { return bytes + row * stride; };
    for (size_t i = 0; i < keys.size(); ++i) EncodeColumn(i, *keys[i], row_at);
    return Status::OK();
  }
  const int64_t* starts = rows->starts.data();
  const auto row_at = [bytes, starts](int64_t row) { return bytes + starts[row] * kWordBytes; };
  std::vector<int64_t> text_ends(static_cast<size_t>(num_rows), fixed_bytes_);
  for (int64_t row = 0; row < num_rows; ++row) {
    SetLength(rows->NumWords(row), row_at(row) + kRowLengthPosition);
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    EncodeColumn(i, *keys[i], row_at);
    if (columns_[i].is_text) EncodeText(columns_[i], *keys[i], rows, &text_ends);
  }
  return Status::OK();
}

Status KeyLayout::SetStarts(const arrow::ArrayVector& keys, int64_t num_rows, Rows* rows) const {
  if (!has_text_) {
    rows->row_words = fixed_bytes_ / kWordBytes;
    return Status::OK();
  }
  rows->starts.Reset();
  ICEFRAME_RETURN_NOT_OK(rows->starts.Append(num_rows + 1, fixed_bytes_));
  int64_t* lengths = rows->starts.mutable_data();
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!columns_[i].is_text) continue;
    ForEachText(*keys[i], [lengths](int64_t row, std::string_view text) {
      lengths[row] += static_cast<int64_t>(text.size());
    });
  }
  int64_t next = 0;
  for (int64_t row = 0; row <= num_rows; ++row) {
    const int64_t row_words = RoundUpToWords(lengths[row]) / kWordBytes;
    if (row_words > kMaxRowWords) {
      return Error(ErrorKind::kResourceExhausted,
                   "a row's keys are too long to group by: ", lengths[row], " bytes");
    }
    lengths[row] = next;
    next += row_words;
  }
  return Status::OK();
}

void KeyLayout::EncodeText(const Column& column, const arrow::Array& values, Rows* rows,
                           std::vector<int64_t>* text_ends) const {
  char* const bytes = reinterpret_cast<char*>(rows->words.mutable_data());
  ForEachText(values, [&](int64_t row, std::string_view text) {
    char* const to = bytes + rows->Start(row) * kWordBytes;
    const auto length = static_cast<int64_t>(text.size());
    SetLength(length, to + column.position);
    int64_t& end = (*text_ends)[static_cast<size_t>(row)];
    std::memcpy(to + end, text.data(), text.size());
    end += length;
  });
}

// What is not text, and whether it is null.
template <typename RowAt>
void KeyLayout::EncodeColumn(size_t number, const arrow::Array& values, const RowAt& row_at) const {
  const Column& column = columns_[number];
  const bool is_all_null = column.type->id() == arrow::Type::NA;
  const bool has_nulls = is_all_null || values.null_count() > 0;
  if (has_nulls) {
    const int64_t null_position = nulls_position_ + static_cast<int64_t>(number);
    for (int64_t row = 0; row < values.length(); ++row) {
      if (is_all_null || values.IsNull(row)) row_at(row)[null_position] = 1;
    }
  }
  if (column.width == 0) return;
  const int64_t position = column.position;
  const auto copy_all = [&](const auto& copy) {
    for (int64_t row = 0; row < values.length(); ++row) {
      if (!has_nulls || values.IsValid(row)) copy(row, row_at(row) + position);
    }
  };
  if (values.type_id() == arrow::Type::BOOL) {
    const auto& flags = static_cast<const arrow::BooleanArray&>(values);
    return copy_all([&](int64_t row, char* to) { *to = flags.Value(row) ? 1 : 0; });
  }
  const int64_t width = column.width;
  const char* from = values.data()->GetValues<char>(1, 0) + values.offset() * width;
  switch (width) {
    case 4:
      return copy_all([from](int64_t row, char* to) { std::memcpy(to, from + row * 4, 4); });
    case 8:
      return copy_all([from](int64_t row, char* to) { std::memcpy(to, from + row * 8, 8); });
    case 16:
      return copy_all([from](int64_t row, char* to) { std::memcpy(to, from + row * 16, 16); });
    default:
      copy_all([=](int64_t row, char* to) {
        std::memcpy(to, from + row * width, static_cast<size_t>(width));
      });
  }
}

namespace {

// Calls visit(index, bytes of the row), asking now and then whether to go on.
template <typename Visit>
Status ForEachRow(const OperationContext& context, std::span<const uint64_t* const> rows,
                  const Visit& visit) {
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i % kRowsPerCheck == 0) ICEFRAME_RETURN_NOT_OK(context.Check());
    visit(static_cast<int64_t>(i), reinterpret_cast<const char*>(rows[i]));
  }
  return Status::OK();
}

struct Bits {
  std::shared_ptr<arrow::Buffer> buffer;
  int64_t num_unset = 0;
};

template <typename IsSet>
Result<Bits> BitsOf(const OperationContext& context, std::span<const uint64_t* const> rows,
                    arrow::MemoryPool* pool, const IsSet& is_set) {
  arrow::TypedBufferBuilder<bool> bits(pool);
  ICEFRAME_RETURN_NOT_OK(bits.Reserve(static_cast<int64_t>(rows.size())));
  ICEFRAME_RETURN_NOT_OK(
      ForEachRow(context, rows, [&](int64_t, const char* row) { bits.UnsafeAppend(is_set(row)); }));
  const int64_t num_unset = bits.false_count();
  ICEFRAME_ASSIGN_OR_RETURN(auto buffer, bits.Finish());
  return Bits{std::move(buffer), num_unset};
}

Result<std::shared_ptr<arrow::Buffer>> ValuesOf(const OperationContext& context,
                                                std::span<const uint64_t* const> rows,
                                                int64_t position, int64_t width,
                                                arrow::MemoryPool* pool) {
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> values,
                            arrow::AllocateBuffer(static_cast<int64_t>(rows.size()) * width, pool));
  auto* to = values->mutable_data_as<char>();
  ICEFRAME_RETURN_NOT_OK(ForEachRow(context, rows, [&](int64_t i, const char* row) {
    std::memcpy(to + i * width, row + position, static_cast<size_t>(width));
  }));
  return values;
}

Result<int64_t> NumTextBytes(const OperationContext& context, std::span<const uint64_t* const> rows,
                             int64_t position) {
  int64_t num_bytes = 0;
  ICEFRAME_RETURN_NOT_OK(ForEachRow(
      context, rows, [&](int64_t, const char* row) { num_bytes += LengthAt(row, position); }));
  return num_bytes;
}

// Offsets and bytes of texts; `text_at` returns a row's.
template <typename Offset, typename TextAt>
Result<std::vector<std::shared_ptr<arrow::Buffer>>> TextBuffers(
    const OperationContext& context, std::span<const uint64_t* const> rows, int64_t num_bytes,
    arrow::MemoryPool* pool, const TextAt& text_at) {
  const auto num_offsets = static_cast<int64_t>(rows.size()) + 1;
  ICEFRAME_ASSIGN_OR_RETURN(
      std::shared_ptr<arrow::Buffer> offsets,
      arrow::AllocateBuffer(num_offsets * static_cast<int64_t>(sizeof(Offset)), pool));
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> bytes,
                            arrow::AllocateBuffer(num_bytes, pool));
  auto* offset = offsets->mutable_data_as<Offset>();
  auto* to = bytes->mutable_data_as<char>();
  int64_t next = 0;
  ICEFRAME_RETURN_NOT_OK(ForEachRow(context, rows, [&](int64_t i, const char* row) {
    const std::string_view text = text_at(row);
    offset[i] = static_cast<Offset>(next);
    if (!text.empty()) std::memcpy(to + next, text.data(), text.size());
    next += static_cast<int64_t>(text.size());
  }));
  offset[num_offsets - 1] = static_cast<Offset>(next);
  return std::vector{std::move(offsets), std::move(bytes)};
}

}  // namespace

Result<arrow::ArrayVector> KeyLayout::Decode(const OperationContext& context,
                                             std::span<const uint64_t* const> rows,
                                             int64_t max_bytes, arrow::MemoryPool* pool) const {
  arrow::ArrayVector keys;
  for (size_t i = 0; i < columns_.size(); ++i) {
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr key, DecodeColumn(context, i, rows, max_bytes, pool));
    keys.push_back(std::move(key));
  }
  return keys;
}

Result<ArrayPtr> KeyLayout::DecodeColumn(const OperationContext& context, size_t number,
                                         std::span<const uint64_t* const> rows, int64_t max_bytes,
                                         arrow::MemoryPool* pool) const {
  const Column& column = columns_[number];
  const auto num_rows = static_cast<int64_t>(rows.size());
  if (column.type->id() == arrow::Type::NA) {
    return arrow::MakeArrayOfNull(column.type, num_rows, pool);
  }
  const int64_t null_position = nulls_position_ + static_cast<int64_t>(number);
  const auto is_valid = [null_position](const char* row) { return row[null_position] == 0; };
  ICEFRAME_ASSIGN_OR_RETURN(const Bits validity, BitsOf(context, rows, pool, is_valid));
  std::shared_ptr<arrow::DataType> type = column.type;
  std::vector<std::shared_ptr<arrow::Buffer>> buffers;
  if (column.is_text) {
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t num_bytes,
                              NumTextBytes(context, rows, column.position));
    if (num_bytes > max_bytes) type = WideForm(type);
    const auto text_at = [&](const char* row) { return TextAt(row, number); };
    auto made = IsWide(*type) ? TextBuffers<int64_t>(context, rows, num_bytes, pool, text_at)
                              : TextBuffers<int32_t>(context, rows, num_bytes, pool, text_at);
    ICEFRAME_ASSIGN_OR_RETURN(buffers, std::move(made));
  } else if (type->id() == arrow::Type::BOOL) {
    const auto is_set = [&column](const char* row) { return row[column.position] != 0; };
    ICEFRAME_ASSIGN_OR_RETURN(const Bits flags, BitsOf(context, rows, pool, is_set));
    buffers = {flags.buffer};
  } else {
    ICEFRAME_ASSIGN_OR_RETURN(auto values,
                              ValuesOf(context, rows, column.position, column.width, pool));
    buffers = {std::move(values)};
  }
  buffers.insert(buffers.begin(), validity.num_unset == 0 ? nullptr : validity.buffer);
  return arrow::MakeArray(
      arrow::ArrayData::Make(std::move(type), num_rows, std::move(buffers), validity.num_unset));
}

// The texts of the columns before come first.
std::string_view KeyLayout::TextAt(const char* row, size_t number) const {
  const char* text = row + fixed_bytes_;
  for (size_t i = 0; i < number; ++i) {
    if (columns_[i].is_text) text += LengthAt(row, columns_[i].position);
  }
  return {text, LengthAt(row, columns_[number].position)};
}

}  // namespace iceframe
