// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/row_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include "iceframe/base/json.h"
#include "iceframe/types/civil_time.h"
#include "iceframe/types/value_text.h"

namespace iceframe {

namespace {

// A value without children, and whether JSON has it as a string.
struct PlainText {
  std::string text;
  bool is_string = false;
};

// Plain digits for numbers of ordinary size, which people read; the fewest that read back equal.
PlainText NumberText(double value) {
  if (!std::isfinite(value)) return {FloatToText(value), true};
  constexpr double kLeastPlain = 1e-4;
  constexpr double kLeastWithExponent = 1e16;
  const double size = std::fabs(value);
  const bool is_plain = size == 0 || (size >= kLeastPlain && size < kLeastWithExponent);
  std::array<char, 64> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                    is_plain ? std::chars_format::fixed : std::chars_format::scientific)
          .ptr;
  std::string text(buffer.data(), end);
  if (is_plain && text.find('.') == std::string::npos) text += ".0";
  return {std::move(text), false};
}

std::string TimeText(int64_t micros) {
  const bool is_whole = micros % kMicrosPerSecond == 0;
  return FormatTime(micros, is_whole ? TimeStyle::kTrimmed : TimeStyle::kFull);
}

std::string TimestampText(const arrow::TimestampType& type, int64_t value) {
  std::string text;
  switch (type.unit()) {
    case arrow::TimeUnit::NANO:
      text = FormatTimestampNanos(value, TimeStyle::kFull);
      break;
    case arrow::TimeUnit::MICRO:
      text = FormatTimestampMicros(value, TimeStyle::kFull);
      break;
    default:
      return arrow::TimestampScalar(value, type.unit(), type.timezone()).ToString();
  }
  if (const size_t place = text.find('T'); place != std::string::npos) text[place] = ' ';
  if (!type.timezone().empty()) text += 'Z';
  return text;
}

template <typename ArrayType>
PlainText IntegerText(const arrow::Array& array, int64_t row) {
  return {std::to_string(static_cast<const ArrayType&>(array).Value(row)), false};
}

template <typename ArrayType>
std::string ViewOf(const arrow::Array& array, int64_t row) {
  return std::string(static_cast<const ArrayType&>(array).GetView(row));
}

std::string DecimalText(const arrow::Array& array, int64_t row) {
  const auto& values = static_cast<const arrow::Decimal128Array&>(array);
  const auto& type = static_cast<const arrow::Decimal128Type&>(*array.type());
  return DecimalToPlainText(arrow::Decimal128(values.GetValue(row)), type.scale());
}

PlainText TextOf(const arrow::Array& array, int64_t row);

PlainText ExtensionText(const arrow::ExtensionArray& array, int64_t row) {
  if (array.extension_type()->extension_name() != "arrow.uuid") {
    return TextOf(*array.storage(), row);
  }
  return {UuidToText(ViewOf<arrow::FixedSizeBinaryArray>(*array.storage(), row)), true};
}

PlainText OtherText(const arrow::Array& array, int64_t row) {
  const auto scalar = array.GetScalar(row);
  return {scalar.ok() ? (*scalar)->ToString() : std::string(), true};
}

PlainText TextOf(const arrow::Array& array, int64_t row) {
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      return {static_cast<const arrow::BooleanArray&>(array).Value(row) ? "true" : "false", false};
    case arrow::Type::INT32:
      return IntegerText<arrow::Int32Array>(array, row);
    case arrow::Type::INT64:
      return IntegerText<arrow::Int64Array>(array, row);
    case arrow::Type::FLOAT:
      return NumberText(static_cast<const arrow::FloatArray&>(array).Value(row));
    case arrow::Type::DOUBLE:
      return NumberText(static_cast<const arrow::DoubleArray&>(array).Value(row));
    case arrow::Type::DECIMAL128:
      return {DecimalText(array, row), true};
    case arrow::Type::DATE32:
      return {FormatDate(static_cast<const arrow::Date32Array&>(array).Value(row)), true};
    case arrow::Type::TIME64:
      return {TimeText(static_cast<const arrow::Time64Array&>(array).Value(row)), true};
    case arrow::Type::TIMESTAMP:
      return {TimestampText(static_cast<const arrow::TimestampType&>(*array.type()),
                            static_cast<const arrow::TimestampArray&>(array).Value(row)),
              true};
    case arrow::Type::STRING:
      return {ViewOf<arrow::StringArray>(array, row), true};
    case arrow::Type::LARGE_STRING:
      return {ViewOf<arrow::LargeStringArray>(array, row), true};
    case arrow::Type::BINARY:
      return {BytesToHex(ViewOf<arrow::BinaryArray>(array, row)), true};
    case arrow::Type::LARGE_BINARY:
      return {BytesToHex(ViewOf<arrow::LargeBinaryArray>(array, row)), true};
    case arrow::Type::FIXED_SIZE_BINARY:
      return {BytesToHex(ViewOf<arrow::FixedSizeBinaryArray>(array, row)), true};
    case arrow::Type::EXTENSION:
      return ExtensionText(static_cast<const arrow::ExtensionArray&>(array), row);
    default:
      return OtherText(array, row);
  }
}

