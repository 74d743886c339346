// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/sort_by.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace iceframe {
namespace {

using ::testing::HasSubstr;

class SortByTest : public ::testing::Test {
 protected:
  std::shared_ptr<const Schema> schema_ =
      *Schema::Make(SchemaId(0), {NestedField::Optional(1, "id", Type::Long()),
                                  NestedField::Optional(2, "ts", Type::Timestamp())});
};

TEST_F(SortByTest, NullsComeFirstAscendingAndLastDescendingUnlessSaid) {
  const auto order =
      MakeSortOrder(*schema_, {{"ts", "day", true}, {"id"}, {"ts", "identity", true, true}});
  ASSERT_TRUE(order.ok()) << order.status().ToString();
  EXPECT_EQ(order->order_id, SortOrderId(1));
  ASSERT_EQ(order->fields.size(), 3U);
  EXPECT_EQ(order->fields[0],
            (SortField{{2}, Transform::Day(), SortDirection::kDescending, NullOrder::kNullsLast}));
  EXPECT_EQ(
      order->fields[1],
      (SortField{{1}, Transform::Identity(), SortDirection::kAscending, NullOrder::kNullsFirst}));
  EXPECT_EQ(order->fields[2].null_order, NullOrder::kNullsFirst);
}

TEST_F(SortByTest, NoColumnsAreNoOrder) {
  const auto order = MakeSortOrder(*schema_, {});
  ASSERT_TRUE(order.ok());
  EXPECT_TRUE(order->is_unsorted());
  EXPECT_EQ(order->order_id, SortOrderId(0));
}

TEST_F(SortByTest, RefusesWhatCantBeMeant) {
  const auto refused = [&](const SortBy& column) {
    return MakeSortOrder(*schema_, {column}).status();
  };
  EXPECT_THAT(refused({"tss"}).message(), HasSubstr("tss; did you mean ts?"));
  EXPECT_THAT(refused({"id", "hour"}).message(), HasSubstr("hour"));
  EXPECT_EQ(KindOf(refused({"id", "weekly"})), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace iceframe
