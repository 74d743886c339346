// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/update_partition_spec_action.h"

#include "iceframe/table/update_sort_order_action.h"

#include "unit/table/table_fixture.h"

namespace iceframe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class UpdatePartitionSpecTest : public TableTest {
 protected:
  TablePtr Changed(const TablePtr& table, std::vector<PartitionSpecChange> changes) {
    UpdatePartitionSpecAction action(std::move(changes));
    auto report = Commit(table, action);
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return report.ok() ? report->table : table;
  }
  Status Refused(const TablePtr& table, PartitionSpecChange change) {
    UpdatePartitionSpecAction action({std::move(change)});
    return Commit(table, action).status();
  }
  // "name:id:transform" of each field of the default spec.
  static std::vector<std::string> Fields(const TablePtr& table) {
    std::vector<std::string> fields;
    for (const PartitionField& field : table->metadata()->default_spec()->fields) {
      fields.push_back(field.name + ":" + std::to_string(field.field_id) + ":" +
                       field.transform.ToString());
    }
    return fields;
  }
};

TEST_F(UpdatePartitionSpecTest, FilesKeepTheSpecTheyWereWrittenWith) {
  TablePtr table = Appended(Create(2, {}, true), {CityFile("a", "Oslo")});
  table = Changed(table, {AddPartitionField{"id", *Transform::Bucket(4)}});
  EXPECT_THAT(Fields(table), ElementsAre("city:1000:identity", "id_bucket:1001:bucket[4]"));
  DataFile file = CityFile("b", "Rome");
  file.spec_id = table->metadata()->default_spec_id;
  file.partition.emplace_back(int32_t{3});
  table = Appended(table, {file});
  EXPECT_THAT(LiveFiles(table), ElementsAre("a", "b"));
  EXPECT_NE(Manifests(table)[0].partition_spec_id, Manifests(table)[1].partition_spec_id);
}

TEST_F(UpdatePartitionSpecTest, ARemovedFieldThatComesBackHasItsIdAndNameAgain) {
  TablePtr table = Create(2, {}, true);
  table = Changed(table, {RemovePartitionField{"city"}, AddPartitionField{"id"}});
  EXPECT_THAT(Fields(table), ElementsAre("id:1001:identity"));
  table = Changed(table, {AddPartitionField{"city"}, RenamePartitionField{"id", "number"}});
  EXPECT_THAT(Fields(table), ElementsAre("number:1001:identity", "city:1000:identity"));
  table = Changed(table, {RemovePartitionField{"number"}});
  EXPECT_EQ(table->metadata()->default_spec_id, PartitionSpecId(0)) << "the first spec again";
}

TEST_F(UpdatePartitionSpecTest, VersionOneKeepsThePlaceOfARemovedField) {
  TablePtr table = Changed(Create(1, {}, true), {RemovePartitionField{"city"}});
  EXPECT_THAT(Fields(table), ElementsAre("city:1000:void"));
  table = Changed(table, {AddPartitionField{"city"}});
  EXPECT_THAT(Fields(table), ElementsAre("city_1000:1000:void", "city:1001:identity"));
}

TEST_F(UpdatePartitionSpecTest, WhatDoesNotFitIsRefusedByName) {
  const TablePtr table = Create(2, {}, true);
  EXPECT_THAT(Refused(table, AddPartitionField{"nope"}).message(), HasSubstr("nope"));
  EXPECT_THAT(Refused(table, AddPartitionField{"city"}).message(), HasSubstr("already: city"));
  EXPECT_THAT(Refused(table, AddPartitionField{"id", Transform::Day()}).message(),
              HasSubstr("day"));
  EXPECT_THAT(Refused(table, RemovePartitionField{"nope"}).message(), HasSubstr("nope"));
  EXPECT_THAT(Refused(table, AddPartitionField{"id", *Transform::Bucket(2), "city"}).message(),
              HasSubstr("exists already: city"));
}

TEST_F(UpdatePartitionSpecTest, IsMadeAnewOnTheTableOfAnotherWriter) {
  const TablePtr table = Create(2, {}, false);
  Changed(table, {AddPartitionField{"city"}});
  const TablePtr changed = Changed(table, {AddPartitionField{"id"}});
  EXPECT_THAT(Fields(changed), ElementsAre("city:1000:identity", "id:1001:identity"));
}

TEST_F(UpdatePartitionSpecTest, LandedUnseenIsNotDoneTwice) {
  const TablePtr table = Create(2, {}, false);
  catalog_->faults = {CommitFault::kLandsSaysUnknown};
  EXPECT_THAT(Fields(Changed(table, {AddPartitionField{"city"}})),
              ElementsAre("city:1000:identity"));
}

TEST_F(UpdatePartitionSpecTest, SortOrdersAreReplacedAndFoundAgain) {
  TablePtr table = Create();
  const auto sort = [&](std::vector<SortBy> columns) {
    UpdateSortOrderAction action(std::move(columns));
    auto report = Commit(table, action);
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    if (report.ok()) table = report->table;
    return table->metadata()->default_sort_order_id.value();
  };
  const SortBy by_city{"city", "truncate[3]", /*descending=*/true};
  EXPECT_EQ(sort({SortBy{"id"}, by_city}), 1);
  EXPECT_EQ(table->metadata()->default_sort_order()->fields.size(), 2U);
  EXPECT_EQ(sort({by_city}), 2);
  EXPECT_EQ(sort({}), 0);
  EXPECT_EQ(sort({by_city}), 2);
  UpdateSortOrderAction wrong({SortBy{"nope"}});
  EXPECT_THAT(Commit(table, wrong).status().message(), HasSubstr("nope"));
}

}  // namespace
}  // namespace iceframe
