// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/table_metadata_json.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace iceframe {
namespace {

using ::testing::HasSubstr;

std::string ReadGolden(const std::string& name) {
  std::ifstream file(std::string(ICEFRAME_TESTS_DIR "/golden/metadata/") + name);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

std::shared_ptr<const TableMetadata> Parse(const std::string& text) {
  auto metadata = TableMetadataFromJson(text);
  EXPECT_TRUE(metadata.ok()) << metadata.status().ToString();
  return metadata.ok() ? *metadata : std::make_shared<TableMetadata>();
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

void ExpectInvalid(const std::string& text, const std::string& message,
                   ErrorKind kind = ErrorKind::kInvalidMetadata) {
  auto metadata = TableMetadataFromJson(text);
  ASSERT_FALSE(metadata.ok()) << message;
  EXPECT_EQ(KindOf(metadata.status()), kind) << metadata.status().ToString();
  EXPECT_THAT(metadata.status().ToString(), HasSubstr(message));
}

class GoldenMetadata : public ::testing::TestWithParam<const char*> {};

TEST_P(GoldenMetadata, ReadsBackEqual) {
  auto metadata = Parse(ReadGolden(GetParam()));
  auto again = Parse(TableMetadataToJson(*metadata));
  EXPECT_EQ(*metadata, *again);
  EXPECT_EQ(TableMetadataToJson(*metadata), TableMetadataToJson(*again));
}

// Every member of the file must be found again, with the same value, in what is written.
TEST_P(GoldenMetadata, WritesBackEveryMember) {
  const std::string text = ReadGolden(GetParam());
  auto original = Json::Parse(text);
  ASSERT_TRUE(original.ok());
  auto written = Json::Parse(TableMetadataToJson(*Parse(text)));
  ASSERT_TRUE(written.ok());
  for (const auto& [key, value] : original->members()) {
    if (value.is_null()) continue;
    const Json* found = written->Find(key);
    ASSERT_NE(found, nullptr) << key;
    if (!value.is_object() && !value.is_array()) {
      EXPECT_EQ(*found, value) << key;
    } else if (key != "schema" && key != "partition-spec") {
      EXPECT_EQ(found->items().size(), value.items().size()) << key;
      EXPECT_EQ(found->members().size(), value.members().size()) << key;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, GoldenMetadata,
                         ::testing::Values("v1_all_types.metadata.json", "v1_history.metadata.json",
                                           "v1_minimal.metadata.json", "v2_all_types.metadata.json",
                                           "v2_history.metadata.json", "v3_spec.metadata.json"));

TEST(TableMetadataJson, ReadsWhatPyIcebergWrote) {
  auto metadata = Parse(ReadGolden("v2_history.metadata.json"));
  EXPECT_EQ(metadata->format_version, 2);
  EXPECT_EQ(metadata->snapshots.size(), 3u);
  EXPECT_EQ(metadata->schemas.size(), 2u);
  EXPECT_EQ(metadata->partition_specs.size(), 2u);
  EXPECT_EQ(metadata->current_schema()->FindField("label")->id, 2);
  EXPECT_EQ(metadata->properties.at("commit.retry.num-retries"), "7");
  ASSERT_NE(metadata->current_snapshot(), nullptr);
  EXPECT_EQ(metadata->last_sequence_number, SequenceNumber(3));
  EXPECT_EQ((*metadata->snapshots[1]->Get())->summary.at("by"), "tests");
  EXPECT_EQ(metadata->refs.at("first").kind, SnapshotRefKind::kTag);
  EXPECT_EQ(metadata->refs.at("audit").min_snapshots_to_keep, 2);
  EXPECT_EQ(metadata->metadata_log.size(), 8u);
}

TEST(TableMetadataJson, ReadsOldFieldsOfV1) {
  auto metadata = Parse(ReadGolden("v1_minimal.metadata.json"));
  EXPECT_EQ(metadata->table_uuid, "");
  ASSERT_EQ(metadata->schemas.size(), 1u);
  EXPECT_EQ(metadata->current_schema_id, SchemaId(0));
  ASSERT_EQ(metadata->partition_specs.size(), 1u);
  EXPECT_EQ(metadata->default_spec()->fields[0].field_id, 1000);
  EXPECT_EQ(metadata->last_partition_id, 1000);
  EXPECT_TRUE(metadata->default_sort_order()->is_unsorted());
  EXPECT_EQ(metadata->refs.at("main").snapshot_id, SnapshotId(7));
  EXPECT_THAT((*metadata->snapshots[0]->Get())->manifests,
              ::testing::ElementsAre("s3://bucket/old/metadata/m0.avro",
                                     "s3://bucket/old/metadata/m1.avro"));
  EXPECT_EQ(metadata->snapshots[0]->sequence_number(), SequenceNumber(0));
  const std::string written = TableMetadataToJson(*metadata);
  EXPECT_THAT(written, HasSubstr("\"schema\":{"));
  EXPECT_THAT(written, HasSubstr("\"partition-spec\":["));
  EXPECT_THAT(written, ::testing::Not(HasSubstr("sequence-number")));
}

TEST(TableMetadataJson, KeepsUnknownMembersAndNumbersAsTheyWere) {
  const std::string text = ReadGolden("v3_spec.metadata.json");
  auto metadata = Parse(text);
  const std::string written = TableMetadataToJson(*metadata);
  EXPECT_THAT(written, HasSubstr("\"future-top-level\":{\"kept\":true,\"number\":1.250e40,"
                                 "\"big\":123456789012345678901234567890}"));
  EXPECT_THAT(written, HasSubstr("\"future-member\": {\"nested\": [1.50, null, \"x\"]}"));
  EXPECT_THAT(written, HasSubstr("9223372036854775807"));
  EXPECT_EQ(metadata->next_row_id, 300);
  EXPECT_EQ((*metadata->snapshots[1]->Get())->key_id, "key-1");
  EXPECT_EQ(metadata->encryption_keys.size(), 1u);
  EXPECT_EQ(metadata->default_spec()->fields[1].source_ids, (std::vector<FieldId>{1, 8}));
}

TEST(TableMetadataJson, TakesMinusOneAsNoSnapshot) {
  std::string text = ReadGolden("v2_all_types.metadata.json");
  text = Replaced(text, "{", "{\"current-snapshot-id\":-1,");
  auto metadata = Parse(text);
  EXPECT_EQ(metadata->current_snapshot(), nullptr);
  EXPECT_TRUE(metadata->refs.empty());
  EXPECT_THAT(TableMetadataToJson(*metadata), HasSubstr("\"current-snapshot-id\":-1"));
}

TEST(TableMetadataJson, RefusesANewerFormatVersion) {
  std::string text = ReadGolden("v3_spec.metadata.json");
  ExpectInvalid(Replaced(text, "\"format-version\": 3", "\"format-version\": 4"),
                "newer than this library: 4", ErrorKind::kUnsupported);
}

TEST(TableMetadataJson, RefusesMetadataThatContradictsItself) {
  const std::string text = ReadGolden("v3_spec.metadata.json");
  ExpectInvalid("[]", "not a JSON object");
  ExpectInvalid("{}", "format-version");
  ExpectInvalid(Replaced(text, "\"format-version\": 3", "\"format-version\": 0"), "format version");
  ExpectInvalid(Replaced(text, "\"current-schema-id\": 0", "\"current-schema-id\": 9"),
                "current-schema-id is not among the schemas: 9");
  ExpectInvalid(Replaced(text, "\"default-spec-id\": 0", "\"default-spec-id\": 9"),
                "default-spec-id is not among");
  ExpectInvalid(Replaced(text, "\"default-sort-order-id\": 1", "\"default-sort-order-id\": 9"),
                "default-sort-order-id is not among");
  ExpectInvalid(
      Replaced(text, "\"current-snapshot-id\": 9223372036854775807", "\"current-snapshot-id\": 10"),
      "not main's snapshot");
  ExpectInvalid(Replaced(text, "{\"snapshot-id\": 10, \"type\": \"tag\"",
                         "{\"snapshot-id\": 12, \"type\": \"tag\""),
                "release -> 12");
  ExpectInvalid(Replaced(text, "\"order-id\": 1", "\"order-id\": 0"), "sort order 0");
  ExpectInvalid(Replaced(text, "\"last-sequence-number\": 2", "\"last-sequence-number\": 1"),
                "above last-sequence-number");
  ExpectInvalid(Replaced(text, "\"next-row-id\": 300", "\"next-row-id\": -1"), "negative");
  ExpectInvalid(Replaced(text, "\"next-row-id\": 300,", ""), "next-row-id");
  ExpectInvalid(Replaced(text, "\"last-column-id\": 8", "\"last-column-id\": 2147483648"),
                "last-column-id");
  ExpectInvalid(Replaced(text, "\"direction\": \"asc\"", "\"direction\": \"up\""),
                "sort direction: up");
  ExpectInvalid(Replaced(text, "\"owner\": \"tests\"", "\"owner\": [1]"), "owner");
}

// Cutting or changing a byte anywhere gives an error or metadata, never a crash.
TEST(TableMetadataJson, SurvivesDamage) {
  const std::string text = ReadGolden("v3_spec.metadata.json");
  for (size_t i = 0; i < text.size(); i += 11) {
    EXPECT_FALSE(TableMetadataFromJson(text.substr(0, i)).ok());
    for (char replacement : {'"', '}', '[', '9', '-'}) {
      std::string damaged = text;
      damaged[i] = replacement;
      auto metadata = TableMetadataFromJson(damaged);
      if (metadata.ok()) {
        EXPECT_FALSE(TableMetadataToJson(**metadata).empty());
      }
    }
  }
}

TEST(TableMetadata, FindsTheSnapshotOfATime) {
  auto metadata = Parse(ReadGolden("v3_spec.metadata.json"));
  EXPECT_EQ((*SnapshotAsOf(*metadata, 1700000001000))->snapshot_id, SnapshotId(10));
  EXPECT_EQ((*SnapshotAsOf(*metadata, 1700000001999))->snapshot_id, SnapshotId(10));
  EXPECT_EQ((*SnapshotAsOf(*metadata, 1700000009999))->sequence_number, SequenceNumber(2));
  EXPECT_EQ(KindOf(SnapshotAsOf(*metadata, 1700000000999).status()), ErrorKind::kNotFound);
}

}  // namespace
}  // namespace iceframe
