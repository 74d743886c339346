// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/schema_sync.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace iceframe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::shared_ptr<const Schema> Start() {
  return *Schema::Make(
      SchemaId(0),
      {NestedField::Optional(1, "id", Type::Int()), NestedField::Optional(2, "key", Type::Uuid()),
       NestedField::Optional(3, "place",
                             Type::Struct({NestedField::Optional(4, "zip", Type::Int())})),
       NestedField::Optional(
           5, "visits",
           Type::List(NestedField::Optional(
               6, "element", Type::Struct({NestedField::Optional(7, "day", Type::Date())}))))});
}

std::vector<NestedField> Wanted() {
  return {NestedField::Optional(0, "id", Type::Long()),
          NestedField::Optional(0, "name", Type::String()),
          NestedField::Optional(0, "key", Type::Binary()),
          NestedField::Optional(0, "place",
                                Type::Struct({NestedField::Optional(0, "zip", Type::Int()),
                                              NestedField::Optional(0, "city", Type::String())})),
          NestedField::Optional(
              0, "visits",
              Type::List(NestedField::Optional(
                  0, "element", Type::Struct({NestedField::Optional(0, "at", Type::Time())}))))};
}

TEST(SyncSchema, AddsPromotesAndDropsAtEveryDepth) {
  auto sync = SyncSchema(*Start(), Wanted(), 2, true);
  ASSERT_TRUE(sync.ok()) << sync.status().ToString();
  EXPECT_THAT(sync->added, ElementsAre("name", "place.city", "visits.element.at"));
  EXPECT_THAT(sync->updated, ElementsAre("id"));
  EXPECT_THAT(sync->dropped, ElementsAre("visits.element.day"));
  FieldId last = 7;
  auto changed = ChangeSchema(Start(), sync->changes, 2, &last);
  ASSERT_TRUE(changed.ok()) << changed.status().ToString();
  EXPECT_EQ((*changed)->FindField("visits.element.at")->type, Type::Time());
  EXPECT_EQ((*changed)->FindField("key")->type, Type::Uuid());
  EXPECT_EQ((*changed)->FindField("visits.element.day"), nullptr);
}

TEST(SyncSchema, DropsNothingUnlessAsked) {
  auto sync = SyncSchema(*Start(), {NestedField::Optional(0, "id", Type::Int())}, 2, false);
  ASSERT_TRUE(sync.ok());
  EXPECT_THAT(sync->changes, IsEmpty());
  EXPECT_THAT(sync->dropped, IsEmpty());
}

TEST(SyncSchema, ATypeThatDoesNotFitIsNamed) {
  const auto status =
      SyncSchema(*Start(), {NestedField::Optional(0, "id", Type::String())}, 2, false).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kSchemaMismatch);
  EXPECT_THAT(status.message(), HasSubstr("id from int to string"));
}

}  // namespace
}  // namespace iceframe