bool IsNested(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRUCT || type.id() == arrow::Type::LIST ||
         type.id() == arrow::Type::MAP;
}

void AppendString(std::string text, std::string* out) { Json::String(std::move(text)).DumpTo(out); }

void AppendStruct(const arrow::StructArray& array, int64_t row, std::string* out) {
  out->push_back('{');
  for (int i = 0; i < array.num_fields(); ++i) {
    if (i > 0) out->append(", ");
    AppendString(array.struct_type()->field(i)->name(), out);
    out->append(": ");
    AppendJsonValue(*array.field(i), row, out);
  }
  out->push_back('}');
}

void AppendList(const arrow::ListArray& array, int64_t row, std::string* out) {
  out->push_back('[');
  for (int64_t i = array.value_offset(row); i < array.value_offset(row + 1); ++i) {
    if (i > array.value_offset(row)) out->append(", ");
    AppendJsonValue(*array.values(), i, out);
  }
  out->push_back(']');
}

void AppendMap(const arrow::MapArray& array, int64_t row, std::string* out) {
  out->push_back('[');
  for (int64_t i = array.value_offset(row); i < array.value_offset(row + 1); ++i) {
    out->append(i > array.value_offset(row) ? ", [" : "[");
    AppendJsonValue(*array.keys(), i, out);
    out->append(", ");
    AppendJsonValue(*array.items(), i, out);
    out->push_back(']');
  }
  out->push_back(']');
}

void AppendCsvText(std::string_view text, std::string* out) {
  out->push_back('"');
  for (const char c : text) {
    if (c == '"') out->push_back('"');
    out->push_back(c);
  }
  out->push_back('"');
}

bool IsQuotedInCsv(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DATE32:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP:
      return false;
    default:
      return true;
  }
}

}  // namespace

void AppendJsonValue(const arrow::Array& array, int64_t row, std::string* out) {
  if (array.IsNull(row)) {
    out->append("null");
    return;
  }
  switch (array.type_id()) {
    case arrow::Type::STRUCT:
      return AppendStruct(static_cast<const arrow::StructArray&>(array), row, out);
    case arrow::Type::LIST:
      return AppendList(static_cast<const arrow::ListArray&>(array), row, out);
    case arrow::Type::MAP:
      return AppendMap(static_cast<const arrow::MapArray&>(array), row, out);
    default:
      break;
  }
  PlainText plain = TextOf(array, row);
  if (plain.is_string) return AppendString(std::move(plain.text), out);
  out->append(plain.text);
}

void AppendJsonRow(const arrow::RecordBatch& batch, int64_t row, std::string* out) {
  out->push_back('{');
  for (int i = 0; i < batch.num_columns(); ++i) {
    if (i > 0) out->append(", ");
    AppendString(batch.column_name(i), out);
    out->append(": ");
    AppendJsonValue(*batch.column(i), row, out);
  }
  out->push_back('}');
}

std::optional<std::string> CellText(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) return std::nullopt;
  if (!IsNested(*array.type())) return TextOf(array, row).text;
  std::string json;
  AppendJsonValue(array, row, &json);
  return json;
}

std::optional<std::string> DisplayText(const arrow::Array& array, int64_t row) {
  std::optional<std::string> text = CellText(array, row);
  if (!text || array.type_id() != arrow::Type::TIMESTAMP) return text;
  const size_t point = text->find('.');
  if (point == std::string::npos) return text;
  const size_t end = text->find_first_not_of('0', point + 1);
  if (end == std::string::npos || (*text)[end] == 'Z') text->erase(point, end - point);
  return text;
}

void AppendCsvRow(const arrow::RecordBatch& batch, int64_t row, std::string* out) {
  for (int i = 0; i < batch.num_columns(); ++i) {
    if (i > 0) out->push_back(',');
    const arrow::Array& column = *batch.column(i);
    const std::optional<std::string> cell = CellText(column, row);
    if (!cell) continue;
    if (IsQuotedInCsv(*column.type())) {
      AppendCsvText(*cell, out);
    } else {
      out->append(*cell);
    }
  }
  out->push_back('\n');
}

void AppendCsvHeader(const arrow::Schema& schema, std::string* out) {
  for (int i = 0; i < schema.num_fields(); ++i) {
    if (i > 0) out->push_back(',');
    AppendCsvText(schema.field(i)->name(), out);
  }
  out->push_back('\n');
}

}  // namespace iceframe
