// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/exact_quotient.h"

#include <bit>
#include <charconv>
#include <cmath>

#include "iceframe/types/value_text.h"

namespace iceframe {

namespace {

/// Below this all whole numbers are doubles, and two of them have the nearest quotient.
constexpr int64_t kExactLimit = int64_t{1} << 53;
/// Digits of the quotient beyond a double's 53, so that the rest only says "a little more".
constexpr int kQuotientBits = 55;

int BitLength(const arrow::Decimal256& value) {
  const auto& words = value.little_endian_array();
  for (int i = 3; i >= 0; --i) {
    const uint64_t word = words[static_cast<size_t>(i)];
    if (word != 0) return 64 * i + static_cast<int>(std::bit_width(word));
  }
  return 0;
}

arrow::Decimal256 ShiftedLeft(arrow::Decimal256 value, int bits) {
  value <<= static_cast<uint32_t>(bits);
  return value;
}

bool IsSmall(const arrow::Decimal256& value) { return value < arrow::Decimal256(kExactLimit); }

double ToDouble(const arrow::Decimal256& small) {
  return static_cast<double>(small.little_endian_array()[0]);
}

}  // namespace

std::optional<__int128> WideSum::Narrow() const {
  const auto value = static_cast<__int128>(low_);
  if (high_ != (value < 0 ? -1 : 0)) return std::nullopt;
  return value;
}

arrow::Decimal256 WideSum::ToDecimal256() const {
  const auto high = static_cast<uint64_t>(high_);
  return arrow::Decimal256(arrow::BasicDecimal256::LittleEndianArray,
                           {static_cast<uint64_t>(low_), static_cast<uint64_t>(low_ >> 64), high,
                            high_ < 0 ? ~uint64_t{0} : uint64_t{0}});
}

WideSum WideSum::FromDecimal256(const arrow::Decimal256& value) {
  const auto words = value.little_endian_array();
  WideSum sum;
  sum.low_ = (static_cast<unsigned __int128>(words[1]) << 64U) | words[0];
  sum.high_ = static_cast<int64_t>(words[2]);
  return sum;
}

double NearestQuotient(const WideSum& sum, int64_t count, int32_t scale) {
  arrow::Decimal256 numerator = sum.ToDecimal256();
  const bool is_negative = numerator < arrow::Decimal256(0);
  if (is_negative) numerator = arrow::Decimal256(-numerator);
  arrow::Decimal256 denominator =
      arrow::Decimal256(count) * arrow::Decimal256::GetScaleMultiplier(scale);
  const double sign = is_negative ? -1.0 : 1.0;
  if (IsSmall(numerator) && IsSmall(denominator)) {
    return sign * (ToDouble(numerator) / ToDouble(denominator));
  }
  // At most 192 and 190 bits: neither side outgrows 255 when it is shifted.
  const int shift = kQuotientBits + BitLength(denominator) - BitLength(numerator);
  if (shift >= 0) {
    numerator = ShiftedLeft(numerator, shift);
  } else {
    denominator = ShiftedLeft(denominator, -shift);
  }
  const auto divided = numerator.Divide(denominator);
  if (!divided.ok()) return 0;
  // 55 or 56 bits of the quotient, and one that says whether there is more: rounded once.
  uint64_t bits = divided->first.little_endian_array()[0] << 1U;
  if (divided->second != arrow::Decimal256(0)) bits |= 1U;
  return sign * std::ldexp(static_cast<double>(bits), -shift - 1);
}

double NearestDouble(const arrow::Decimal128& unscaled, int32_t scale) {
  WideSum value;
  value.Add(static_cast<__int128>(
      (static_cast<unsigned __int128>(static_cast<uint64_t>(unscaled.high_bits())) << 64U) |
      unscaled.low_bits()));
  return NearestQuotient(value, 1, scale);
}

float NearestFloat(const arrow::Decimal128& unscaled, int32_t scale) {
  // Reads the digits, whatever the process's locale is.
  const std::string text = DecimalToPlainText(unscaled, scale);
  float value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace iceframe
