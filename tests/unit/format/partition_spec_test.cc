// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/partition_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/format/sort_order.h"

namespace iceframe {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<const Schema> Columns() {
  return *Schema::Make(
      SchemaId(0),
      {NestedField::Optional(1, "id", Type::Long()), NestedField::Optional(2, "day", Type::Date()),
       NestedField::Optional(3, "name", Type::String()),
       NestedField::Optional(4, "tags",
                             Type::List(NestedField::Optional(5, "element", Type::String())))});
}

TEST(PartitionSpec, TypeHasAnOptionalFieldPerPartitionField) {
  PartitionSpec spec{PartitionSpecId(0),
                     {{{1}, 1000, "b", *Transform::Bucket(4)},
                      {{2}, 1001, "day", Transform::Identity()},
                      {{9}, 1002, "gone", Transform::Identity()},
                      {{9}, 1003, "gone_year", Transform::Year()},
                      {{3}, 1004, "what", Transform::FromMetadata("zigzag")}}};
  auto type = PartitionType(spec, *Columns());
  ASSERT_TRUE(type.ok());
  ASSERT_EQ(type->fields().size(), 5u);
  EXPECT_EQ(type->fields()[0], NestedField::Optional(1000, "b", Type::Int()));
  EXPECT_EQ(type->fields()[1], NestedField::Optional(1001, "day", Type::Date()));
  EXPECT_EQ(type->fields()[2].type, Type::Unknown());
  EXPECT_EQ(type->fields()[3].type, Type::Int());
  EXPECT_EQ(type->fields()[4].type, Type::Unknown());
}

TEST(PartitionSpec, VoidFieldsDivideNothing) {
  PartitionSpec spec{PartitionSpecId(0), {{{1}, 1000, "v", Transform::Void()}}};
  EXPECT_TRUE(spec.is_unpartitioned());
  EXPECT_EQ(PartitionPath(spec, *Columns(), {Value()}), "");
  spec.fields.push_back({{3}, 1001, "name", Transform::Identity()});
  EXPECT_FALSE(spec.is_unpartitioned());
}

TEST(PartitionSpec, PathEncodesNamesAndValues) {
  PartitionSpec spec{PartitionSpecId(0),
                     {{{3}, 1000, "name part", Transform::Identity()},
                      {{1}, 1001, "id_bucket", *Transform::Bucket(4)}}};
  EXPECT_EQ(PartitionPath(spec, *Columns(), {Value("a/b=ü"), Value(int32_t{3})}),
            "name%20part=a%2Fb%3D%C3%BC/id_bucket=3");
  EXPECT_EQ(PartitionPath(spec, *Columns(), {Value("../x"), Value()}),
            "name%20part=..%2Fx/id_bucket=null");
}

TEST(PartitionSpec, ValidationNamesTheField) {
  auto error = [](PartitionField field) {
    return ValidatePartitionSpec({PartitionSpecId(0), {std::move(field)}}, *Columns()).ToString();
  };
  EXPECT_EQ(error({{1}, 1000, "id", Transform::Identity()}), "OK");
  EXPECT_EQ(error({{9}, 1000, "gone", Transform::Void()}), "OK");
  EXPECT_THAT(error({{9}, 1000, "p", Transform::Identity()}), HasSubstr("does not exist: p"));
  EXPECT_THAT(error({{1}, 1000, "p", Transform::Day()}), HasSubstr("p = day of long"));
  EXPECT_THAT(error({{5}, 1000, "p", Transform::Identity()}), HasSubstr("inside a list or map: p"));
  EXPECT_THAT(error({{4}, 1000, "p", Transform::Identity()}), HasSubstr("not primitive: p"));
  EXPECT_THAT(error({{1}, 1000, "name", Transform::Identity()}), HasSubstr("another column: name"));
  EXPECT_THAT(error({{1}, 1000, "", Transform::Identity()}), HasSubstr("no name"));
  PartitionField field{{1}, 1000, "p", Transform::Identity()};
  EXPECT_THAT(ValidatePartitionSpec({PartitionSpecId(0), {field, field}}, *Columns()).ToString(),
              HasSubstr("one name: p"));
}

TEST(SortOrder, ValidationNamesTheColumn) {
  SortOrder order{SortOrderId(1), {{{1}}}};
  EXPECT_TRUE(ValidateSortOrder(order, *Columns()).ok());
  order.order_id = SortOrderId(0);
  EXPECT_FALSE(ValidateSortOrder(order, *Columns()).ok());
  order = {SortOrderId(1), {{{9}}}};
  EXPECT_THAT(ValidateSortOrder(order, *Columns()).ToString(), HasSubstr("id 9"));
  order = {SortOrderId(1), {{{1}, Transform::Hour()}}};
  EXPECT_THAT(ValidateSortOrder(order, *Columns()).ToString(), HasSubstr("hour of id"));
}

}  // namespace
}  // namespace iceframe
