// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/civil_time.h"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace iceframe {

namespace {

// More years than an int64 of microseconds or an int32 of days can hold.
constexpr int64_t kMaxYear = 6'000'000;

// Reads from the front of a text, one piece at a time.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool done() const { return text_.empty(); }

  bool Skip(char wanted) {
    if (text_.empty() || text_.front() != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }

  // Between `min_digits` and `max_digits` digits; their number goes to `num_digits`.
  bool Digits(int min_digits, int max_digits, int64_t* value, int* num_digits = nullptr) {
    int count = 0;
    *value = 0;
    while (!text_.empty() && count < max_digits && text_.front() >= '0' && text_.front() <= '9') {
      *value = *value * 10 + (text_.front() - '0');
      text_.remove_prefix(1);
      ++count;
    }
    if (num_digits != nullptr) *num_digits = count;
    return count >= min_digits;
  }

 private:
  std::string_view text_;
};

int32_t DaysInMonth(int64_t year, int32_t month) {
  constexpr std::array<int32_t, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[static_cast<size_t>(month - 1)];
}

bool ScanDate(Scanner* scanner, int64_t* days) {
  const bool negative = scanner->Skip('-');
  const bool is_signed = negative || scanner->Skip('+');
  int64_t year = 0;
  int64_t month = 0;
  int64_t day = 0;
  if (!scanner->Digits(4, is_signed ? 9 : 4, &year) || !scanner->Skip('-') ||
      !scanner->Digits(2, 2, &month) || !scanner->Skip('-') || !scanner->Digits(2, 2, &day)) {
    return false;
  }
  if (negative) year = -year;
  if (year > kMaxYear || year < -kMaxYear || month < 1 || month > 12 || day < 1) return false;
  if (day > DaysInMonth(year, static_cast<int32_t>(month))) return false;
  *days = DaysFromCivil({year, static_cast<int32_t>(month), static_cast<int32_t>(day)});
  return true;
}

bool ScanTime(Scanner* scanner, int64_t* seconds, int32_t* nanos) {
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  *nanos = 0;
  if (!scanner->Digits(2, 2, &hour) || !scanner->Skip(':') || !scanner->Digits(2, 2, &minute)) {
    return false;
  }
  if (scanner->Skip(':')) {
    if (!scanner->Digits(2, 2, &second)) return false;
    if (scanner->Skip('.')) {
      int64_t fraction = 0;
      int count = 0;
      if (!scanner->Digits(1, 9, &fraction, &count)) return false;
      for (; count < 9; ++count) fraction *= 10;
      *nanos = static_cast<int32_t>(fraction);
    }
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  *seconds = hour * 3600 + minute * 60 + second;
  return true;
}

bool ScanOffset(Scanner* scanner, std::optional<int32_t>* offset_seconds) {
  if (scanner->done()) return true;
  if (scanner->Skip('Z') || scanner->Skip('z')) {
    *offset_seconds = 0;
    return true;
  }
  const bool negative = scanner->Skip('-');
  if (!negative && !scanner->Skip('+')) return false;
  int64_t hours = 0;
  int64_t minutes = 0;
  if (!scanner->Digits(2, 2, &hours)) return false;
  if (!scanner->done()) {
    scanner->Skip(':');
    if (!scanner->Digits(2, 2, &minutes)) return false;
  }
  if (hours > 18 || minutes > 59) return false;
  const auto seconds = static_cast<int32_t>(hours * 3600 + minutes * 60);
  *offset_seconds = negative ? -seconds : seconds;
  return true;
}

// `fraction` in units of 10^-`width` seconds.
std::string FormatClock(int64_t seconds_of_day, int64_t fraction, int width, TimeStyle style) {
  std::array<char, 48> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%02d:%02d:%02d",
                static_cast<int>(seconds_of_day / 3600), static_cast<int>(seconds_of_day / 60 % 60),
                static_cast<int>(seconds_of_day % 60));
  std::string text = buffer.data();
  if (fraction == 0 && style != TimeStyle::kFull) {
    if (style == TimeStyle::kJava && seconds_of_day % 60 == 0) text.resize(5);
    return text;
  }
  std::snprintf(buffer.data(), buffer.size(), ".%0*lld", width, static_cast<long long>(fraction));
  text += buffer.data();
  if (style == TimeStyle::kTrimmed) text.erase(text.find_last_not_of('0') + 1);
  if (style == TimeStyle::kJava) {
    while (text.ends_with("000")) text.resize(text.size() - 3);
  }
  return text;
}

std::string FormatTimestamp(int64_t value, int64_t units_per_second, int width, TimeStyle style) {
  const int64_t seconds = FloorDivide(value, units_per_second);
  return FormatDate(FloorDivide(seconds, kSecondsPerDay)) + "T" +
         FormatClock(FloorModulo(seconds, kSecondsPerDay), FloorModulo(value, units_per_second),
                     width, style);
}

}  // namespace

