// SPDX-License-Identifier: Apache-2.0
// Text forms of single values and back: decimals, floats, uuids, hex and base64.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <arrow/util/decimal.h>

namespace iceframe {

/// The shortest text that reads back equal, with ".0" for whole numbers; "NaN", "Infinity".
std::string FloatToText(float value);
std::string FloatToText(double value);

/// All digits, never an exponent: "-0.05".
std::string DecimalToPlainText(const arrow::Decimal128& unscaled, int32_t scale);
/// As DecimalToPlainText, but with an exponent for tiny values ("1E-9"), as Java writes them.
std::string DecimalToJavaText(const arrow::Decimal128& unscaled, int32_t scale);
/// Reads "[±]digits[.digits][E[±]digits]" at exactly `scale`; nullopt for other text, or where
/// digits other than zeros would be lost or more than 38 are needed.
std::optional<arrow::Decimal128> DecimalFromText(std::string_view text, int32_t scale);

/// "f79c3e09-677c-4bbd-a479-3f349cb785e7" of 16 bytes, and back (either case).
std::string UuidToText(std::string_view bytes);
std::optional<std::string> UuidFromText(std::string_view text);

std::string BytesToHex(std::string_view bytes);
std::optional<std::string> BytesFromHex(std::string_view hex);
/// Standard alphabet, padded, and back; nullopt for other text.
std::string BytesToBase64(std::string_view bytes);
std::optional<std::string> BytesFromBase64(std::string_view text);

/// In single quotes, quotes doubled.
std::string QuotedText(std::string_view text);

}  // namespace iceframe
