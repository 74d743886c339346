// SPDX-License-Identifier: Apache-2.0
// Calendar arithmetic and ISO 8601 text of dates, times and timestamps. Proleptic Gregorian, UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace iceframe {

inline constexpr int64_t kSecondsPerDay = 86'400;
inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kMicrosPerHour = 3'600 * kMicrosPerSecond;
inline constexpr int64_t kMicrosPerDay = 24 * kMicrosPerHour;
inline constexpr int64_t kNanosPerMicro = 1'000;
inline constexpr int64_t kNanosPerDay = kNanosPerMicro * kMicrosPerDay;

/// Divides rounding towards minus infinity; `divisor` > 0.
constexpr int64_t FloorDivide(int64_t value, int64_t divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}
/// The remainder of FloorDivide: always in [0, divisor).
constexpr int64_t FloorModulo(int64_t value, int64_t divisor) {
  const int64_t remainder = value % divisor;
  return remainder < 0 ? remainder + divisor : remainder;
}

struct CivilDate {
  int64_t year = 1970;
  int32_t month = 1;
  int32_t day = 1;
};

/// Days since 1970-01-01 of a valid date, and back; any int64 number of days whose year fits.
int64_t DaysFromCivil(CivilDate date);
CivilDate CivilFromDays(int64_t days);

/// How the time of a day is written.
enum class TimeStyle : uint8_t {
  /// A fraction where there is one, without trailing zeros.
  kTrimmed,
  /// Always six digits (µs values) or nine (ns values).
  kFull,
  /// As Java's toString: fractions in groups of three digits, no seconds where all is zero.
  kJava,
};

/// "2024-03-01"; years of more than four digits get a sign, as ISO 8601 asks.
std::string FormatDate(int64_t days);
/// "22:31:08.123456" of microseconds since midnight.
std::string FormatTime(int64_t micros, TimeStyle style = TimeStyle::kTrimmed);
/// "2024-03-01T22:31:08.123456", without a zone.
std::string FormatTimestampMicros(int64_t micros, TimeStyle style = TimeStyle::kTrimmed);
std::string FormatTimestampNanos(int64_t nanos, TimeStyle style = TimeStyle::kTrimmed);

/// A timestamp as text has it: local seconds since the epoch, the fraction in nanoseconds and
/// the offset from UTC if one is written.
struct ParsedTimestamp {
  int64_t local_seconds = 0;
  int32_t nanos = 0;
  std::optional<int32_t> offset_seconds;
};

/// Each parses the whole text or gives nullopt: "[±]YYYY-MM-DD", "HH:MM[:SS[.f{1,9}]]", and both
/// joined by 'T' or a space with an optional "Z" or "±HH[:MM]".
std::optional<int64_t> ParseDate(std::string_view text);
/// Microseconds since midnight; nullopt too for digits finer than that.
std::optional<int64_t> ParseTime(std::string_view text);
std::optional<ParsedTimestamp> ParseTimestamp(std::string_view text);

}  // namespace iceframe
