// SPDX-License-Identifier: Apache-2.0
// The bytes of a write-ahead log: a header, then frames. A frame is what one sync made durable.
//
//   segment   header │ frame │ frame │ …
//   header    "IFRMWAL1" │ length of the text u32 │ CRC-32C of the text u32 │ text (JSON) │ zeros
//   frame     "IFRF" │ CRC-32C of the next 24 bytes, begun with the salt u32
//             │ number u64 │ length of the payload u64 │ CRC-32C of the payload u32 │ zero u32
//             │ payload │ zeros
//
// Numbers are little-endian, everything begins at a multiple of 8. The salt is the checksum of the
// header's text, so that no bytes of another log, and none that a user put into a row, look like a
// frame. Frames are numbered from 0 in each segment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "iceframe/base/result.h"

namespace iceframe::internal {

inline constexpr int64_t kFrameHeaderBytes = 32;
/// Longer texts and payloads are not written, and taken as damage.
inline constexpr int64_t kMaxHeaderText = 64 << 10;
inline constexpr int64_t kMaxFramePayload = int64_t{3} << 30;

/// Returns `num_bytes` and what is needed to end at a multiple of 8.
constexpr int64_t PaddedTo8(int64_t num_bytes) { return (num_bytes + 7) / 8 * 8; }

/// A segment's header in bytes. `text` has no more than kMaxHeaderText.
std::string EncodeLogHeader(std::string_view text);

struct LogHeader {
  std::string text;
  uint32_t salt = 0;
  /// Where the first frame begins.
  int64_t num_bytes = 0;
};
/// Reads the header that `bytes`, the first ones of a file, begin with; nullopt: they end within
/// it, or it is damaged.
/// Errors: Unsupported for a log of another version; InvalidData for what is no log.
Result<std::optional<LogHeader>> DecodeLogHeader(std::string_view bytes);

/// How many bytes of a file hold any header.
constexpr int64_t MaxHeaderBytes() { return PaddedTo8(16 + kMaxHeaderText); }

struct FrameHeader {
  uint64_t number = 0;
  int64_t payload_bytes = 0;
  uint32_t payload_crc = 0;

  int64_t frame_bytes() const { return kFrameHeaderBytes + PaddedTo8(payload_bytes); }
};

/// The 32 bytes before a payload.
std::string EncodeFrameHeader(uint32_t salt, const FrameHeader& header);
/// Reads them; nullopt: they are no frame's of this log.
std::optional<FrameHeader> DecodeFrameHeader(uint32_t salt, std::string_view bytes);

/// Returns whether a frame of a number above `number` begins anywhere in `bytes`, which begin at a
/// multiple of 8 in their file.
bool HoldsLaterFrame(uint32_t salt, uint64_t number, std::string_view bytes);

}  // namespace iceframe::internal
