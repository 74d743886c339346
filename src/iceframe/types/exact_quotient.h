// SPDX-License-Identifier: Apache-2.0
// Sums that don't overflow, and quotients that are rounded once.
#pragma once

#include <cstdint>
#include <optional>

#include <arrow/util/decimal.h>

namespace iceframe {

/// A sum of 128-bit integers in 192 bits, which 2^63 of them can't overflow.
class WideSum {
 public:
  void Add(__int128 value) {
    const auto word = static_cast<unsigned __int128>(value);
    low_ += word;
    high_ += (value < 0 ? -1 : 0) + (low_ < word ? 1 : 0);
  }
  void Add(const WideSum& other) {
    low_ += other.low_;
    high_ += other.high_ + (low_ < other.low_ ? 1 : 0);
  }

  /// The sum where 128 bits hold it.
  std::optional<__int128> Narrow() const;
  arrow::Decimal256 ToDecimal256() const;
  /// Of what ToDecimal256 returned; higher bits are lost.
  static WideSum FromDecimal256(const arrow::Decimal256& value);

 private:
  unsigned __int128 low_ = 0;
  int64_t high_ = 0;
};

/// Returns the double nearest to sum / (count * 10^scale), of two equally near ones the even one.
/// `count` is positive, `scale` between 0 and 38.
double NearestQuotient(const WideSum& sum, int64_t count, int32_t scale);

/// Returns the double, or float, nearest to unscaled / 10^scale.
double NearestDouble(const arrow::Decimal128& unscaled, int32_t scale);
float NearestFloat(const arrow::Decimal128& unscaled, int32_t scale);

}  // namespace iceframe
