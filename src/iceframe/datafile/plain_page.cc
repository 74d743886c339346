// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <type_traits>

#include "iceframe/datafile/plain_page_internal.h"

namespace iceframe::internal {
namespace {

/// The first eight bytes as a number that is ordered as they are; zeros for what lacks.
uint64_t Prefix(std::string_view value) {
  uint64_t word = 0;
  if (value.size() >= sizeof(word)) {
    std::memcpy(&word, value.data(), sizeof(word));
    return __builtin_bswap64(word);
  }
  for (size_t i = 0; i < value.size(); ++i) {
    word |= static_cast<uint64_t>(static_cast<uint8_t>(value[i])) << (56 - 8 * i);
  }
  return word;
}

}  // namespace

Status AppendPlain(std::string_view value, arrow::BufferBuilder* out) {
  const auto size = static_cast<uint32_t>(value.size());
  ICEFRAME_RETURN_NOT_OK(out->Append(&size, sizeof(size)));
  return out->Append(value.data(), static_cast<int64_t>(value.size()));
}

void ValueBounds<std::string_view>::Begin(std::string_view value) {
  min_ = max_ = value;
  min_prefix_ = max_prefix_ = Prefix(value);
}

void ValueBounds<std::string_view>::Add(const std::string_view* values, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const uint64_t prefix = Prefix(values[i]);
    if (prefix > min_prefix_ && prefix < max_prefix_) continue;
    if (values[i] < min_) {
      min_ = values[i];
      min_prefix_ = prefix;
    }
    if (values[i] > max_) {
      max_ = values[i];
      max_prefix_ = prefix;
    }
  }
}

template <typename T>
Status PlainPage<T>::Append(const T* values, int64_t count) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    int64_t size = 0;
    for (int64_t i = 0; i < count; ++i) size += DictionaryEntries<T>::PlainBytes(values[i]);
    ICEFRAME_RETURN_NOT_OK(bytes_.Reserve(size));
    for (int64_t i = 0; i < count; ++i) {
      const auto length = static_cast<uint32_t>(values[i].size());
      bytes_.UnsafeAppend(&length, sizeof(length));
      bytes_.UnsafeAppend(values[i].data(), static_cast<int64_t>(length));
    }
    return Status::OK();
  } else {
    return bytes_.Append(values, count * static_cast<int64_t>(sizeof(T)));
  }
}

template class PlainPage<int32_t>;
template class PlainPage<int64_t>;
template class PlainPage<std::string_view>;

}  // namespace iceframe::internal
