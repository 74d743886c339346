// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/row_order.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <random>
#include <string>

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include "iceframe/types/wide_array.h"

namespace iceframe {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

ArrayPtr RowsFromJson(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

std::vector<int64_t> OrderOf(const std::vector<OrderKey>& keys) {
  const auto order = OrderRows(keys, arrow::system_memory_pool(), [] { return Status::OK(); });
  EXPECT_TRUE(order.ok()) << order.status().ToString();
  std::vector<int64_t> rows;
  for (int64_t i = 0; order.ok() && i < (*order)->length(); ++i) {
    rows.push_back(static_cast<const arrow::UInt32Array&>(**order).Value(i));
  }
  return rows;
}

using Rows = std::vector<int64_t>;

TEST(RowOrder, OrdersEveryType) {
  const std::vector<std::pair<std::shared_ptr<arrow::DataType>, std::string>> samples = {
      {arrow::int8(), "[3, -3, null, 0, 3]"},
      {arrow::int16(), "[300, -300, null, 0, 300]"},
      {arrow::int32(), "[2147483647, -2147483648, null, 0, 2147483647]"},
      {arrow::int64(), "[9223372036854775807, -9223372036854775808, null, 0, 9223372036854775807]"},
      {arrow::uint32(), "[4294967295, 0, null, 1, 4294967295]"},
      {arrow::uint64(), "[18446744073709551615, 0, null, 1, 18446744073709551615]"},
      {arrow::date32(), "[9, -9, null, 0, 9]"},
      {arrow::time64(arrow::TimeUnit::MICRO), "[9, 1, null, 5, 9]"},
      {arrow::timestamp(arrow::TimeUnit::NANO, "UTC"), "[9, -9, null, 5, 9]"},
      {arrow::decimal128(9, 2), R"(["1.10", "-1.10", null, "0.00", "1.10"])"},
      {arrow::decimal128(38, 0), R"(["99999999999999999999999999999999999999",
        "-99999999999999999999999999999999999999", null, "20000000000000000000",
        "99999999999999999999999999999999999999"])"},
      {arrow::utf8(), R"(["b", "", null, "a", "b"])"},
      {arrow::utf8(), R"(["same beginning b", "same beginning", null, "same beginning a",
        "same beginning b"])"},
      {arrow::binary(), R"(["a\u0000", "", null, "a", "a\u0000"])"},
      {arrow::large_utf8(), R"(["ä", "a", null, "z", "ä"])"},
      {arrow::fixed_size_binary(3), R"(["abd", "abb", null, "abc", "abd"])"},
      {arrow::boolean(), "[true, false, null, false, true]"}};
  for (const auto& [type, json] : samples) {
    const bool is_boolean = type->id() == arrow::Type::BOOL;
    const ArrayPtr values = RowsFromJson(type, json);
    EXPECT_EQ(OrderOf({{values, false, true}}), (Rows{1, 3, 0, 4, 2})) << type->ToString();
    EXPECT_EQ(OrderOf({{values, false, false}}), (Rows{2, 1, 3, 0, 4})) << type->ToString();
    const Rows down = is_boolean ? Rows{0, 4, 1, 3, 2} : Rows{0, 4, 3, 1, 2};
    EXPECT_EQ(OrderOf({{values, true, true}}), down) << type->ToString();
    EXPECT_EQ(OrderOf({{values->Slice(1, 3), false, true}}), (Rows{0, 2, 1})) << type->ToString();
  }
  EXPECT_EQ(OrderOf({{RowsFromJson(arrow::null(), "[null, null]"), false, true}}), (Rows{0, 1}));
  EXPECT_EQ(OrderOf({{RowsFromJson(arrow::int32(), "[]"), false, true}}), Rows{});
}

/// Few distinct values; text with a common beginning, whose prefixes tie.
std::vector<ArrayPtr> RandomColumns(std::mt19937* random, int64_t num_rows) {
  arrow::MemoryPool* pool = arrow::system_memory_pool();
  arrow::Int64Builder numbers(pool);
  arrow::StringBuilder texts(pool);
  arrow::Decimal128Builder decimals(arrow::decimal128(38, 0), pool);
  arrow::BooleanBuilder flags(pool);
  const arrow::Decimal128 big =
      arrow::Decimal128::FromString("1" + std::string(30, '0')).ValueOrDie();
  for (int64_t i = 0; i < num_rows; ++i) {
    const auto is_null = [&] { return (*random)() % 9 == 0; };
    const auto number = static_cast<int64_t>((*random)() % 50) - 25;
    EXPECT_TRUE((is_null() ? numbers.AppendNull() : numbers.Append(number)).ok());
    const std::string text = "customer " + std::to_string((*random)() % 40);
    EXPECT_TRUE((is_null() ? texts.AppendNull() : texts.Append(text)).ok());
    const arrow::Decimal128 decimal =
        big * arrow::Decimal128(static_cast<int64_t>((*random)() % 5));
    EXPECT_TRUE((is_null() ? decimals.AppendNull() : decimals.Append(decimal)).ok());
    EXPECT_TRUE((is_null() ? flags.AppendNull() : flags.Append((*random)() % 2 == 0)).ok());
  }
  return {numbers.Finish().ValueOrDie(), texts.Finish().ValueOrDie(),
          decimals.Finish().ValueOrDie(), flags.Finish().ValueOrDie()};
}

