// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cmath>
#include <cstring>

#include <arrow/util/decimal.h>

#include "iceframe/base/utf8.h"
#include "iceframe/format/column_statistics_internal.h"
#include "iceframe/types/civil_time.h"

namespace iceframe {

namespace {

using Layout = ColumnStatistics::BoundsLayout;

constexpr int64_t kUnknownCount = -1;

template <typename T>
T LoadLittleEndian(std::string_view bytes) {
  static_assert(std::endian::native == std::endian::little);
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

std::optional<int64_t> Int32(std::string_view bytes) {
  if (bytes.size() != 4) return std::nullopt;
  return LoadLittleEndian<int32_t>(bytes);
}

std::optional<int64_t> Int64(std::string_view bytes) {
  if (bytes.size() == 8) return LoadLittleEndian<int64_t>(bytes);
  return std::nullopt;
}

// Four bytes stand for days: the column was a date when the file was written.
std::optional<int64_t> TimestampOrDays(std::string_view bytes, int64_t units_per_day) {
  if (auto days = Int32(bytes)) {
    int64_t value = 0;
    if (__builtin_mul_overflow(*days, units_per_day, &value)) return std::nullopt;
    return value;
  }
  return Int64(bytes);
}

// A bound of a type whose bounds are whole numbers.
std::optional<int64_t> NumberBound(TypeId type, std::string_view bytes) {
  switch (type) {
    case TypeId::kBoolean:
      if (bytes.size() != 1) return std::nullopt;
      return bytes[0] != 0 ? 1 : 0;
    case TypeId::kInt:
    case TypeId::kDate:
      return Int32(bytes);
    case TypeId::kLong:
      if (auto narrow = Int32(bytes)) return narrow;
      return Int64(bytes);
    case TypeId::kTime:
    case TypeId::kTimestamptz:
    case TypeId::kTimestamptzNs:
      return Int64(bytes);
    case TypeId::kTimestamp:
      return TimestampOrDays(bytes, kMicrosPerDay);
    case TypeId::kTimestampNs:
      return TimestampOrDays(bytes, kMicrosPerDay * 1000);
    default:
      return std::nullopt;
  }
}

std::optional<double> RealBound(TypeId type, std::string_view bytes) {
  double value = 0;
  if (bytes.size() == 4) {
    value = static_cast<double>(LoadLittleEndian<float>(bytes));
  } else if (bytes.size() == 8 && type == TypeId::kDouble) {
    value = LoadLittleEndian<double>(bytes);
  } else {
    return std::nullopt;
  }
  // Some writers let NaN into bounds, and compare with it for the other one.
  if (std::isnan(value)) return std::nullopt;
  return value;
}

arrow::Decimal128 DecimalOf(std::string_view bytes) {
  // At most 16 bytes, which is all that can go wrong.
  return arrow::Decimal128::FromBigEndian(reinterpret_cast<const uint8_t*>(bytes.data()),
                                          static_cast<int32_t>(bytes.size()))
      .ValueOr(arrow::Decimal128());
}

bool IsValidBytesBound(const Type& type, std::string_view bytes) {
  switch (type.id()) {
    case TypeId::kString:
      return IsUtf8(bytes);
    case TypeId::kBinary:
      return true;
    case TypeId::kFixed:
      return bytes.size() == static_cast<size_t>(type.length());
    case TypeId::kUuid:
      return bytes.size() == 16;
    case TypeId::kDecimal:
      return !bytes.empty() && bytes.size() <= 16 &&
             DecimalOf(bytes).FitsInPrecision(type.precision());
    default:
      return false;
  }
}

std::optional<Layout> LayoutOf(const Type& type) {
  switch (type.id()) {
    case TypeId::kBoolean:
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kTimestampNs:
    case TypeId::kTimestamptzNs:
      return Layout::kInt64;
    case TypeId::kFloat:
    case TypeId::kDouble:
      return Layout::kDouble;
    case TypeId::kString:
    case TypeId::kUuid:
    case TypeId::kFixed:
    case TypeId::kBinary:
    case TypeId::kDecimal:
      return Layout::kBytes;
    case TypeId::kUnknown:
    case TypeId::kVariant:
    case TypeId::kGeometry:
    case TypeId::kGeography:
    case TypeId::kStruct:
    case TypeId::kList:
    case TypeId::kMap:
      break;
  }
  return std::nullopt;
}

bool IsAbove(const Type& type, std::string_view lower, std::string_view upper) {
  if (type.id() == TypeId::kDecimal) return DecimalOf(lower) > DecimalOf(upper);
  return lower > upper;  // string_view compares bytes as unsigned
}

// -0.0 is below +0.0 in bounds.
bool IsAbove(double lower, double upper) {
  return lower > upper || (lower == upper && !std::signbit(lower) && std::signbit(upper));
}

// Calls visit(row, value) for the column's value in each entry's map.
template <typename Read, typename Skip, typename Visit>
void ForEachEntry(const ManifestColumns& columns, ManifestSlot slot, FieldId field_id, Read read,
                  Skip skip, Visit visit) {
  const SparseColumn<uint32_t>& offsets = columns.offsets[slot];
  for (size_t row = 0; row < columns.num_entries(); ++row) {
    auto offset = offsets.Get(row);
    if (!offset) continue;
    AvroCursor cursor = columns.ItemsAt(*offset);
    bool found = false;
    while (!found) {
      int64_t count = cursor.ReadBlockCount(2);
      if (count == 0) break;
      for (; count > 0 && !found; --count) {
        found = cursor.ReadLong() == field_id;
        if (found) {
          visit(row, read(&cursor));
        } else {
          skip(&cursor);
        }
      }
    }
  }
}

std::vector<int64_t> Counts(const ManifestColumns& columns, ManifestSlot slot, FieldId field_id) {
  std::vector<int64_t> counts(columns.num_entries(), kUnknownCount);
  ForEachEntry(
      columns, slot, field_id, [](AvroCursor* cursor) { return cursor->ReadLong(); },
      [](AvroCursor* cursor) { cursor->SkipLong(); },
      [&](size_t row, int64_t count) { counts[row] = count < 0 ? kUnknownCount : count; });
  return counts;
}

// One side of the bounds, in the vectors that the layout asks for.
struct BoundsTarget {
  std::vector<uint8_t>* has;
  std::vector<int64_t>* numbers;
  std::vector<double>* reals;
  std::vector<std::string_view>* bytes;
};

// Returns whether the bytes are a value of the type.
bool SetBound(const Type& type, Layout layout, std::string_view bytes, size_t row,
              const BoundsTarget& target) {
  switch (layout) {
    case Layout::kInt64: {
      const auto number = NumberBound(type.id(), bytes);
      if (!number) return false;
      (*target.numbers)[row] = *number;
      break;
    }
    case Layout::kDouble: {
      const auto real = RealBound(type.id(), bytes);
      if (!real) return false;
      (*target.reals)[row] = *real;
      break;
    }
    case Layout::kBytes:
      if (!IsValidBytesBound(type, bytes)) return false;
      (*target.bytes)[row] = bytes;
      break;
  }
  (*target.has)[row] = 1;
  return true;
}

void Allocate(Layout layout, size_t num_entries, ColumnStatistics* statistics) {
  statistics->layout = layout;
  statistics->has_lower.assign(num_entries, 0);
  statistics->has_upper.assign(num_entries, 0);
  switch (layout) {
    case Layout::kInt64:
      statistics->lower_int64.assign(num_entries, 0);
      statistics->upper_int64.assign(num_entries, 0);
      break;
    case Layout::kDouble:
      statistics->lower_double.assign(num_entries, 0);
      statistics->upper_double.assign(num_entries, 0);
      break;
    case Layout::kBytes:
      statistics->lower_bytes.assign(num_entries, {});
      statistics->upper_bytes.assign(num_entries, {});
      break;
  }
}

// A lower bound above the upper one shows that neither can be trusted, as does one of them that
// can't be read.
void DropContradictions(const Type& type, const std::vector<size_t>& unreadable_rows,
                        ColumnStatistics* statistics) {
  for (const size_t row : unreadable_rows)
    statistics->has_lower[row] = statistics->has_upper[row] = 0;
  for (size_t row = 0; row < statistics->has_lower.size(); ++row) {
    if (!statistics->has_lower[row] || !statistics->has_upper[row]) continue;
    bool contradict = false;
    switch (statistics->layout) {
      case Layout::kInt64:
        contradict = statistics->lower_int64[row] > statistics->upper_int64[row];
        break;
      case Layout::kDouble:
        contradict = IsAbove(statistics->lower_double[row], statistics->upper_double[row]);
        break;
      case Layout::kBytes:
        contradict = IsAbove(type, statistics->lower_bytes[row], statistics->upper_bytes[row]);
        break;
    }
    if (contradict) statistics->has_lower[row] = statistics->has_upper[row] = 0;
  }
}

}  // namespace

std::shared_ptr<const ColumnStatistics> DecodeStatistics(const ManifestColumns& columns,
                                                         FieldId field_id, const Type& type) {
  auto statistics = std::make_shared<ColumnStatistics>();
  statistics->value_counts = Counts(columns, kValueCountsSlot, field_id);
  statistics->null_value_counts = Counts(columns, kNullValueCountsSlot, field_id);
  statistics->nan_value_counts = Counts(columns, kNanValueCountsSlot, field_id);
  const auto layout = LayoutOf(type);
  Allocate(layout.value_or(Layout::kBytes), columns.num_entries(), statistics.get());
  if (!layout) return statistics;
  const BoundsTarget lower{&statistics->has_lower, &statistics->lower_int64,
                           &statistics->lower_double, &statistics->lower_bytes};
  const BoundsTarget upper{&statistics->has_upper, &statistics->upper_int64,
                           &statistics->upper_double, &statistics->upper_bytes};
  std::vector<size_t> unreadable_rows;
  for (auto [slot, target] : {std::pair{kLowerBoundsSlot, lower}, {kUpperBoundsSlot, upper}}) {
    ForEachEntry(
        columns, slot, field_id, [](AvroCursor* cursor) { return cursor->ReadBytes(); },
        [](AvroCursor* cursor) { cursor->ReadBytes(); },
        [&, &side = target](size_t row, std::string_view bytes) {
          if (!SetBound(type, *layout, bytes, row, side)) unreadable_rows.push_back(row);
        });
  }
  DropContradictions(type, unreadable_rows, statistics.get());
  return statistics;
}

std::shared_ptr<const ColumnStatistics> PartitionStatistics(const ManifestColumns& columns,
                                                            size_t field) {
  const PartitionColumn& column = columns.partition[field];
  const size_t num_entries = columns.num_entries();
  auto statistics = std::make_shared<ColumnStatistics>();
  const Layout layout = LayoutOf(column.type).value_or(Layout::kBytes);
  Allocate(layout, num_entries, statistics.get());
  statistics->value_counts.assign(num_entries, 1);
  statistics->null_value_counts.assign(num_entries, 0);
  statistics->nan_value_counts.assign(num_entries, 0);
  for (size_t row = 0; row < num_entries; ++row) {
    bool has = false;
    if (auto number = column.numbers.Get(row)) {
      statistics->lower_int64[row] = statistics->upper_int64[row] = *number;
      has = true;
    } else if (auto real = column.reals.Get(row)) {
      statistics->lower_double[row] = statistics->upper_double[row] = *real;
      has = !std::isnan(*real);
      statistics->nan_value_counts[row] = has ? 0 : 1;
    } else if (auto span = column.spans.Get(row)) {
      statistics->lower_bytes[row] = statistics->upper_bytes[row] = columns.Bytes(*span);
      has = true;
    } else {
      statistics->null_value_counts[row] = 1;
    }
    statistics->has_lower[row] = statistics->has_upper[row] = has ? 1 : 0;
  }
  return statistics;
}

Value PartitionValue(const ManifestColumns& columns, size_t row, size_t field) {
  const PartitionColumn& column = columns.partition[field];
  if (auto number = column.numbers.Get(row)) {
    switch (column.type.id()) {
      case TypeId::kBoolean:
        return Value(*number != 0);
      case TypeId::kInt:
      case TypeId::kDate:
        return Value(static_cast<int32_t>(*number));
      default:
        return Value(*number);
    }
  }
  if (auto real = column.reals.Get(row)) {
    return column.type.id() == TypeId::kFloat ? Value(static_cast<float>(*real)) : Value(*real);
  }
  if (auto span = column.spans.Get(row)) {
    const std::string_view bytes = columns.Bytes(*span);
    if (column.type.id() == TypeId::kDecimal) return Value(DecimalOf(bytes));
    return Value(std::string(bytes));
  }
  return Value::Null();
}

namespace {

// Where a column stands twice, the first counts, as it does for Statistics().
template <typename T, typename Read>
void ReadMap(const ManifestColumns& columns, ManifestSlot slot, size_t row, Read read,
             std::map<FieldId, T>* out) {
  auto offset = columns.offsets[slot].Get(row);
  if (!offset) return;
  AvroCursor cursor = columns.ItemsAt(*offset);
  while (int64_t count = cursor.ReadBlockCount(2)) {
    for (; count > 0; --count) {
      const int64_t key = cursor.ReadLong();
      T value = read(&cursor);
      if (key == static_cast<FieldId>(key)) {
        out->emplace_hint(out->end(), static_cast<FieldId>(key), std::move(value));
      }
    }
  }
}

}  // namespace

void ReadStatisticsMap(const ManifestColumns& columns, ManifestSlot slot, size_t row,
                       std::map<FieldId, int64_t>* out) {
  ReadMap(columns, slot, row, [](AvroCursor* cursor) { return cursor->ReadLong(); }, out);
}

void ReadStatisticsMap(const ManifestColumns& columns, ManifestSlot slot, size_t row,
                       std::map<FieldId, std::string>* out) {
  ReadMap(
      columns, slot, row, [](AvroCursor* cursor) { return std::string(cursor->ReadBytes()); }, out);
}

int64_t StatisticsBytes(const Type& type, size_t num_entries) {
  const bool has_bytes = LayoutOf(type).value_or(Layout::kBytes) == Layout::kBytes;
  const size_t bound_bytes = has_bytes ? sizeof(std::string_view) : sizeof(int64_t);
  const size_t entry_bytes = 2 * (sizeof(uint8_t) + bound_bytes) + 3 * sizeof(int64_t);
  return static_cast<int64_t>(sizeof(ColumnStatistics) + num_entries * entry_bytes);
}

}  // namespace iceframe
