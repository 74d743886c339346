// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/value_text.h"

#include <array>
#include <charconv>
#include <cmath>

#include "iceframe/base/ascii.h"

namespace iceframe {

namespace {

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr size_t kMaxDecimalDigits = 38;

template <typename Float>
std::string FloatText(Float value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  std::string text(buffer.data(), end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

/// The value of each base64 digit; -1 for other characters.
constexpr std::array<int8_t, 256> kBase64Values = [] {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (size_t i = 0; i < kBase64Digits.size(); ++i) {
    values[static_cast<unsigned char>(kBase64Digits[i])] = static_cast<int8_t>(i);
  }
  return values;
}();

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The digits of a decimal text without point and exponent, and where the point is from the right.
struct DecimalDigits {
  bool negative = false;
  std::string digits;
  int64_t scale = 0;
};

bool ScanExponent(std::string_view text, int64_t* exponent) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), *exponent);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && *exponent > -1000 &&
         *exponent < 1000;
}

std::optional<DecimalDigits> ScanDecimal(std::string_view text) {
  DecimalDigits result;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    result.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  bool seen_point = false;
  bool seen_digit = false;
  size_t i = 0;
  for (; i < text.size() && (IsDigit(text[i]) || text[i] == '.'); ++i) {
    if (text[i] == '.') {
      if (seen_point) return std::nullopt;
      seen_point = true;
      continue;
    }
    seen_digit = true;
    if (seen_point) ++result.scale;
    if (!result.digits.empty() || text[i] != '0') result.digits += text[i];
  }
  if (!seen_digit) return std::nullopt;
  if (i < text.size()) {
    int64_t exponent = 0;
    if (text[i] != 'e' && text[i] != 'E') return std::nullopt;
    if (!ScanExponent(text.substr(i + 1), &exponent)) return std::nullopt;
    result.scale -= exponent;
  }
  return result;
}

}  // namespace

std::string FloatToText(float value) { return FloatText(value); }
std::string FloatToText(double value) { return FloatText(value); }

std::string DecimalToPlainText(const arrow::Decimal128& unscaled, int32_t scale) {
  std::string digits = unscaled.ToIntegerString();
  if (scale <= 0) return digits;
  const bool negative = digits.front() == '-';
  if (negative) digits.erase(0, 1);
  const auto places = static_cast<size_t>(scale);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  digits.insert(digits.size() - places, ".");
  return negative ? "-" + digits : digits;
}

std::string DecimalToJavaText(const arrow::Decimal128& unscaled, int32_t scale) {
  std::string digits = unscaled.ToIntegerString();
  const bool negative = digits.front() == '-';
  if (negative) digits.erase(0, 1);
  const int64_t exponent = static_cast<int64_t>(digits.size()) - 1 - scale;
  if (scale >= 0 && exponent >= -6) return DecimalToPlainText(unscaled, scale);
  std::string text = negative ? "-" : "";
  text += digits.front();
  if (digits.size() > 1) text += "." + digits.substr(1);
  return text + "E" + (exponent >= 0 ? "+" : "") + std::to_string(exponent);
}

std::optional<arrow::Decimal128> DecimalFromText(std::string_view text, int32_t scale) {
  std::optional<DecimalDigits> scanned = ScanDecimal(text);
  if (!scanned) return std::nullopt;
  std::string& digits = scanned->digits;
  if (digits.empty()) return arrow::Decimal128(0);
  for (; scanned->scale > scale; --scanned->scale) {
    if (digits.empty() || digits.back() != '0') return std::nullopt;
    digits.pop_back();
  }
  const int64_t missing = scale - scanned->scale;
  if (static_cast<int64_t>(digits.size()) + missing > static_cast<int64_t>(kMaxDecimalDigits)) {
    return std::nullopt;
  }
  digits.append(static_cast<size_t>(missing), '0');
  auto parsed = arrow::Decimal128::FromString((scanned->negative ? "-" : "") + digits);
  if (!parsed.ok()) return std::nullopt;
  return *parsed;
}

std::string UuidToText(std::string_view bytes) {
  std::string hex = BytesToHex(bytes);
  if (hex.size() != 32) return hex;
  for (size_t position : {20U, 16U, 12U, 8U}) hex.insert(position, "-");
  return hex;
}

std::optional<std::string> UuidFromText(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::string hex;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return std::nullopt;
    if (!dash) hex += text[i];
  }
  return BytesFromHex(hex);
}

std::string BytesToHex(std::string_view bytes) {
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kHexDigits[byte >> 4];
    hex += kHexDigits[byte & 15];
  }
  return hex;
}

std::optional<std::string> BytesFromHex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (size_t i = 0; i < hex.size(); i += 2) {
    const int high = HexDigit(hex[i]);
    const int low = HexDigit(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::string BytesToBase64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) {
      group = group << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (size_t j = 0; j < 4; ++j) {
      const bool padded = i + j > bytes.size();
      text += padded ? '=' : kBase64Digits[group >> (18 - 6 * j) & 63];
    }
  }
  return text;
}

std::optional<std::string> BytesFromBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const size_t num_padding = text.ends_with("==") ? 2 : (text.ends_with('=') ? 1 : 0);
  text.remove_suffix(num_padding);
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  uint32_t bits = 0;
  int num_bits = 0;
  for (const char c : text) {
    const int8_t value = kBase64Values[static_cast<unsigned char>(c)];
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(value);
    num_bits += 6;
    if (num_bits < 8) continue;
    num_bits -= 8;
    bytes += static_cast<char>(bits >> num_bits & 255);
  }
  // What is left over is part of no byte.
  if ((bits & ((1U << num_bits) - 1)) != 0) return std::nullopt;
  return bytes;
}

std::string QuotedText(std::string_view text) {
  std::string quoted = "'";
  for (char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

}  // namespace iceframe