int CompareRows(const OrderKey& key, int64_t left, int64_t right) {
  const bool left_null = key.values->IsNull(left);
  const bool right_null = key.values->IsNull(right);
  if (left_null || right_null) {
    if (left_null && right_null) return 0;
    return left_null == key.nulls_last ? 1 : -1;
  }
  int order = 0;
  switch (key.values->type_id()) {
    case arrow::Type::INT64: {
      const auto& values = static_cast<const arrow::Int64Array&>(*key.values);
      order =
          values.Value(left) < values.Value(right) ? -1 : values.Value(left) > values.Value(right);
      break;
    }
    case arrow::Type::STRING: {
      const auto& values = static_cast<const arrow::StringArray&>(*key.values);
      order = values.GetView(left).compare(values.GetView(right));
      break;
    }
    case arrow::Type::DECIMAL128: {
      const auto& values = static_cast<const arrow::Decimal128Array&>(*key.values);
      const arrow::Decimal128 a(values.GetValue(left));
      const arrow::Decimal128 b(values.GetValue(right));
      order = a < b ? -1 : (b < a ? 1 : 0);
      break;
    }
    default: {
      const auto& values = static_cast<const arrow::BooleanArray&>(*key.values);
      order = static_cast<int>(values.Value(left)) - static_cast<int>(values.Value(right));
    }
  }
  return key.descending ? -order : order;
}

TEST(RowOrder, IsAStableSortOfSeveralKeys) {
  std::mt19937 random(7);
  for (const int64_t num_rows : {1, 2, 100, 5000, 200'000}) {
    const auto columns = RandomColumns(&random, num_rows);
    for (int round = 0; round < (num_rows > 10'000 ? 3 : 20); ++round) {
      std::vector<OrderKey> keys;
      const size_t num_keys = 1 + random() % 3;
      for (size_t i = 0; i < num_keys; ++i) {
        keys.push_back({columns[random() % columns.size()], random() % 2 == 0, random() % 2 == 0});
      }
      Rows expected(static_cast<size_t>(num_rows));
      std::iota(expected.begin(), expected.end(), 0);
      std::ranges::stable_sort(expected, [&](int64_t left, int64_t right) {
        for (const OrderKey& key : keys) {
          const int order = CompareRows(key, left, right);
          if (order != 0) return order < 0;
        }
        return false;
      });
      ASSERT_EQ(OrderOf(keys), expected) << num_rows << " rows, round " << round;
      for (OrderKey& key : keys) {
        key.values = Widen(key.values, arrow::system_memory_pool()).ValueOrDie();
      }
      ASSERT_EQ(OrderOf(keys), expected) << "wide";
    }
  }
}

TEST(RowOrder, AsksOftenWhetherToGoOn) {
  constexpr int64_t kRows = 1'000'000;
  std::mt19937 random(1);
  arrow::Int32Builder few(arrow::system_memory_pool());
  arrow::Int64Builder many(arrow::system_memory_pool());
  for (int64_t i = 0; i < kRows; ++i) {
    ASSERT_TRUE(few.Append(static_cast<int32_t>(random() % 3)).ok());
    ASSERT_TRUE(many.Append(static_cast<int64_t>(random())).ok());
  }
  const ArrayPtr group = few.Finish().ValueOrDie();
  const ArrayPtr value = many.Finish().ValueOrDie();
  for (const std::vector<OrderKey>& keys :
       {std::vector<OrderKey>{{value, false, true}},
        std::vector<OrderKey>{{group, false, true}, {value, true, true}}}) {
    int64_t num_checks = 0;
    const auto count = [&] {
      ++num_checks;
      return Status::OK();
    };
    ASSERT_TRUE(OrderRows(keys, arrow::system_memory_pool(), count).ok());
    EXPECT_GE(num_checks, 4 * kRows / 65536) << "a million rows take four merges at least";
    for (const int64_t last : {int64_t{1}, num_checks / 2, num_checks}) {
      int64_t left = last;
      const auto stop = [&] {
        return --left > 0 ? Status::OK() : Error(ErrorKind::kCancelled, "stopped");
      };
      const auto stopped = OrderRows(keys, arrow::system_memory_pool(), stop);
      EXPECT_EQ(KindOf(stopped.status()), ErrorKind::kCancelled);
      EXPECT_EQ(left, 0) << "nothing is done after it was stopped";
    }
  }
}

TEST(RowOrder, RefusesTypesWithoutAnOrder) {
  const auto floats = OrderRows({{RowsFromJson(arrow::float64(), "[1]"), false, true}},
                                arrow::system_memory_pool(), [] { return Status::OK(); });
  EXPECT_EQ(KindOf(floats.status()), ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace iceframe
