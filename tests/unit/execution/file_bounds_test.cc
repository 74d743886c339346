// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include <gtest/gtest.h>

#include "iceframe/execution/file_bounds_internal.h"
#include "iceframe/types/single_value.h"

namespace iceframe {
namespace {

constexpr FieldId kId = 7;

std::string Bytes(const Type& type, const Value& value) {
  return ToSingleValueBytes(type, value).ValueOrDie();
}

DataFile FileOf(const Type& type, const Value& lower, const Value& upper, int64_t num_nulls = 0) {
  DataFile file;
  file.record_count = 10;
  file.null_value_counts[kId] = num_nulls;
  file.lower_bounds[kId] = Bytes(type, lower);
  file.upper_bounds[kId] = Bytes(type, upper);
  return file;
}

TEST(FileBounds, AreLimitsAndNoValues) {
  const DataFile file = FileOf(Type::Long(), Value(int64_t{3}), Value(int64_t{9}));
  const FileBound lower = BoundOf(file, kId, Type::Long(), /*is_max=*/false);
  EXPECT_TRUE(lower.is_known);
  EXPECT_FALSE(lower.is_value);
  EXPECT_EQ(lower.value, Value(int64_t{3}));
  EXPECT_EQ(BoundOf(file, kId, Type::Long(), true).value, Value(int64_t{9}));
}

TEST(FileBounds, AreTheValueWhereBothAreEqual) {
  DataFile file = FileOf(Type::String(), Value("a"), Value("a"), 9);
  EXPECT_TRUE(BoundOf(file, kId, Type::String(), true).is_value);
  // All rows might be null.
  file.null_value_counts.clear();
  EXPECT_FALSE(BoundOf(file, kId, Type::String(), true).is_value);
  EXPECT_TRUE(BoundOf(file, kId, Type::String(), true).is_known);
}

TEST(FileBounds, OfNothingButNullsAreNull) {
  DataFile file;
  file.record_count = 10;
  file.null_value_counts[kId] = 10;
  const FileBound bound = BoundOf(file, kId, Type::Long(), false);
  EXPECT_TRUE(bound.is_known && bound.is_value && bound.value.is_null());
}

TEST(FileBounds, AreUnknownWhereTheyAreMissingOrBroken) {
  DataFile file = FileOf(Type::Long(), Value(int64_t{3}), Value(int64_t{9}));
  EXPECT_FALSE(BoundOf(file, kId + 1, Type::Long(), false).is_known);
  file.upper_bounds[kId] = "12345";
  EXPECT_FALSE(BoundOf(file, kId, Type::Long(), true).is_known);
  EXPECT_FALSE(BoundOf(file, kId, Type::Long(), false).is_known);
}

TEST(FileBounds, OfFloatsNeedANanCountOfZero) {
  DataFile file = FileOf(Type::Double(), Value(0.5), Value(2.5));
  EXPECT_FALSE(BoundOf(file, kId, Type::Double(), true).is_known);
  file.nan_value_counts[kId] = 1;
  EXPECT_FALSE(BoundOf(file, kId, Type::Double(), false).is_known);
  file.nan_value_counts[kId] = 0;
  EXPECT_TRUE(BoundOf(file, kId, Type::Double(), true).is_known);
}

TEST(FileBounds, OfNarrowerTypesAreWidened) {
  const DataFile file = FileOf(Type::Int(), Value(int32_t{-3}), Value(int32_t{9}));
  EXPECT_EQ(BoundOf(file, kId, Type::Long(), false).value, Value(int64_t{-3}));
}

}  // namespace
}  // namespace iceframe
