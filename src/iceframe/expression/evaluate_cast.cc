// SPDX-License-Identifier: Apache-2.0
// CAST. Values are read one by one into a number, text or moment and written as the target; what
// does not fit is an error that shows the value.
#include <charconv>
#include <cmath>
#include <limits>

#include "iceframe/base/ascii.h"
#include "iceframe/base/utf8.h"
#include "iceframe/expression/evaluate_internal.h"
#include "iceframe/expression/literal_conversion.h"
#include "iceframe/expression/literal_text.h"
#include "iceframe/expression/units_per_day_internal.h"
#include "iceframe/types/civil_time.h"
#include "iceframe/types/exact_quotient.h"
#include "iceframe/types/value_text.h"

namespace iceframe {

namespace {

/// The first hundred characters.
std::string Shortened(std::string text) {
  text.resize(CodePointPrefix(text, 100));
  return text;
}

/// Shortest digits; plain up to 16 digits before and 4 zeros after the point.
template <typename T>
std::string FloatText(T value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific).ptr;
  const std::string_view text(buffer, static_cast<size_t>(end - buffer));
  const size_t e = text.find('e');
  int exponent = 0;
  const size_t digits_at = e + (text[e + 1] == '+' ? 2 : 1);
  std::from_chars(text.data() + digits_at, end, exponent);
  if (exponent < -4 || exponent >= 16) return std::string(text);
  char plain[400];
  const auto plain_end =
      std::to_chars(plain, plain + sizeof(plain), value, std::chars_format::fixed).ptr;
  std::string result(plain, plain_end);
  if (result.find('.') == std::string::npos) result += ".0";
  return result;
}

std::string SqlTimestamp(std::string text, bool zoned) {
  const size_t separator = text.find('T');
  if (separator != std::string::npos) text[separator] = ' ';
  return zoned ? text + "+00" : text;
}

/// One row of the source in the form its family shares.
class SourceRow {
 public:
  SourceRow(const Type& type, const EvaluatedColumn& column) : type_(type), column_(column) {}

  const Type& type() const { return type_; }
  template <typename ArrayType>
  auto Get(int64_t i) const {
    return static_cast<const ArrayType&>(*column_.values).GetView(column_.is_scalar ? 0 : i);
  }
  __int128 Decimal(int64_t i) const { return DecimalReader(column_)[i]; }
  int64_t Integer(int64_t i) const {
    switch (type_.id()) {
      case TypeId::kBoolean:
        return Get<arrow::BooleanArray>(i) ? 1 : 0;
      case TypeId::kInt:
        return Get<arrow::Int32Array>(i);
      case TypeId::kDate:
        return Get<arrow::Date32Array>(i);
      case TypeId::kTime:
        return Get<arrow::Time64Array>(i);
      case TypeId::kLong:
        return Get<arrow::Int64Array>(i);
      default:
        return Get<arrow::TimestampArray>(i);
    }
  }
  double Real(int64_t i) const {
    if (type_.id() == TypeId::kFloat) return Get<arrow::FloatArray>(i);
    return Get<arrow::DoubleArray>(i);
  }
  bool IsReal() const { return type_.id() == TypeId::kFloat || type_.id() == TypeId::kDouble; }
  std::string_view Text(int64_t i) const { return Get<arrow::StringArray>(i); }

  std::string ToText(int64_t i) const {
    switch (type_.id()) {
      case TypeId::kBoolean:
        return Get<arrow::BooleanArray>(i) ? "true" : "false";
      case TypeId::kInt:
      case TypeId::kLong:
        return std::to_string(Integer(i));
      case TypeId::kFloat:
        return FloatText(Get<arrow::FloatArray>(i));
      case TypeId::kDouble:
        return FloatText(Get<arrow::DoubleArray>(i));
      case TypeId::kDecimal:
        return DecimalToPlainText(FromInt128(Decimal(i)), type_.scale());
      case TypeId::kDate:
        return FormatDate(Integer(i));
      case TypeId::kTime:
        return FormatTime(Integer(i));
      case TypeId::kTimestamp:
      case TypeId::kTimestamptz:
        return SqlTimestamp(FormatTimestampMicros(Integer(i)), IsZoned(type_));
      case TypeId::kTimestampNs:
      case TypeId::kTimestamptzNs:
        return SqlTimestamp(FormatTimestampNanos(Integer(i)), IsZoned(type_));
      case TypeId::kUuid:
        return UuidToText(Get<arrow::FixedSizeBinaryArray>(i));
      case TypeId::kString:
        return std::string(Text(i));
      default:
        return "";
    }
  }
  Status Fails(const Type& to, int64_t i) const {
    return Error(ErrorKind::kInvalidArgument, "value can't be cast to ", to.ToString(), ": ",
                 Shortened(ToText(i)));
  }

