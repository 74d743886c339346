// SPDX-License-Identifier: Apache-2.0
// Random and time-ordered UUIDs (RFC 9562) and their text.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace iceframe {

/// Sixteen bytes, big-endian as the text has them.
using Uuid = std::array<uint8_t, 16>;

/// Returns a version 4 uuid of the kernel's entropy. Thread-safe; a forked child's differ from
/// its parent's, since no state is kept.
Uuid RandomUuid();
/// Returns a version 7 uuid: `unix_ms`, then entropy; ordered by time.
Uuid TimeOrderedUuid(int64_t unix_ms);

/// "f79c3e09-677c-4bbd-a479-3f349cb785e7".
std::string ToString(const Uuid& uuid);
/// Reads that form in either case; nullopt for other text.
std::optional<Uuid> ParseUuid(std::string_view text);

/// Returns the text of a RandomUuid.
std::string NewUuid();

/// Returns 64 random bits from the same source, e.g. for a snapshot id.
uint64_t RandomBits();

}  // namespace iceframe
