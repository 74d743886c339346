// SPDX-License-Identifier: Apache-2.0
// Values of result rows as text: JSON, and the cells of tables and CSV.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <arrow/type_fwd.h>

namespace iceframe {

/// Appends a value of any array in ToArrowType's form as JSON that loses nothing.
///
/// Integers and finite floats are numbers that read back equal; NaN, infinities, decimals, uuids,
/// dates and times are strings; timestamps are "2024-02-29 12:00:00.000000" with all their digits,
/// and "Z" where they have a zone; bytes are hexadecimal. Structs are objects, lists arrays, maps
/// arrays of [key, value]. `row` must be in range.
void AppendJsonValue(const arrow::Array& array, int64_t row, std::string* out);

/// Appends a row of columns as one JSON object, without a line's end.
void AppendJsonRow(const arrow::RecordBatch& batch, int64_t row, std::string* out);

/// Returns what a cell shows: text as it is, nested values as JSON, others as in JSON but without
/// quotes; nullopt for null.
std::optional<std::string> CellText(const arrow::Array& array, int64_t row);

/// As CellText, but timestamps without fractions of seconds that are zero, for people to read.
std::optional<std::string> DisplayText(const arrow::Array& array, int64_t row);

/// Appends a row as a line of CSV (RFC 4180, "\n"): cells of text, bytes and nested types stand in
/// quotes, so that null, which is empty, differs from an empty text.
void AppendCsvRow(const arrow::RecordBatch& batch, int64_t row, std::string* out);
/// Appends the columns' names as a line of CSV.
void AppendCsvHeader(const arrow::Schema& schema, std::string* out);

}  // namespace iceframe
