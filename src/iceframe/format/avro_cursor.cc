// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/avro_cursor.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace iceframe {

Status AvroCursor::status() const {
  if (ok()) return Status::OK();
  return Error(ErrorKind::kInvalidData, "Avro data is damaged: ", error_);
}

// The last byte of a long has its high bit clear: longs are counted by their last bytes. Only
// those of ten bytes or more can be wrong: a run of nine high bits is left to ReadLong's checks.
void AvroCursor::SkipLongs(int64_t count) {
#if defined(__SSE2__)
  while (count > 0 && remaining() >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(position_));
    const auto unfinished = static_cast<uint32_t>(_mm_movemask_epi8(bytes));
    const uint32_t runs_of_2 = unfinished & (unfinished >> 1);
    const uint32_t runs_of_4 = runs_of_2 & (runs_of_2 >> 2);
    const uint32_t runs_of_8 = runs_of_4 & (runs_of_4 >> 4);
    if ((runs_of_8 & (runs_of_8 >> 1)) != 0) break;
    uint32_t last_bytes = ~unfinished & 0xFFFF;
    const __m128i high_bits = _mm_and_si128(_mm_srli_epi16(bytes, 7), _mm_set1_epi8(1));
    const __m128i sums = _mm_sad_epu8(high_bits, _mm_setzero_si128());
    const int num_longs = 16 - _mm_cvtsi128_si32(sums) - _mm_extract_epi16(sums, 4);
    if (num_longs <= count) {
      position_ += std::bit_width(last_bytes);
      count -= num_longs;
      continue;
    }
    for (; count > 1; --count) last_bytes &= last_bytes - 1;
    position_ += std::countr_zero(last_bytes) + 1;
    return;
  }
#endif
  for (; count > 0 && ok(); --count) ReadLongSlow();
}

int64_t AvroCursor::ReadBlockCountSlow(int64_t min_item_size) {
  int64_t count = ReadLong();
  if (count < 0) {
    const int64_t size = ReadLong();
    if (count == std::numeric_limits<int64_t>::min() || size < 0 ||
        static_cast<uint64_t>(size) > remaining()) {
      Fail("block goes beyond the end");
      return 0;
    }
    count = -count;
  }
  const int64_t limit = min_item_size > 0 ? static_cast<int64_t>(remaining()) / min_item_size
                                          : kMaxEmptyItems + static_cast<int64_t>(remaining());
  if (count > limit) {
    Fail("block has more items than bytes");
    return 0;
  }
  return count;
}

void AvroCursor::SkipItems(const AvroSchema& schema, int depth) {
  const bool is_map = schema.kind == AvroKind::kMap;
  const int64_t min_size = schema.items->min_size + (is_map ? 1 : 0);
  while (int64_t count = ReadBlockCount(min_size)) {
    if (!is_map && schema.items->is_empty) continue;
    for (; count > 0 && ok(); --count) {
      if (is_map) ReadBytes();
      SkipDatum(*schema.items, depth);
    }
  }
}

void AvroCursor::SkipDatum(const AvroSchema& schema, int depth) {
  if (schema.is_empty) return;
  if (depth > kMaxDepth) return Fail("data is nested too deeply");
  switch (schema.kind) {
    case AvroKind::kNull:
      break;
    case AvroKind::kBoolean:
      ReadBoolean();
      break;
    case AvroKind::kInt:
    case AvroKind::kLong:
    case AvroKind::kEnum:
      ReadLong();
      break;
    case AvroKind::kFloat:
      ReadFixed(4);
      break;
    case AvroKind::kDouble:
      ReadFixed(8);
      break;
    case AvroKind::kBytes:
    case AvroKind::kString:
      ReadBytes();
      break;
    case AvroKind::kFixed:
      ReadFixed(schema.size);
      break;
    case AvroKind::kRecord:
      for (const AvroField& field : schema.fields) {
        if (!ok()) return;
        SkipDatum(*field.type, depth + 1);
      }
      break;
    case AvroKind::kArray:
    case AvroKind::kMap:
      SkipItems(schema, depth + 1);
      break;
    case AvroKind::kUnion: {
      const size_t branch = ReadBranch(schema.branches.size());
      SkipDatum(*schema.branches[branch], depth + 1);
      break;
    }
  }
}

}  // namespace iceframe
