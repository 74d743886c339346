// SPDX-License-Identifier: Apache-2.0
// Events of a web shop as its producers would send them: JSON of 29 typed columns, 500 to 700
// bytes. Equal numbers give equal events, so that any part of a stream can be made anew and
// compared.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/types/civil_time.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// The columns, without field ids.
inline std::vector<NestedField> StreamEventFields() {
  const auto optional = [](const char* name, Type type) {
    return NestedField::Optional(0, name, std::move(type));
  };
  return {NestedField::Required(0, "event_id", Type::Uuid()),
          NestedField::Required(0, "event_time", Type::Timestamptz()),
          optional("event_type", Type::String()),
          optional("user_id", Type::Long()),
          optional("session_id", Type::Long()),
          optional("is_logged_in", Type::Boolean()),
          optional("device", Type::String()),
          optional("os", Type::String()),
          optional("app_version", Type::String()),
          optional("browser", Type::String()),
          optional("country", Type::String()),
          optional("city", Type::String()),
          optional("latitude", Type::Double()),
          optional("longitude", Type::Double()),
          optional("ip", Type::String()),
          optional("page", Type::String()),
          optional("referrer", Type::String()),
          optional("duration_ms", Type::Int()),
          optional("scroll_depth", Type::Float()),
          optional("product_id", Type::Long()),
          optional("category", Type::String()),
          optional("quantity", Type::Int()),
          optional("unit_price", Type::Decimal(10, 2).ValueOrDie()),
          optional("discount", Type::Double()),
          optional("currency", Type::String()),
          optional("signup_date", Type::Date()),
          optional("campaign", Type::String()),
          optional("is_mobile", Type::Boolean()),
          optional("server_time", Type::Timestamptz())};
}

/// Appends the event of that number as one JSON object.
class StreamEventWriter {
 public:
  void Append(uint64_t number, std::string* out) {
    out_ = out;
    state_ = number * 0x9E3779B97F4A7C15U + 1;
    *out += '{';
    Text("event_id", Uuid());
    const int64_t time = 1'780'000'000'000'000 + static_cast<int64_t>(number) * 731;
    Text("event_time", FormatTimestampMicros(time, TimeStyle::kFull) + "Z");
    Text("event_type", OneOf({"view", "click", "add_to_cart", "purchase", "search"}));
    Number("user_id", Random(40'000'000));
    Number("session_id", Random(uint64_t{1} << 53));
    Word("is_logged_in", Random(3) != 0 ? "true" : "false");
    Text("device", OneOf({"iPhone15,2", "Pixel 8", "SM-S911B", "Macintosh", "Windows PC"}));
    Text("os", OneOf({"iOS 19.1", "Android 16", "macOS 26", "Windows 11"}));
    Text("app_version", Version());
    Text("browser", OneOf({"Chrome", "Safari", "Firefox", "Edge"}));
    Text("country", OneOf({"DE", "FR", "US", "JP", "BR", "IN"}));
    Text("city", OneOf({"Berlin", "Köln", "São Paulo", "Osaka", "New York", "Lyon"}));
    Word("latitude", Fraction(90'000'000, 6));
    Word("longitude", "-" + Fraction(180'000'000, 6));
    Text("ip", Address());
    Text("page", "/shop/" + std::to_string(Random(9000)) + "?from=" + OneOf({"home", "list"}));
    if (Random(4) == 0) {
      Word("referrer", "null");
    } else {
      Text("referrer", "https:\\/\\/example.com\\/" + std::to_string(Random(1'000)));
    }
    Number("duration_ms", Random(120'000));
    Word("scroll_depth", Fraction(1'000, 3));
    Number("product_id", Random(3'000'000));
    Text("category", OneOf({"garden", "books", "toys", "kitchen", "audio"}));
    Number("quantity", 1 + Random(5));
    Word("unit_price", Fraction(100'000, 2));
    Word("discount", Fraction(100, 2));
    Text("currency", OneOf({"EUR", "USD", "JPY"}));
    Text("signup_date", FormatDate(18'000 + static_cast<int64_t>(Random(2'500))));
    Text("campaign", "autumn-" + std::to_string(Random(40)));
    Word("is_mobile", Random(2) != 0 ? "true" : "false");
    Text("server_time", FormatTimestampMicros(time / 1'000 * 1'000 + 40'000) + "Z");
    out->back() = '}';
  }

 private:
  uint64_t Random(uint64_t bound) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ % bound;
  }
  void Word(std::string_view key, std::string_view value) {
    *out_ += '"';
    *out_ += key;
    *out_ += "\":";
    *out_ += value;
    *out_ += ',';
  }
  void Number(std::string_view key, uint64_t value) { Word(key, std::to_string(value)); }
  void Text(std::string_view key, const std::string& value) { Word(key, "\"" + value + "\""); }
  template <size_t kCount>
  std::string OneOf(const char* const (&choices)[kCount]) {
    return choices[Random(kCount)];
  }
  std::string Version() {
    return "7." + std::to_string(Random(30)) + "." + std::to_string(Random(10));
  }
  std::string Address() {
    return std::to_string(Random(256)) + "." + std::to_string(Random(256)) + "." +
           std::to_string(Random(256)) + "." + std::to_string(Random(256));
  }
  std::string Fraction(uint64_t bound, int num_decimals) {
    std::string digits = std::to_string(Random(bound));
    const auto width = static_cast<size_t>(num_decimals) + 1;
    if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
    return digits.insert(digits.size() - width + 1, ".");
  }
  std::string Uuid() {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%08llx-%04llx-4%03llx-9%03llx-%012llx",
                  static_cast<unsigned long long>(Random(uint64_t{1} << 32)),
                  static_cast<unsigned long long>(Random(1 << 16)),
                  static_cast<unsigned long long>(Random(1 << 12)),
                  static_cast<unsigned long long>(Random(1 << 12)),
                  static_cast<unsigned long long>(Random(uint64_t{1} << 48)));
    return text.data();
  }

  std::string* out_ = nullptr;
  uint64_t state_ = 0;
};

}  // namespace iceframe
