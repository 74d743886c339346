// SPDX-License-Identifier: Apache-2.0
// Parquet's "RLE / bit-packing hybrid" of dictionary indices and levels.
#pragma once

#include <cstdint>

#include <arrow/buffer_builder.h>

#include "iceframe/base/result.h"

namespace iceframe::internal {

/// Bits that hold numbers below `count`; 0 for none, 1 at least for any.
int BitsForCount(int64_t count);

/// Appends `count` numbers of `bits` (1 to 32) bits: runs as such, the rest packed.
Status AppendHybrid(const uint32_t* numbers, int64_t count, int bits, arrow::BufferBuilder* out);
Status AppendHybrid(const int16_t* numbers, int64_t count, int bits, arrow::BufferBuilder* out);

}  // namespace iceframe::internal
