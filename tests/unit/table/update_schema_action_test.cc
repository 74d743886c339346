// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/update_schema_action.h"

#include "unit/table/table_fixture.h"

namespace iceframe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::shared_ptr<const Schema> Start() {
  return *Schema::Make(
      SchemaId(0),
      {NestedField::Required(1, "id", Type::Int()),
       NestedField::Optional(2, "city", Type::String()),
       NestedField::Optional(3, "place",
                             Type::Struct({NestedField::Required(4, "zip", Type::Int())})),
       NestedField::Optional(5, "tags",
                             Type::List(NestedField::Optional(6, "element", Type::Int())))},
      {1});
}

Result<std::shared_ptr<const Schema>> Change(std::vector<SchemaChange> changes,
                                             FieldId* last = nullptr) {
  FieldId last_column_id = 9;
  auto schema = ChangeSchema(Start(), changes, 2, &last_column_id);
  if (last != nullptr) *last = last_column_id;
  return schema;
}

std::vector<std::string> Names(const Schema& schema) {
  std::vector<std::string> names;
  for (const NestedField& field : schema.fields()) names.push_back(field.name);
  return names;
}

TEST(ChangeSchema, NewColumnsGetIdsThatWereNeverUsed) {
  FieldId last = 0;
  auto schema = Change(
      {AddColumn{"", "extra", Type::Struct({NestedField::Optional(1, "x", Type::Int())}), "doc"},
       AddColumn{"place", "street", Type::String(), ""}},
      &last);
  ASSERT_TRUE(schema.ok()) << schema.status().ToString();
  EXPECT_EQ((*schema)->FindField("extra")->id, 10);
  EXPECT_EQ((*schema)->FindField("extra.x")->id, 11);
  EXPECT_EQ((*schema)->FindField("place.street")->id, 12);
  EXPECT_FALSE((*schema)->FindField("place.street")->required);
  EXPECT_EQ(last, 12);
}

TEST(ChangeSchema, ChangesBuildOnThoseBefore) {
  auto schema = Change({RenameColumn{"city", "town"}, MoveColumn{"town", std::nullopt},
                        PromoteColumn{"id", Type::Long()}, MakeColumnOptional{"place.zip"},
                        DropColumn{"tags"}, SetColumnDoc{"town", "where"},
                        PromoteColumn{"place.zip", Type::Long()}});
  ASSERT_TRUE(schema.ok()) << schema.status().ToString();
  EXPECT_THAT(Names(**schema), ElementsAre("town", "id", "place"));
  EXPECT_EQ((*schema)->FindField("town")->id, 2);
  EXPECT_EQ((*schema)->FindField("town")->doc, "where");
  EXPECT_EQ((*schema)->FindField("id")->type, Type::Long());
  EXPECT_FALSE((*schema)->FindField("place.zip")->required);
  EXPECT_EQ((*schema)->FindField("place.zip")->type, Type::Long());
}

TEST(ChangeSchema, PromotesElementsAndMovesAfterSiblings) {
  auto schema = Change({PromoteColumn{"tags.element", Type::Long()}, MoveColumn{"id", "place"}});
  ASSERT_TRUE(schema.ok()) << schema.status().ToString();
  EXPECT_EQ((*schema)->FindField("tags.element")->type, Type::Long());
  EXPECT_THAT(Names(**schema), ElementsAre("city", "place", "id", "tags"));
}

TEST(ChangeSchema, RefusesWhatWouldBreakTheTable) {
  const auto error = [](SchemaChange change) { return Change({change}).status().ToString(); };
  EXPECT_THAT(error(DropColumn{"id"}), HasSubstr("identifier column can't be dropped: id"));
  EXPECT_THAT(error(DropColumn{"nothing"}), HasSubstr("does not exist: nothing"));
  EXPECT_THAT(error(DropColumn{"tags.element"}), HasSubstr("no column of its own"));
  EXPECT_THAT(error(PromoteColumn{"city", Type::Long()}), HasSubstr("string to long"));
  EXPECT_THAT(error(RenameColumn{"city", "id"}), HasSubstr("id"));
  EXPECT_THAT(error(AddColumn{"city", "x", Type::Int(), ""}),
              HasSubstr("only be added to a struct"));
  EXPECT_THAT(error(AddColumn{"", "id", Type::Int(), ""}), HasSubstr("id"));
  EXPECT_THAT(error(MoveColumn{"id", "place.zip"}), HasSubstr("among its siblings"));
}

using UpdateSchemaActionTest = TableTest;

TEST_F(UpdateSchemaActionTest, TheNewSchemaIsCurrentAndOldSnapshotsKeepTheirs) {
  TablePtr table = Appended(Create(), {File("a")});
  UpdateSchemaAction action({AddColumn{"", "extra", Type::Double(), ""}});
  auto report = Commit(table, action);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  const TableMetadata& metadata = *report->table->metadata();
  EXPECT_EQ(metadata.current_schema_id, SchemaId(1));
  EXPECT_EQ(metadata.last_column_id, 3);
  EXPECT_EQ(metadata.SchemaOf(*metadata.current_snapshot())->schema_id(), SchemaId(0));
}

TEST_F(UpdateSchemaActionTest, IsMadeAnewOnTheSchemaOfAnotherWriter) {
  TablePtr table = Create();
  catalog_->faults = {CommitFault::kOvertaken};
  catalog_->other_writer = [this] {
    UpdateSchemaAction other({AddColumn{"", "theirs", Type::Int(), ""}});
    EXPECT_TRUE(Commit(Load(), other).ok());
  };
  UpdateSchemaAction mine({AddColumn{"", "mine", Type::Int(), ""}});
  auto report = Commit(table, mine);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_THAT(Names(*report->table->metadata()->current_schema()),
              ElementsAre("id", "city", "theirs", "mine"));
  EXPECT_EQ(report->table->metadata()->current_schema()->FindField("mine")->id, 4);
}

TEST_F(UpdateSchemaActionTest, LandedUnseenIsNotDoneTwice) {
  TablePtr table = Create();
  catalog_->faults = {CommitFault::kLandsSaysUnknown};
  UpdateSchemaAction action({AddColumn{"", "mine", Type::Int(), ""}});
  auto report = Commit(table, action);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->table->metadata()->schemas.size(), 2u);
}

}  // namespace
}  // namespace iceframe
