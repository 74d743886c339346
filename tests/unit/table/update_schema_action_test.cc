// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/update_schema_action.h"

#include "iceframe/table/update_sort_order_action.h"

#include "unit/table/table_fixture.h"

namespace iceframe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::shared_ptr<const Schema> StartSchema() {
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
  auto schema = ChangeSchema(StartSchema(), changes, 2, &last_column_id);
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

TEST(ChangeSchema, ErrorsSayWhatThereIs) {
  const auto error = [](SchemaChange change) { return Change({change}).status().message(); };
  EXPECT_THAT(error(DropColumn{"plase"}), HasSubstr("did you mean place?"));
  EXPECT_THAT(error(DropColumn{"place.zap"}), HasSubstr("did you mean place.zip?"));
  EXPECT_THAT(error(PromoteColumn{"id", Type::String()}), HasSubstr("it can become long"));
  EXPECT_THAT(error(PromoteColumn{"city", Type::Long()}), HasSubstr("no other type"));
  EXPECT_THAT(error(MakeColumnOptional{"id"}), HasSubstr("can't be made optional: id"));
  EXPECT_THAT(error(AddColumn{"", "n", Type::Int(), "", false, Value(int32_t{1})}),
              HasSubstr("needs format version 3: column n"));
}

TEST(ChangeSchema, MovesBeforeASiblingAndAddsToTheRowsOfLists) {
  auto schema = Change(
      {MoveColumn{"tags", std::nullopt, "city"},
       AddColumn{"", "visits",
                 Type::List(NestedField::Optional(
                     0, "element", Type::Struct({NestedField::Optional(0, "x", Type::Int())})))},
       AddColumn{"visits", "y", Type::Int()}, SetIdentifierColumns{{"place.zip"}}});
  ASSERT_FALSE(schema.ok()) << "place is optional";
  schema = Change(
      {MoveColumn{"tags", std::nullopt, "city"},
       AddColumn{"", "visits",
                 Type::List(NestedField::Optional(
                     0, "element", Type::Struct({NestedField::Optional(0, "x", Type::Int())})))},
       AddColumn{"visits", "y", Type::Int()}, SetIdentifierColumns{}});
  ASSERT_TRUE(schema.ok()) << schema.status().ToString();
  EXPECT_THAT(Names(**schema), ElementsAre("id", "tags", "city", "place", "visits"));
  EXPECT_NE((*schema)->FindField("visits.element.y"), nullptr);
  EXPECT_TRUE((*schema)->identifier_field_ids().empty());
}

TEST(ChangeSchema, DefaultsAreOfVersionThreeAndFitTheColumn) {
  FieldId last = 9;
  auto schema = ChangeSchema(StartSchema(),
                             {AddColumn{"", "n", Type::Int(), "", true, Value(int32_t{1})},
                              SetColumnDefault{"n", Value(int32_t{2})}},
                             3, &last);
  ASSERT_TRUE(schema.ok()) << schema.status().ToString();
  const NestedField* field = (*schema)->FindField("n");
  EXPECT_TRUE(field->required);
  EXPECT_EQ(field->initial_default, Value(int32_t{1}));
  EXPECT_EQ(field->write_default, Value(int32_t{2}));
  schema = ChangeSchema(StartSchema(), {SetColumnDefault{"city", Value(int32_t{2})}}, 3, &last);
  EXPECT_THAT(schema.status().message(), HasSubstr("does not fit its column: city is string"));
}

class UpdateSchemaActionTest : public TableTest {
 protected:
  Status Refused(const TablePtr& table, SchemaChange change) {
    UpdateSchemaAction action({std::move(change)});
    return Commit(table, action).status();
  }
};

TEST_F(UpdateSchemaActionTest, AColumnIsRequiredOnlyWhereNoFileHoldsNulls) {
  TablePtr table = Appended(Create(), {File("a")});
  UpdateSchemaAction action({MakeColumnRequired{"id"}});
  ASSERT_TRUE(Commit(table, action).ok()) << "its counts prove it";
  EXPECT_THAT(Refused(table, MakeColumnRequired{"city"}).message(),
              HasSubstr("does not tell whether it has nulls: city in a"));
  SetUp();
  DataFile with_nulls = File("b");
  with_nulls.null_value_counts[2] = 1;
  table = Appended(Create(), {with_nulls});
  EXPECT_THAT(Refused(table, MakeColumnRequired{"city"}).message(),
              HasSubstr("has nulls in it: city in b"));
}

TEST_F(UpdateSchemaActionTest, ARaceWithRowsIsCheckedAgain) {
  TablePtr table = Appended(Create(), {File("a")});
  DataFile with_nulls = File("b");
  with_nulls.null_value_counts[1] = 1;
  besides_ = with_nulls;
  catalog_->faults = {CommitFault::kOvertaken};
  EXPECT_THAT(Refused(table, MakeColumnRequired{"id"}).message(), HasSubstr("id in b"));
}

TEST_F(UpdateSchemaActionTest, ANewRequiredColumnNeedsADefaultWhereThereAreRows) {
  TablePtr empty = Create();
  UpdateSchemaAction action({AddColumn{"", "n", Type::Int(), "", true}});
  auto report = Commit(empty, action);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_TRUE(report->table->metadata()->current_schema()->FindField("n")->required);
  TablePtr table = Appended(report->table, {File("a")});
  EXPECT_THAT(Refused(table, AddColumn{"", "m", Type::Int(), "", true}).message(),
              HasSubstr("needs a default, since there are rows"));
}

TEST_F(UpdateSchemaActionTest, SourcesOfPartitionsAndOfTheSortOrderStay) {
  TablePtr table = Create(2, {}, true);
  EXPECT_THAT(Refused(table, DropColumn{"city"}).message(),
              HasSubstr("drop that partition field first: city, partition field city"));
  UpdateSortOrderAction sort({SortBy{"id"}});
  ASSERT_TRUE(Commit(table, sort).ok());
  EXPECT_THAT(Refused(Load(), DropColumn{"id"}).message(),
              HasSubstr("replace the sort order first: id"));
}

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
