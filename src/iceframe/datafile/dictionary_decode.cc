// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <limits>

#include <arrow/api.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>

#include "iceframe/datafile/column_stream_internal.h"

namespace iceframe::internal {
namespace {

/// Copies one value; short ones, the most frequent, in blocks of fixed size, for which the caller
/// has left room at both ends.
inline void CopyValue(const uint8_t* from, int32_t length, uint8_t* to) {
  if (length <= 16) {
    std::memcpy(to, from, 16);
  } else {
    std::memcpy(to, from, static_cast<size_t>(length));
  }
}

constexpr int64_t kSlack = 16;

}  // namespace

Result<std::shared_ptr<arrow::Array>> DecodeDictionary(const arrow::DictionaryArray& array,
                                                       const std::shared_ptr<arrow::DataType>& type,
                                                       arrow::MemoryPool* pool) {
  const auto& dictionary = static_cast<const arrow::BinaryArray&>(*array.dictionary());
  const auto& indices = static_cast<const arrow::Int32Array&>(*array.indices());
  const int64_t length = array.length();
  const int32_t* codes = indices.raw_values();
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> offsets_buffer,
                            arrow::AllocateBuffer((length + 1) * 4, pool));
  auto* offsets = reinterpret_cast<int32_t*>(offsets_buffer->mutable_data());
  const bool has_nulls = indices.null_count() > 0;
  int64_t total = 0;
  for (int64_t i = 0; i < length; ++i) {
    offsets[i] = static_cast<int32_t>(total);
    if (has_nulls && indices.IsNull(i)) continue;
    if (codes[i] < 0 || codes[i] >= dictionary.length()) {
      return Error(ErrorKind::kInvalidData, "a dictionary code is out of range");
    }
    total += dictionary.value_length(codes[i]);
    if (total > std::numeric_limits<int32_t>::max()) {
      return Error(ErrorKind::kResourceExhausted,
                   "one batch of a string column is over 2 GiB; read smaller batches");
    }
  }
  offsets[length] = static_cast<int32_t>(total);
  // The dictionary's own bytes with room behind the last value.
  const int64_t dictionary_bytes = dictionary.total_values_length();
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> padded,
                            arrow::AllocateBuffer(dictionary_bytes + kSlack, pool));
  const int64_t first = dictionary.length() == 0 ? 0 : dictionary.value_offset(0);
  if (dictionary_bytes > 0) {
    std::memcpy(padded->mutable_data(), dictionary.value_data()->data() + first,
                static_cast<size_t>(dictionary_bytes));
  }
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::ResizableBuffer> bytes,
                            arrow::AllocateResizableBuffer(total + kSlack, pool));
  uint8_t* to = bytes->mutable_data();
  const uint8_t* from = padded->data();
  const int32_t* starts = dictionary.raw_value_offsets();
  for (int64_t i = 0; i < length; ++i) {
    const int32_t size = offsets[i + 1] - offsets[i];
    if (size > 0) CopyValue(from + (starts[codes[i]] - first), size, to + offsets[i]);
  }
  ICEFRAME_RETURN_NOT_OK(bytes->Resize(total, /*shrink_to_fit=*/false));
  std::shared_ptr<arrow::Buffer> valid;
  if (has_nulls) {
    ICEFRAME_ASSIGN_OR_RETURN(valid, arrow::internal::CopyBitmap(pool, indices.null_bitmap_data(),
                                                                 indices.offset(), length));
  }
  return arrow::MakeArray(arrow::ArrayData::Make(
      type, length, {std::move(valid), std::move(offsets_buffer), std::move(bytes)},
      indices.null_count()));
}

}  // namespace iceframe::internal