// Counts in 400-year eras that start on March 1st, so that the leap day comes last in a year.
int64_t DaysFromCivil(CivilDate date) {
  const int64_t year = date.month <= 2 ? date.year - 1 : date.year;
  const int64_t era = FloorDivide(year, 400);
  const int64_t year_of_era = year - era * 400;
  const int64_t month_from_march = (date.month + 9) % 12;
  const int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

CivilDate CivilFromDays(int64_t days) {
  const int64_t shifted = days + 719'468;
  const int64_t era = FloorDivide(shifted, 146'097);
  const int64_t day_of_era = shifted - era * 146'097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  CivilDate date;
  date.day = static_cast<int32_t>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
  date.month =
      static_cast<int32_t>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  date.year = year_of_era + era * 400 + (date.month <= 2 ? 1 : 0);
  return date;
}

std::string FormatDate(int64_t days) {
  const CivilDate date = CivilFromDays(days);
  std::array<char, 48> buffer{};
  const char* sign = date.year < 0 ? "-" : (date.year > 9999 ? "+" : "");
  std::snprintf(buffer.data(), buffer.size(), "%s%04lld-%02d-%02d", sign,
                static_cast<long long>(std::llabs(date.year)), date.month, date.day);
  return buffer.data();
}

std::string FormatTime(int64_t micros, TimeStyle style) {
  const int64_t of_day = FloorModulo(micros, kMicrosPerDay);
  return FormatClock(of_day / kMicrosPerSecond, of_day % kMicrosPerSecond, 6, style);
}

std::string FormatTimestampMicros(int64_t micros, TimeStyle style) {
  return FormatTimestamp(micros, kMicrosPerSecond, 6, style);
}

std::string FormatTimestampNanos(int64_t nanos, TimeStyle style) {
  return FormatTimestamp(nanos, kMicrosPerSecond * kNanosPerMicro, 9, style);
}

std::optional<int64_t> ParseDate(std::string_view text) {
  Scanner scanner(text);
  int64_t days = 0;
  if (!ScanDate(&scanner, &days) || !scanner.done()) return std::nullopt;
  return days;
}

std::optional<int64_t> ParseTime(std::string_view text) {
  Scanner scanner(text);
  int64_t seconds = 0;
  int32_t nanos = 0;
  if (!ScanTime(&scanner, &seconds, &nanos) || !scanner.done()) return std::nullopt;
  if (nanos % kNanosPerMicro != 0) return std::nullopt;
  return seconds * kMicrosPerSecond + nanos / kNanosPerMicro;
}

std::optional<ParsedTimestamp> ParseTimestamp(std::string_view text) {
  Scanner scanner(text);
  ParsedTimestamp parsed;
  int64_t days = 0;
  int64_t seconds = 0;
  if (!ScanDate(&scanner, &days)) return std::nullopt;
  if (!scanner.Skip('T') && !scanner.Skip('t') && !scanner.Skip(' ')) return std::nullopt;
  if (!ScanTime(&scanner, &seconds, &parsed.nanos)) return std::nullopt;
  if (!ScanOffset(&scanner, &parsed.offset_seconds) || !scanner.done()) return std::nullopt;
  parsed.local_seconds = days * kSecondsPerDay + seconds;
  return parsed;
}

}  // namespace iceframe
