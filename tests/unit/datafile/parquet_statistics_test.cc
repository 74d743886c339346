// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstring>

#include <gtest/gtest.h>

#include "iceframe/datafile/parquet_statistics_internal.h"
#include "iceframe/expression/binder.h"
#include "iceframe/skipping/evaluators.h"

namespace iceframe::internal {
namespace {

template <typename T>
std::string Plain(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

ColumnBounds BoundsOfPage(parquet::Type::type physical,
                          std::shared_ptr<const parquet::LogicalType> logical, const Type& type,
                          std::string min, std::string max, int length = -1) {
  const parquet::ColumnDescriptor column(
      parquet::schema::PrimitiveNode::Make("c", parquet::Repetition::OPTIONAL, std::move(logical),
                                           physical, length),
      1, 0);
  PageHeader page;
  page.num_values = 2;
  page.null_count = 0;
  page.min = std::move(min);
  page.max = std::move(max);
  return PageBounds(page, column, type);
}

TEST(ParquetStatistics, OneBoundThatCanNotBeRightMakesBothUnknown) {
  const auto none = parquet::LogicalType::None();
  const auto has_bounds = [](const ColumnBounds& bounds) { return bounds.lower || bounds.upper; };
  const auto reals = [&](double min, double max) {
    return BoundsOfPage(parquet::Type::DOUBLE, none, Type::Double(), Plain(min), Plain(max));
  };
  EXPECT_TRUE(has_bounds(reals(1, 2)));
  EXPECT_FALSE(has_bounds(reals(2, 1)));
  EXPECT_FALSE(has_bounds(reals(1, std::nan(""))));
  EXPECT_FALSE(has_bounds(reals(std::nan(""), 1)));
  EXPECT_FALSE(
      has_bounds(BoundsOfPage(parquet::Type::INT64, none, Type::Long(), Plain(int64_t{1}), "abc")));
  EXPECT_FALSE(has_bounds(BoundsOfPage(parquet::Type::FIXED_LEN_BYTE_ARRAY, none,
                                       Type::Fixed(3).ValueOrDie(), "abc", "abcd", 3)));
}

TEST(ParquetStatistics, TextCutInsideACharacterHidesNoRow) {
  const auto schema =
      Schema::Make(SchemaId(0), {NestedField::Optional(1, "s", Type::String())}).ValueOrDie();
  const Expression filter = BindPredicate(Equal(Col("s"), Lit("a")), *schema).ValueOrDie();
  const auto may_match = [&](const char* min, const char* max) {
    const ColumnBounds bounds = BoundsOfPage(
        parquet::Type::BYTE_ARRAY, parquet::LogicalType::String(), Type::String(), min, max);
    return MayMatch(filter, [&](FieldId, const Type&) { return bounds; });
  };
  EXPECT_FALSE(may_match("b", "c"));
  EXPECT_TRUE(may_match("b", "\xC3"));
  EXPECT_TRUE(may_match("\xC3", "b"));
}

}  // namespace
}  // namespace iceframe::internal
