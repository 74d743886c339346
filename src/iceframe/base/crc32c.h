// SPDX-License-Identifier: Apache-2.0
// The checksum CRC-32C (Castagnoli).
#pragma once

#include <cstdint>
#include <string_view>

namespace iceframe {

/// Returns the checksum of `bytes`, or of what `before` is the checksum of, and then `bytes`. Uses
/// the processor's instruction where there is one.
uint32_t Crc32c(std::string_view bytes, uint32_t before = 0);

namespace internal {
/// The same by tables, for processors without the instruction.
uint32_t PortableCrc32c(std::string_view bytes, uint32_t before = 0);
}  // namespace internal

}  // namespace iceframe
