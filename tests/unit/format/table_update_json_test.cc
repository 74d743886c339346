// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/format/table_requirement.h"
#include "iceframe/format/table_update.h"

namespace iceframe {
namespace {

Json ParseJson(std::string_view text) {
  auto json = Json::Parse(text);
  EXPECT_TRUE(json.ok()) << text;
  return json.ok() ? *json : Json();
}

class UpdateText : public ::testing::TestWithParam<const char*> {};

TEST_P(UpdateText, ReadsBackEqual) {
  auto update = TableUpdateFromJson(ParseJson(GetParam()));
  ASSERT_TRUE(update.ok()) << update.status().ToString();
  EXPECT_EQ(TableUpdateToJson(*update).Dump(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Every, UpdateText,
    ::testing::Values(
        R"({"action":"assign-uuid","uuid":"9c12d441-03fe-4693-9a96-a0705ddf69c1"})",
        R"({"action":"upgrade-format-version","format-version":3})",
        R"({"action":"set-current-schema","schema-id":-1})",
        R"({"action":"add-spec","spec":{"spec-id":1,"fields":[{"source-id":1,"field-id":1000,"name":"b","transform":"bucket[4]"}]}})",
        R"({"action":"set-default-spec","spec-id":-1})",
        R"({"action":"add-sort-order","sort-order":{"order-id":1,"fields":[{"transform":"identity","source-id":1,"direction":"desc","null-order":"nulls-last"}]}})",
        R"({"action":"set-default-sort-order","sort-order-id":-1})",
        R"({"action":"add-snapshot","snapshot":{"snapshot-id":1,"parent-snapshot-id":2,"sequence-number":3,"timestamp-ms":4,"manifest-list":"m","summary":{"operation":"append"},"schema-id":0}})",
        R"({"action":"set-snapshot-ref","ref-name":"main","snapshot-id":1,"type":"branch","min-snapshots-to-keep":2,"max-snapshot-age-ms":3,"max-ref-age-ms":4})",
        R"({"action":"remove-snapshots","snapshot-ids":[1,9223372036854775807]})",
        R"({"action":"remove-snapshot-ref","ref-name":"audit"})",
        R"({"action":"set-location","location":"s3://b/t"})",
        R"({"action":"set-properties","updates":{"a":"1","b":"2"}})",
        R"({"action":"remove-properties","removals":["a","b"]})",
        R"({"action":"set-statistics","snapshot-id":1,"statistics":{"snapshot-id":1,"statistics-path":"p","file-size-in-bytes":2,"file-footer-size-in-bytes":1,"blob-metadata":[]}})",
        R"({"action":"remove-statistics","snapshot-id":1})",
        R"({"action":"set-partition-statistics","partition-statistics":{"snapshot-id":1,"statistics-path":"p","file-size-in-bytes":2}})",
        R"({"action":"remove-partition-statistics","snapshot-id":1})",
        R"({"action":"remove-partition-specs","spec-ids":[1,2]})",
        R"({"action":"remove-schemas","schema-ids":[1,2]})",
        R"({"action":"add-encryption-key","encryption-key":{"key-id":"k","encrypted-key-metadata":"eA=="}})",
        R"({"action":"remove-encryption-key","key-id":"k"})"));

TEST(TableUpdateJson, ReadsAddSchemaWithAndWithoutTheLastColumnId) {
  auto update = TableUpdateFromJson(ParseJson(
      R"({"action":"add-schema","schema":{"type":"struct","schema-id":0,"fields":[{"id":4,"name":"a","type":"long","required":true}]}})"));
  ASSERT_TRUE(update.ok()) << update.status().ToString();
  EXPECT_EQ(std::get<AddSchema>(*update).last_column_id, 4);
  auto again = TableUpdateFromJson(TableUpdateToJson(*update));
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(
      std::get<AddSchema>(*again).schema->SameColumns(*std::get<AddSchema>(*update).schema));
}

TEST(TableUpdateJson, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(KindOf(TableUpdateFromJson(ParseJson(R"({"action":"explode"})")).status()),
            ErrorKind::kUnsupported);
  EXPECT_EQ(KindOf(TableUpdateFromJson(ParseJson(R"({"action":"set-location"})")).status()),
            ErrorKind::kInvalidMetadata);
  EXPECT_EQ(KindOf(TableUpdateFromJson(ParseJson("[]")).status()), ErrorKind::kInvalidMetadata);
}

class RequirementText : public ::testing::TestWithParam<const char*> {};

TEST_P(RequirementText, ReadsBackEqual) {
  auto requirement = TableRequirementFromJson(ParseJson(GetParam()));
  ASSERT_TRUE(requirement.ok()) << requirement.status().ToString();
  EXPECT_EQ(TableRequirementToJson(*requirement).Dump(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Every, RequirementText,
    ::testing::Values(
        R"({"type":"assert-create"})", R"({"type":"assert-table-uuid","uuid":"u"})",
        R"({"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":5})",
        R"({"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":null})",
        R"({"type":"assert-last-assigned-field-id","last-assigned-field-id":5})",
        R"({"type":"assert-current-schema-id","current-schema-id":5})",
        R"({"type":"assert-last-assigned-partition-id","last-assigned-partition-id":1005})",
        R"({"type":"assert-default-spec-id","default-spec-id":5})",
        R"({"type":"assert-default-sort-order-id","default-sort-order-id":5})"));

TEST(TableRequirement, SaysWhatChanged) {
  TableMetadata base;
  base.table_uuid = "u";
  base.last_column_id = 5;
  base.refs["main"].snapshot_id = SnapshotId(7);
  EXPECT_TRUE(CheckRequirement(AssertTableUuid{"u"}, &base).ok());
  EXPECT_TRUE(CheckRequirement(AssertRefSnapshotId{"main", SnapshotId(7)}, &base).ok());
  EXPECT_TRUE(CheckRequirement(AssertRefSnapshotId{"audit", std::nullopt}, &base).ok());
  EXPECT_TRUE(CheckRequirement(AssertLastAssignedFieldId{5}, &base).ok());
  EXPECT_TRUE(CheckRequirement(AssertCreate{}, nullptr).ok());
  const TableRequirement unmet[] = {
      AssertTableUuid{"v"},
      AssertRefSnapshotId{"main", std::nullopt},
      AssertRefSnapshotId{"main", SnapshotId(8)},
      AssertRefSnapshotId{"audit", SnapshotId(7)},
      AssertLastAssignedFieldId{4},
      AssertCurrentSchemaId{SchemaId(1)},
      AssertLastAssignedPartitionId{1000},
      AssertDefaultSpecId{PartitionSpecId(1)},
      AssertDefaultSortOrderId{SortOrderId(1)},
      AssertCreate{},
  };
  for (const TableRequirement& requirement : unmet) {
    EXPECT_EQ(KindOf(CheckRequirement(requirement, &base)), ErrorKind::kCommitConflict)
        << TableRequirementToJson(requirement).Dump();
  }
  EXPECT_EQ(KindOf(CheckRequirement(AssertTableUuid{"u"}, nullptr)), ErrorKind::kCommitConflict);
}

}  // namespace
}  // namespace iceframe
