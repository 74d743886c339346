// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cstring>

#include "iceframe/datafile/hybrid_encoding_internal.h"

namespace iceframe::internal {
namespace {

/// Packed numbers come in groups of eight; a header of one byte speaks for up to 63 groups.
constexpr int64_t kGroup = 8;
constexpr int64_t kMaxGroups = 63;
/// Shorter runs are packed with what stands around them.
constexpr int64_t kMinRun = 16;

void AppendVarint(uint64_t value, arrow::BufferBuilder* out) {
  uint8_t bytes[10];
  int size = 0;
  for (; value >= 0x80; value >>= 7) bytes[size++] = static_cast<uint8_t>(value | 0x80);
  bytes[size++] = static_cast<uint8_t>(value);
  out->UnsafeAppend(bytes, size);
}

template <typename Number>
void AppendRun(Number number, int64_t count, int bits, arrow::BufferBuilder* out) {
  AppendVarint(static_cast<uint64_t>(count) << 1, out);
  const auto value = static_cast<uint32_t>(number);
  out->UnsafeAppend(&value, (bits + 7) / 8);
}

/// One header and its groups; what lacks in the last group is zeros.
template <typename Number>
void AppendPacked(const Number* numbers, int64_t count, int bits, arrow::BufferBuilder* out) {
  const int64_t groups = (count + kGroup - 1) / kGroup;
  AppendVarint(static_cast<uint64_t>(groups) << 1 | 1, out);
  const int64_t size = groups * bits;
  uint8_t* to = out->mutable_data() + out->length();
  const uint8_t* end = to + size;
  uint64_t packed = 0;
  int held = 0;
  for (int64_t i = 0; i < count; ++i) {
    packed |= static_cast<uint64_t>(static_cast<uint32_t>(numbers[i])) << held;
    held += bits;
    if (held >= 32) {
      std::memcpy(to, &packed, 4);
      to += 4;
      packed >>= 32;
      held -= 32;
    }
  }
  for (; to < end; ++to, packed >>= 8) *to = static_cast<uint8_t>(packed);
  out->UnsafeAdvance(size);
}

template <typename Number>
void AppendAllPacked(const Number* numbers, int64_t count, int bits, arrow::BufferBuilder* out) {
  for (int64_t begin = 0; begin < count; begin += kMaxGroups * kGroup) {
    AppendPacked(numbers + begin, std::min(kMaxGroups * kGroup, count - begin), bits, out);
  }
}

template <typename Number>
Status Append(const Number* numbers, int64_t count, int bits, arrow::BufferBuilder* out) {
  // A run is never longer than the packed form of as many numbers; each header takes room.
  ICEFRAME_RETURN_NOT_OK(out->Reserve((count / kGroup + 2) * (bits + 1) + 16));
  int64_t packed_from = 0;
  for (int64_t at = 0; at < count;) {
    int64_t run = 1;
    while (at + run < count && numbers[at + run] == numbers[at]) ++run;
    const int64_t end = at + run;
    if (run >= kMinRun) {
      // Only the last group may be incomplete: fill it from the run.
      const int64_t begin = at + (kGroup - (at - packed_from) % kGroup) % kGroup;
      AppendAllPacked(numbers + packed_from, begin - packed_from, bits, out);
      AppendRun(numbers[begin], end - begin, bits, out);
      packed_from = end;
    }
    at = end;
  }
  AppendAllPacked(numbers + packed_from, count - packed_from, bits, out);
  return Status::OK();
}

}  // namespace

int BitsForCount(int64_t count) {
  if (count <= 1) return static_cast<int>(count);
  return static_cast<int>(std::bit_width(static_cast<uint64_t>(count - 1)));
}

Status AppendHybrid(const uint32_t* numbers, int64_t count, int bits, arrow::BufferBuilder* out) {
  return Append(numbers, count, bits, out);
}

Status AppendHybrid(const int16_t* numbers, int64_t count, int bits, arrow::BufferBuilder* out) {
  return Append(numbers, count, bits, out);
}

}  // namespace iceframe::internal
