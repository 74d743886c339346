// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "iceframe/datafile/page_prefix_internal.h"

namespace iceframe::internal {
namespace {

/// The greatest of `count` values packed at `bit_width` bits each.
uint32_t MaxPacked(const uint8_t* bytes, int64_t count, int64_t bit_width) {
  uint32_t max = 0;
  uint64_t held = 0;
  int64_t num_held = 0;
  const uint64_t mask = (uint64_t{1} << static_cast<unsigned>(bit_width)) - 1;
  for (int64_t i = 0; i < count; ++i) {
    while (num_held < bit_width) {
      held |= static_cast<uint64_t>(*bytes++) << static_cast<unsigned>(num_held);
      num_held += 8;
    }
    max = std::max(max, static_cast<uint32_t>(held & mask));
    held >>= static_cast<unsigned>(bit_width);
    num_held -= bit_width;
  }
  return max;
}

/// A run's head: a variable-length number. 0 is no head.
uint32_t ReadHead(std::span<const uint8_t>* bytes) {
  uint32_t head = 0;
  for (unsigned shift = 0; shift < 32 && !bytes->empty(); shift += 7) {
    const uint8_t byte = bytes->front();
    *bytes = bytes->subspan(1);
    head |= static_cast<uint32_t>(byte & 0x7FU) << shift;
    if ((byte & 0x80U) == 0) return head;
  }
  return 0;
}

}  // namespace

std::optional<CodePrefix> FirstCodes(std::span<const uint8_t> bytes, int64_t count, bool is_whole) {
  CodePrefix prefix;
  if (bytes.empty()) return is_whole ? std::optional(prefix) : std::nullopt;
  const int64_t bit_width = bytes[0];
  if (bit_width > 32) return std::nullopt;
  bytes = bytes.subspan(1);
  while (count > 0) {
    if (bytes.empty()) return is_whole ? std::optional(prefix) : std::nullopt;
    const uint32_t head = ReadHead(&bytes);
    if (head < 2) return std::nullopt;
    uint32_t max = 0;
    int64_t in_run = head >> 1U;
    int64_t num_bytes = (bit_width + 7) / 8;
    if ((head & 1U) == 0) {
      if (num_bytes > static_cast<int64_t>(bytes.size())) return std::nullopt;
      if (num_bytes > 0) std::memcpy(&max, bytes.data(), static_cast<size_t>(num_bytes));
    } else {
      num_bytes = in_run * bit_width;
      in_run *= 8;
      if (num_bytes > static_cast<int64_t>(bytes.size())) return std::nullopt;
      if (bit_width > 0) max = MaxPacked(bytes.data(), std::min(in_run, count), bit_width);
    }
    bytes = bytes.subspan(static_cast<size_t>(num_bytes));
    count -= in_run;
    prefix.max_code = std::max(prefix.max_code.value_or(0), max);
  }
  return prefix;
}

std::optional<int64_t> FirstPlainValues(std::span<const uint8_t> bytes, int64_t count,
                                        int64_t width) {
  const auto available = static_cast<int64_t>(bytes.size());
  if (width > 0) {
    if (count > available / width) return std::nullopt;
    return count * width;
  }
  int64_t position = 0;
  for (int64_t i = 0; i < count; ++i) {
    uint32_t length = 0;
    if (available - position < static_cast<int64_t>(sizeof(length))) return std::nullopt;
    std::memcpy(&length, bytes.data() + position, sizeof(length));
    position += static_cast<int64_t>(sizeof(length));
    if (length > available - position) return std::nullopt;
    position += length;
  }
  return position;
}

}  // namespace iceframe::internal
