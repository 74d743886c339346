// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/manifest_files.h"

#include "iceframe/format/table_metadata_json.h"
#include "iceframe/table/update_schema_action.h"

#include "unit/table/table_fixture.h"

namespace iceframe {
namespace {

using ::testing::HasSubstr;

class ManifestFiles : public TableTest {
 protected:
  // A table partitioned by the identity of one column, with one file.
  TablePtr CreateOver(const Type& type, const Value& partition, int32_t format_version = 2,
                      Transform transform = Transform::Identity()) {
    CreateTableRequest request;
    request.identifier = Name();
    request.identifier.name = "t" + std::to_string(++num_tables_);
    request.schema = *Schema::Make(SchemaId(0), {NestedField::Optional(1, "id", Type::Long()),
                                                 NestedField::Optional(2, "p", type)});
    request.format_version = format_version;
    const bool is_identity = transform == Transform::Identity();
    request.spec.fields.push_back({{2}, 0, is_identity ? "p" : "p_part", std::move(transform)});
    auto loaded = catalog_->CreateTable(context_, request);
    EXPECT_TRUE(loaded.ok()) << loaded.status().ToString();
    DataFile file = File("a");
    file.partition = {partition};
    return Appended(*Table::Make(catalog_, *loaded), {file});
  }

  Result<CommitReport> Promote(const TablePtr& table, const Type& type) {
    UpdateSchemaAction action({PromoteColumn{"p", type}});
    return Commit(table, action);
  }

  Value PartitionOf(const TablePtr& table) {
    auto decoded =
        ReadManifest(context_, *table->io(), *table->metadata(), Manifests(table).front());
    EXPECT_TRUE(decoded.ok()) << decoded.status().ToString();
    return decoded.ok() ? (*decoded)->partition_value(0, 0) : Value();
  }

  int num_tables_ = 0;
};

TEST_F(ManifestFiles, APromotedPartitionColumnIsReadAsTheNewTypeFromAWarmCache) {
  struct Case {
    Type from, to;
    Value before, after;
  };
  const Case cases[] = {
      {Type::Int(), Type::Long(), Value(int32_t{7}), Value(int64_t{7})},
      {Type::Float(), Type::Double(), Value(1.5F), Value(1.5)},
      {*Type::Decimal(9, 2), *Type::Decimal(20, 2), Value(arrow::Decimal128(1234)),
       Value(arrow::Decimal128(1234))},
  };
  for (const Case& item : cases) {
    ClearManifestCaches();
    const TablePtr table = CreateOver(item.from, item.before);
    EXPECT_EQ(PartitionOf(table), item.before);
    const auto hits = ManifestCacheStats().hits;
    EXPECT_EQ(PartitionOf(table), item.before);
    EXPECT_EQ(ManifestCacheStats().hits, hits + 1) << "the cache is warm";
    auto promoted = Promote(table, item.to);
    ASSERT_TRUE(promoted.ok()) << promoted.status().ToString();
    EXPECT_EQ(PartitionOf(promoted->table), item.after) << item.to.ToString();
    EXPECT_EQ(PartitionOf(table), item.before) << "the old table is still of the old type";
  }
}

TEST_F(ManifestFiles, APartitionedDateBecomesATimestampOnlyWhereItsValuesStay) {
  const Value date(int32_t{19'000});
  for (const int32_t version : {1, 2}) {
    auto refused = Promote(CreateOver(Type::Date(), date, version), Type::Timestamp());
    EXPECT_EQ(KindOf(refused.status()), ErrorKind::kInvalidArgument)
        << "not in version " << version;
  }
  auto refused = Promote(CreateOver(Type::Date(), date, 3), Type::Timestamp());
  EXPECT_EQ(KindOf(refused.status()), ErrorKind::kInvalidArgument);
  EXPECT_THAT(refused.status().message(), HasSubstr("partition values would change"));
  refused = Promote(CreateOver(Type::Date(), Value(int32_t{1}), 3, *Transform::Bucket(4)),
                    Type::Timestamp());
  EXPECT_EQ(KindOf(refused.status()), ErrorKind::kInvalidArgument);

  const TablePtr by_day = CreateOver(Type::Date(), date, 3, Transform::Day());
  EXPECT_EQ(PartitionOf(by_day), date);
  auto promoted = Promote(by_day, Type::Timestamp());
  ASSERT_TRUE(promoted.ok()) << promoted.status().ToString();
  EXPECT_EQ(PartitionOf(promoted->table), date);
}

TEST_F(ManifestFiles, ALocationThatCannotBeOneIsTheMetadatasFault) {
  const TablePtr table = Appended(Create(), {File("a")});
  Snapshot snapshot = *table->metadata()->current_snapshot();
  snapshot.manifest_list = "x/snap-1.avro";
  const Status status =
      ReadManifestList(context_, *table->io(), *table->metadata(), snapshot).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kInvalidMetadata) << status.ToString();
  EXPECT_THAT(status.message(), ::testing::HasSubstr("names no valid file"));
  EXPECT_THAT(status.message(), ::testing::HasSubstr("x/snap-1.avro"));
}

// As version 1 allowed: the metadata names the manifests itself.
TEST_F(ManifestFiles, ASnapshotWithoutManifestListReadsTheManifestsItNames) {
  const TablePtr listed =
      Appended(Appended(Create(1, {}, true), {CityFile("a", "Oslo")}), {CityFile("b", "Rome")});
  ASSERT_EQ(Manifests(listed).size(), 2U);
  TableMetadata inlined = *listed->metadata();
  Snapshot snapshot = *inlined.current_snapshot();
  for (const ManifestFile& manifest : Manifests(listed)) {
    snapshot.manifests.push_back(manifest.manifest_path);
  }
  snapshot.manifest_list.clear();
  inlined.snapshots.back() = std::make_shared<const LazySnapshot>(std::move(snapshot));
  // Through text, as such a table comes in.
  auto parsed = TableMetadataFromJson(TableMetadataToJson(inlined));
  ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
  const TablePtr table = listed->With({Name(), listed->metadata_location(), *parsed, {}});
  EXPECT_TRUE(table->metadata()->current_snapshot()->manifest_list.empty());
  EXPECT_EQ(LiveFiles(table), LiveFiles(listed));

  auto manifests = ReadManifestList(context_, *table->io(), *table->metadata(),
                                    *table->metadata()->current_snapshot());
  ASSERT_TRUE(manifests.ok()) << manifests.status().ToString();
  auto decoded = ReadManifest(context_, *table->io(), *table->metadata(), (*manifests)->front());
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ((*decoded)->partition_value(0, 0), Value("Rome"));
  EXPECT_EQ((*decoded)->Entry(0)->snapshot_id, snapshot.snapshot_id);

  auto appended = Append(table, {CityFile("c", "Bern")});
  ASSERT_TRUE(appended.ok()) << appended.status().ToString();
  EXPECT_THAT(LiveFiles(appended->table), ::testing::ElementsAre("a", "b", "c"));
}

}  // namespace
}  // namespace iceframe
