// SPDX-License-Identifier: Apache-2.0
// How much of a page its first values take: the rest need not be decompressed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace iceframe::internal {

/// What the first values of a dictionary-encoded page need.
struct CodePrefix {
  /// The greatest code; nullopt if there is none.
  std::optional<uint32_t> max_code;
};

/// Looks at the first `count` codes of `bytes` (a bit width, then the RLE hybrid), or at all there
/// are if `is_whole`. nullopt if they don't all lie within, or are damaged.
std::optional<CodePrefix> FirstCodes(std::span<const uint8_t> bytes, int64_t count, bool is_whole);

/// The bytes of the first `count` plain values of `width` bytes each, or, with width 0, of values
/// that begin with their own length. nullopt if they don't all lie within `bytes`.
std::optional<int64_t> FirstPlainValues(std::span<const uint8_t> bytes, int64_t count,
                                        int64_t width);

}  // namespace iceframe::internal
