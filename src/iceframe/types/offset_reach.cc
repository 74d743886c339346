// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/offset_reach.h"

#include <algorithm>
#include <utility>

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>

namespace iceframe {

namespace {

using arrow::ArrayData;

bool IsNull(const ArrayData& data, int64_t i) {
  const auto& bits = data.buffers.empty() ? nullptr : data.buffers[0];
  return bits != nullptr && data.type->id() != arrow::Type::SPARSE_UNION &&
         data.type->id() != arrow::Type::DENSE_UNION &&
         !arrow::bit_util::GetBit(bits->data(), static_cast<uint64_t>(data.offset + i));
}

// The value of an index column of any width.
int64_t IndexAt(const ArrayData& indices, arrow::Type::type type, int64_t i) {
  switch (type) {
    case arrow::Type::INT8:
      return indices.GetValues<int8_t>(1)[i];
    case arrow::Type::UINT8:
      return indices.GetValues<uint8_t>(1)[i];
    case arrow::Type::INT16:
      return indices.GetValues<int16_t>(1)[i];
    case arrow::Type::UINT16:
      return indices.GetValues<uint16_t>(1)[i];
    case arrow::Type::INT32:
      return indices.GetValues<int32_t>(1)[i];
    case arrow::Type::UINT32:
      return indices.GetValues<uint32_t>(1)[i];
    default:
      return indices.GetValues<int64_t>(1)[i];
  }
}

template <typename Offset>
int64_t ReachOfOffsets(const ArrayData& rows, int64_t begin, int64_t length) {
  if (rows.buffers[1] == nullptr || rows.buffers[1]->size() == 0) return 0;
  const auto* offsets = rows.GetValues<Offset>(1) + begin;
  const int64_t count = offsets[length] - offsets[0];
  if (rows.child_data.empty()) return count;
  return std::max(count, OffsetReach(*rows.child_data[0], offsets[0], count));
}

int64_t ReachOfViews(const ArrayData& rows, int64_t begin, int64_t length) {
  const auto* views = rows.GetValues<arrow::BinaryViewType::c_type>(1) + begin;
  int64_t bytes = 0;
  for (int64_t i = 0; i < length; ++i) {
    if (!IsNull(rows, begin + i)) bytes += std::max<int32_t>(0, views[i].size());
  }
  return bytes;
}

template <typename Offset>
int64_t ReachOfListViews(const ArrayData& rows, int64_t begin, int64_t length) {
  const auto* offsets = rows.GetValues<Offset>(1) + begin;
  const auto* sizes = rows.GetValues<Offset>(2) + begin;
  int64_t count = 0;
  int64_t below = 0;
  for (int64_t i = 0; i < length; ++i) {
    if (IsNull(rows, begin + i) || sizes[i] <= 0) continue;
    count += sizes[i];
    below += OffsetReach(*rows.child_data[0], offsets[i], sizes[i]);
  }
  return std::max(count, below);
}

// Parquet's form: codes of 32 bits for plain text.
int64_t ReachOfTextCodes(const ArrayData& rows, int64_t begin, int64_t length) {
  const auto* codes = rows.GetValues<int32_t>(1) + begin;
  const auto* offsets = rows.dictionary->GetValues<int32_t>(1);
  const bool has_nulls = rows.MayHaveNulls();
  const auto is_known = [&](int32_t code) { return code >= 0 && code < rows.dictionary->length; };
  int64_t reach = 0;
  for (int64_t i = 0; i < length; ++i) {
    if ((has_nulls && IsNull(rows, begin + i)) || !is_known(codes[i])) continue;
    reach += offsets[codes[i] + 1] - offsets[codes[i]];
  }
  return reach;
}

int64_t ReachOfCodes(const ArrayData& rows, int64_t begin, int64_t length) {
  const ArrayData& values = *rows.dictionary;
  const auto type = static_cast<const arrow::DictionaryType&>(*rows.type).index_type()->id();
  const bool is_text =
      values.type->id() == arrow::Type::STRING || values.type->id() == arrow::Type::BINARY;
  if (is_text && type == arrow::Type::INT32 && values.length > 0 && !values.MayHaveNulls()) {
    return ReachOfTextCodes(rows, begin, length);
  }
  int64_t reach = 0;
  for (int64_t i = begin; i < begin + length; ++i) {
    if (IsNull(rows, i)) continue;
    const int64_t code = IndexAt(rows, type, i);
    if (code >= 0 && code < values.length) reach += OffsetReach(values, code, 1);
  }
  return reach;
}

int64_t ReachOfRuns(const ArrayData& rows, int64_t begin, int64_t length) {
  const ArrayData& ends = *rows.child_data[0];
  const ArrayData& values = *rows.child_data[1];
  const auto type = ends.type->id();
  int64_t row = rows.offset + begin;
  const int64_t last = row + length;
  int64_t reach = 0;
  for (int64_t run = 0; run < std::min(ends.length, values.length) && row < last; ++run) {
    const int64_t end = std::min(last, IndexAt(ends, type, run));
    if (end <= row) continue;
    reach += (end - row) * OffsetReach(values, run, 1);
    row = end;
  }
  return reach;
}

template <typename Offset>
int64_t LongestOfOffsets(const ArrayData& rows) {
  if (rows.length == 0 || rows.buffers[1] == nullptr) return 0;
  const auto* offsets = rows.GetValues<Offset>(1);
  Offset longest = 0;
  for (int64_t i = 0; i < rows.length; ++i) {
    longest = std::max(longest, static_cast<Offset>(offsets[i + 1] - offsets[i]));
  }
  return longest;
}

template <typename Position>
int64_t NumFittingIn(const ArrayData& column, const arrow::Array& rows, int64_t max_rows,
                     int64_t limit) {
  const auto* positions = rows.data()->GetValues<Position>(1);
  int64_t reach = 0;
  for (int64_t i = 0; i < max_rows; ++i) {
    if (rows.IsNull(i)) continue;
    reach += OffsetReach(column, static_cast<int64_t>(positions[i]), 1);
    if (reach > limit) return std::max<int64_t>(1, i);
  }
  return max_rows;
}

}  // namespace

int64_t OffsetReach(const ArrayData& rows, int64_t begin, int64_t length) {
  if (length == 0) return 0;
  if (length == 1 && rows.type->id() != arrow::Type::STRUCT && IsNull(rows, begin)) return 0;
  switch (rows.type->id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LIST:
    case arrow::Type::MAP:
      return ReachOfOffsets<int32_t>(rows, begin, length);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::LARGE_LIST:
      return ReachOfOffsets<int64_t>(rows, begin, length);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return ReachOfViews(rows, begin, length);
    case arrow::Type::LIST_VIEW:
      return ReachOfListViews<int32_t>(rows, begin, length);
    case arrow::Type::LARGE_LIST_VIEW:
      return ReachOfListViews<int64_t>(rows, begin, length);
    case arrow::Type::FIXED_SIZE_LIST: {
      const int64_t width = static_cast<const arrow::FixedSizeListType&>(*rows.type).list_size();
      return std::max(length * width, OffsetReach(*rows.child_data[0],
                                                  (rows.offset + begin) * width, length * width));
    }
    case arrow::Type::FIXED_SIZE_BINARY:
      return length * static_cast<const arrow::FixedSizeBinaryType&>(*rows.type).byte_width();
    case arrow::Type::STRUCT: {
      int64_t reach = 0;
      for (const auto& child : rows.child_data) {
        reach = std::max(reach, OffsetReach(*child, rows.offset + begin, length));
      }
      return reach;
    }
    case arrow::Type::DICTIONARY:
      return ReachOfCodes(rows, begin, length);
    case arrow::Type::RUN_END_ENCODED:
      return ReachOfRuns(rows, begin, length);
    case arrow::Type::EXTENSION: {
      ArrayData storage = rows;
      storage.type = static_cast<const arrow::ExtensionType&>(*rows.type).storage_type();
      return OffsetReach(storage, begin, length);
    }
    default:
      return 0;
  }
}

int64_t OffsetReach(const ArrayData& rows) { return OffsetReach(rows, 0, rows.length); }

int64_t LongestRow(const ArrayData& rows) {
  switch (rows.type->id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return LongestOfOffsets<int32_t>(rows);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return LongestOfOffsets<int64_t>(rows);
    case arrow::Type::FIXED_SIZE_BINARY:
      return static_cast<const arrow::FixedSizeBinaryType&>(*rows.type).byte_width();
    case arrow::Type::STRUCT: {
      int64_t longest = 0;
      for (const auto& child : rows.child_data) longest = std::max(longest, LongestRow(*child));
      return longest;
    }
    default:
      return OffsetReach(rows);
  }
}

int64_t NumRowsWithin(const arrow::RecordBatch& batch, int64_t begin, int64_t max_rows,
                      int64_t limit) {
  int64_t fitting = std::min(max_rows, batch.num_rows() - begin);
  for (const auto& column : batch.column_data()) {
    if (OffsetReach(*column, begin, fitting) <= limit) continue;
    // The more rows, the farther they reach.
    int64_t too_many = fitting;
    fitting = 1;
    while (too_many - fitting > 1) {
      const int64_t middle = fitting + (too_many - fitting) / 2;
      (OffsetReach(*column, begin, middle) <= limit ? fitting : too_many) = middle;
    }
  }
  return fitting;
}

GatherLimit::GatherLimit(std::vector<std::shared_ptr<arrow::Array>> columns, int64_t limit)
    : limit_(limit) {
  for (auto& column : columns) {
    const int64_t longest = LongestRow(*column->data());
    if (longest == 0) continue;
    longest_.push_back(longest);
    columns_.push_back(std::move(column));
  }
}

int64_t GatherLimit::NumFitting(const arrow::Array& rows, int64_t max_rows) const {
  int64_t fitting = std::min(max_rows, rows.length());
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (longest_[i] <= limit_ / std::max<int64_t>(1, fitting)) continue;
    const ArrayData& column = *columns_[i]->data();
    fitting = rows.type_id() == arrow::Type::UINT32
                  ? NumFittingIn<uint32_t>(column, rows, fitting, limit_)
                  : NumFittingIn<uint64_t>(column, rows, fitting, limit_);
  }
  return fitting;
}

}  // namespace iceframe
