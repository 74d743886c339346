// SPDX-License-Identifier: Apache-2.0
// Values of primitive types as JSON has them: numbers and texts, exact or refused.
#pragma once

#include <string_view>

#include "iceframe/base/result.h"
#include "iceframe/streaming/growing_column.h"
#include "iceframe/streaming/json_cursor.h"

namespace iceframe {

/// Whether a value was taken. The column is unchanged where it was not.
enum class Taken {
  kYes,
  /// It is no value of the column's type.
  kNotOfType,
  /// It is a number that the type can't hold exactly, or at all.
  kOutOfRange,
};

/// Appends a number to a column of a numeric type.
///
/// int, long: whole numbers, however written. float, double: the nearest value to what is written
/// with a fraction or exponent; integers where they are kept exactly. decimal: where all digits
/// fit. Errors: those of memory.
Result<Taken> AppendNumber(const JsonNumber& number, GrowingColumn* column);

/// Appends what a text says to a column of any other primitive type but boolean, or of a decimal,
/// float or double ("NaN", "Infinity", "-Infinity").
///
/// date, time, timestamps: ISO 8601, with a zone exactly where the type has one, and no digit that
/// it can't hold. uuid: its text. binary and fixed: base64 (RFC 4648, padded); fixed[16] also the
/// text of a uuid. Errors: those of memory.
Result<Taken> AppendText(std::string_view text, GrowingColumn* column);

/// Appends the key of a JSON object to a map's keys of any primitive type: as AppendText, and where
/// the type takes numbers or booleans, what such a text says.
Result<Taken> AppendKey(std::string_view key, GrowingColumn* column);

}  // namespace iceframe
