// SPDX-License-Identifier: Apache-2.0
// A message of a stream, as views into what its source holds.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace iceframe {

struct MessageHeader {
  std::string_view key;
  /// nullopt: a header without a value.
  std::optional<std::string_view> value;
};

/// The views are valid while the source keeps the message.
struct Message {
  /// nullopt: a tombstone.
  std::optional<std::string_view> payload;
  std::optional<std::string_view> key;
  std::span<const MessageHeader> headers;
  std::string_view topic;
  int32_t partition = 0;
  int64_t offset = 0;
  /// Milliseconds since the epoch; nullopt where the source knows none.
  std::optional<int64_t> timestamp_ms;
};

}  // namespace iceframe