 private:
  const Type& type_;
  const EvaluatedColumn& column_;
};

template <typename Float>
std::optional<Float> ParseFloat(std::string_view text) {
  text = Trim(text, " ");
  if (text.size() > 1 && text[0] == '+') text.remove_prefix(1);
  Float value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> ParseReal(std::string_view text) { return ParseFloat<double>(text); }

std::optional<int64_t> RealToInteger(double value, bool half_even) {
  const double rounded = half_even ? std::nearbyint(value) : std::round(value);
  if (!(rounded >= -9223372036854775808.0 && rounded < 9223372036854775808.0)) return std::nullopt;
  return static_cast<int64_t>(rounded);
}

std::optional<int64_t> ParseInteger(std::string_view text) {
  text = Trim(text, " ");
  if (text.size() > 1 && text[0] == '+') text.remove_prefix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  const auto real = ParseReal(text);
  return real ? RealToInteger(*real, false) : std::nullopt;
}

std::optional<int64_t> AsInteger(const SourceRow& row, int64_t i) {
  if (row.IsReal()) return RealToInteger(row.Real(i), true);
  if (row.type().id() == TypeId::kString) return ParseInteger(row.Text(i));
  if (row.type().id() == TypeId::kDecimal) {
    const __int128 whole = DivideRounded(row.Decimal(i), row.type().scale());
    const auto narrow = static_cast<int64_t>(whole);
    return narrow == whole ? std::optional<int64_t>(narrow) : std::nullopt;
  }
  return row.Integer(i);
}

std::optional<double> AsReal(const SourceRow& row, int64_t i) {
  if (row.IsReal()) return row.Real(i);
  if (row.type().id() == TypeId::kString) return ParseReal(row.Text(i));
  if (row.type().id() == TypeId::kDecimal) {
    return NearestDouble(FromInt128(row.Decimal(i)), row.type().scale());
  }
  return static_cast<double>(row.Integer(i));
}

std::optional<float> AsFloat(const SourceRow& row, int64_t i) {
  const TypeId id = row.type().id();
  if (id == TypeId::kInt || id == TypeId::kLong || id == TypeId::kBoolean) {
    return static_cast<float>(row.Integer(i));
  }
  // By way of a double they would be rounded twice.
  if (id == TypeId::kString) {
    if (const auto nearest = ParseFloat<float>(row.Text(i))) return nearest;
  }
  if (id == TypeId::kDecimal) return NearestFloat(FromInt128(row.Decimal(i)), row.type().scale());
  const auto real = AsReal(row, i);
  if (!real) return std::nullopt;
  const auto value = static_cast<float>(*real);
  if (std::isinf(value) && !std::isinf(*real)) return std::nullopt;
  return value;
}

std::optional<__int128> ScaleTo(__int128 value, int32_t from_scale, const Type& to) {
  __int128 result = value;
  if (to.scale() < from_scale) {
    result = DivideRounded(value, from_scale - to.scale());
  } else if (__builtin_mul_overflow(value, PowerOfTen128(to.scale() - from_scale), &result)) {
    return std::nullopt;
  }
  if (!FitsPrecision(result, to.precision())) return std::nullopt;
  return result;
}

std::optional<__int128> AsDecimal(const SourceRow& row, const Type& to, int64_t i) {
  if (row.IsReal()) {
    const double scaled = std::round(row.Real(i) * static_cast<double>(PowerOfTen128(to.scale())));
    if (!(std::fabs(scaled) < static_cast<double>(PowerOfTen128(to.precision())))) {
      return std::nullopt;
    }
    return static_cast<__int128>(scaled);
  }
  if (row.type().id() == TypeId::kDecimal) {
    return ScaleTo(row.Decimal(i), row.type().scale(), to);
  }
  if (row.type().id() == TypeId::kString) {
    const std::string_view text = Trim(row.Text(i), " ");
    const size_t point = text.find('.');
    const size_t digits = point == std::string_view::npos ? 0 : text.size() - point - 1;
    if (digits > 38) return std::nullopt;
    const auto scale = std::max(static_cast<int32_t>(digits), to.scale());
    const auto value = DecimalFromText(text, scale);
    return value ? ScaleTo(ToInt128(*value), scale, to) : std::nullopt;
  }
  return ScaleTo(row.Integer(i), 0, to);
}

std::optional<bool> AsBoolean(const SourceRow& row, int64_t i) {
  if (row.IsReal()) return row.Real(i) != 0;
  if (row.type().id() == TypeId::kDecimal) return row.Decimal(i) != 0;
  if (row.type().id() != TypeId::kString) return row.Integer(i) != 0;
  std::string text(Trim(row.Text(i), " "));
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  for (const char* yes : {"true", "t", "1", "yes", "y"}) {
    if (text == yes) return true;
  }
  for (const char* no : {"false", "f", "0", "no", "n"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

/// A date or timestamp in the target's units; finer digits are cut off downwards.
std::optional<int64_t> AsMoment(const SourceRow& row, const Type& to, int64_t i) {
  int64_t value = 0;
  int64_t from_units = 0;
  if (row.type().id() == TypeId::kString) {
    const auto parsed = ParseTemporalLiteral(row.Text(i));
    if (!parsed.ok()) return std::nullopt;
    const bool is_date = parsed->type.id() == TypeId::kDate;
    if (IsZoned(parsed->type) != IsZoned(to)) return std::nullopt;
    value = is_date ? parsed->value.get<int32_t>() : parsed->value.get<int64_t>();
    from_units = internal::UnitsPerDay(parsed->type);
  } else {
    value = row.Integer(i);
    from_units = internal::UnitsPerDay(row.type());
  }
  const int64_t to_units = internal::UnitsPerDay(to);
  if (to_units < from_units) return FloorDivide(value, from_units / to_units);
  int64_t result = 0;
  if (__builtin_mul_overflow(value, to_units / from_units, &result)) return std::nullopt;
  return result;
}

std::optional<int64_t> AsTime(const SourceRow& row, int64_t i) {
  if (row.type().id() == TypeId::kString) return ParseTime(Trim(row.Text(i), " "));
  const int64_t units = internal::UnitsPerDay(row.type());
  return FloorModulo(row.Integer(i), units) / (units / kMicrosPerDay);
}

std::optional<std::string> AsBytes(const SourceRow& row, const Type& to, int64_t i) {
  if (row.type().id() == TypeId::kFixed) {
    return std::string(row.Get<arrow::FixedSizeBinaryArray>(i));
  }
  if (to.id() == TypeId::kUuid) return UuidFromText(Trim(row.Text(i), " "));
  const auto bytes = BytesFromEscapedText(row.Text(i));
  if (!bytes.ok()) return std::nullopt;
  if (to.id() == TypeId::kFixed && bytes->size() != static_cast<size_t>(to.length())) {
    return std::nullopt;
  }
  return *bytes;
}

/// Casts row by row; `convert` gives nullopt for what does not fit.
template <typename Builder, typename Convert>
Result<EvaluatedColumn> CastRows(EvaluationContext* context, const SourceRow& row, const Type& to,
                                 const EvaluatedColumn& operand, const Convert& convert) {
  ICEFRAME_ASSIGN_OR_RETURN(auto type, StorageType(to));
  return MapRows(context, {operand}, NewBuilder<Builder>(context, type),
                 [&](int64_t i, Builder* builder) -> Status {
                   auto value = convert(i);
                   if (!value) return row.Fails(to, i);
                   return builder->Append(*value);
                 });
}

std::optional<int32_t> Narrow(std::optional<int64_t> value) {
  if (!value || *value > INT32_MAX || *value < INT32_MIN) return std::nullopt;
  return static_cast<int32_t>(*value);
}

Result<EvaluatedColumn> CastByRow(EvaluationContext* context, const Type& from, const Type& to,
                                  const EvaluatedColumn& operand) {
  const SourceRow row(from, operand);
  const auto cast = [&]<typename Builder>(const auto& convert) {
    return CastRows<Builder>(context, row, to, operand, convert);
  };
  switch (to.id()) {
    case TypeId::kBoolean:
      return cast.template operator()<arrow::BooleanBuilder>(
          [&](int64_t i) { return AsBoolean(row, i); });
    case TypeId::kInt:
      return cast.template operator()<arrow::Int32Builder>(
          [&](int64_t i) { return Narrow(AsInteger(row, i)); });
    case TypeId::kLong:
      return cast.template operator()<arrow::Int64Builder>(
          [&](int64_t i) { return AsInteger(row, i); });
    case TypeId::kFloat:
      return cast.template operator()<arrow::FloatBuilder>(
          [&](int64_t i) { return AsFloat(row, i); });
    case TypeId::kDouble:
      return cast.template operator()<arrow::DoubleBuilder>(
          [&](int64_t i) { return AsReal(row, i); });
    case TypeId::kDecimal:
      return cast.template operator()<arrow::Decimal128Builder>(
          [&](int64_t i) -> std::optional<arrow::Decimal128> {
            const auto value = AsDecimal(row, to, i);
            if (!value) return std::nullopt;
            return FromInt128(*value);
          });
    case TypeId::kDate:
      return cast.template operator()<arrow::Date32Builder>(
          [&](int64_t i) { return Narrow(AsMoment(row, to, i)); });
    case TypeId::kTime:
      return cast.template operator()<arrow::Time64Builder>(
          [&](int64_t i) { return AsTime(row, i); });
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return cast.template operator()<arrow::TimestampBuilder>(
          [&](int64_t i) { return AsMoment(row, to, i); });
    case TypeId::kString:
      return cast.template operator()<arrow::StringBuilder>(
          [&](int64_t i) { return std::optional<std::string>(row.ToText(i)); });
    case TypeId::kBinary:
      return cast.template operator()<arrow::BinaryBuilder>(
          [&](int64_t i) { return AsBytes(row, to, i); });
    case TypeId::kUuid:
    case TypeId::kFixed:
      return cast.template operator()<arrow::FixedSizeBinaryBuilder>(
          [&](int64_t i) { return AsBytes(row, to, i); });
    default:
      return Error(ErrorKind::kInvalidArgument, "no cast to this type: ", to.ToString());
  }
}

/// The casts that Arrow does alike: whole numbers and floats that only widen.
bool ArrowCasts(const Type& from, const Type& to) {
  const TypeId a = from.id();
  const TypeId b = to.id();
  if (a == TypeId::kInt) return b == TypeId::kLong || b == TypeId::kDouble || b == TypeId::kFloat;
  if (a == TypeId::kLong) return b == TypeId::kDouble || b == TypeId::kFloat;
  return a == TypeId::kFloat && b == TypeId::kDouble;
}

}  // namespace

Result<EvaluatedColumn> EvaluateCast(EvaluationContext* context, const Type& from, const Type& to,
                                     const EvaluatedColumn& operand) {
  if (from == to) return operand;
  ICEFRAME_ASSIGN_OR_RETURN(auto target, StorageType(to));
  if (operand.values->type_id() == arrow::Type::NA) {
    EvaluatedColumn nulls;
    nulls.is_scalar = operand.is_scalar;
    ICEFRAME_ASSIGN_OR_RETURN(
        nulls.values, arrow::MakeArrayOfNull(target, operand.values->length(), context->pool()));
    return nulls;
  }
  if (ArrowCasts(from, to)) {
    const auto options = arrow::compute::CastOptions::Unsafe(target);
    return context->Call("cast", {operand}, &options);
  }
  return CastByRow(context, from, to, operand);
}

}  // namespace iceframe
