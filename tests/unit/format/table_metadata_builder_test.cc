// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/table_metadata_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace iceframe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using MetadataPtr = std::shared_ptr<const TableMetadata>;

std::shared_ptr<const Schema> MakeSchema(std::vector<NestedField> fields,
                                         std::vector<FieldId> identifiers = {}) {
  auto schema = Schema::Make(SchemaId(0), std::move(fields), std::move(identifiers));
  EXPECT_TRUE(schema.ok()) << schema.status().ToString();
  return *schema;
}

std::shared_ptr<const Schema> TwoColumns() {
  return MakeSchema(
      {NestedField::Optional(1, "a", Type::Long()), NestedField::Optional(2, "b", Type::String())});
}

MetadataPtr NewMetadata(int32_t format_version = 2) {
  NewTable table;
  table.table_uuid = "u";
  table.location = "/t";
  table.schema = TwoColumns();
  table.format_version = format_version;
  table.timestamp_ms = 1000;
  auto metadata = MakeTableMetadata(table);
  EXPECT_TRUE(metadata.ok()) << metadata.status().ToString();
  return *metadata;
}

Result<MetadataPtr> Apply(const MetadataPtr& base, const std::vector<TableUpdate>& updates,
                          int64_t timestamp_ms = 2000) {
  return ApplyUpdates(*base, updates, {timestamp_ms, "/t/metadata/base.json"});
}

MetadataPtr Applied(const MetadataPtr& base, const std::vector<TableUpdate>& updates,
                    int64_t timestamp_ms = 2000) {
  auto metadata = Apply(base, updates, timestamp_ms);
  EXPECT_TRUE(metadata.ok()) << metadata.status().ToString();
  return metadata.ok() ? *metadata : base;
}

Snapshot MakeSnapshot(int64_t id, int64_t sequence_number, int64_t parent = 0) {
  Snapshot snapshot;
  snapshot.snapshot_id = SnapshotId(id);
  snapshot.sequence_number = SequenceNumber(sequence_number);
  if (parent != 0) snapshot.parent_snapshot_id = SnapshotId(parent);
  snapshot.timestamp_ms = 1000 + id;
  snapshot.manifest_list = "/t/metadata/snap.avro";
  return snapshot;
}

SetSnapshotRef SetBranch(const std::string& name, int64_t id) {
  SetSnapshotRef update{name, {}};
  update.ref.snapshot_id = SnapshotId(id);
  return update;
}

TEST(MakeTableMetadata, GivesFreshIdsAndRewritesSpecAndOrder) {
  NewTable table;
  table.location = "/t";
  table.schema =
      MakeSchema({NestedField::Required(30, "id", Type::Long()),
                  NestedField::Optional(
                      10, "s", Type::Struct({NestedField::Required(50, "x", Type::String())}))},
                 {30});
  table.spec.fields.push_back({{50}, 7, "x_trunc", *Transform::Truncate(3)});
  table.sort_order.fields.push_back({{30}});
  table.properties = {{"format-version", "3"}, {"a", "b"}};
  auto made = MakeTableMetadata(table);
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  const TableMetadata& metadata = **made;
  EXPECT_EQ(metadata.format_version, 3);
  EXPECT_EQ(metadata.properties, (Properties{{"a", "b"}}));
  EXPECT_THAT(metadata.current_schema()->identifier_field_ids(), ElementsAre(1));
  EXPECT_EQ(metadata.last_column_id, 3);
  EXPECT_THAT(metadata.default_spec()->fields[0].source_ids, ElementsAre(3));
  EXPECT_EQ(metadata.default_spec()->fields[0].field_id, 1000);
  EXPECT_EQ(metadata.last_partition_id, 1000);
  EXPECT_EQ(metadata.default_sort_order_id, SortOrderId(1));
  EXPECT_THAT(metadata.default_sort_order()->fields[0].source_ids, ElementsAre(1));
}

TEST(MakeTableMetadata, RefusesWhatTheVersionDoesNotKnow) {
  NewTable table;
  table.location = "/t";
  table.schema = MakeSchema({NestedField::Optional(1, "ts", Type::TimestampNs())});
  EXPECT_THAT(MakeTableMetadata(table).status().ToString(), HasSubstr("ts, timestamp_ns"));
  table.format_version = 3;
  EXPECT_TRUE(MakeTableMetadata(table).ok());
  table.format_version = 4;
  EXPECT_EQ(KindOf(MakeTableMetadata(table).status()), ErrorKind::kInvalidArgument);
}

TEST(MakeTableMetadata, RefusesUnknownTransformsAndSources) {
  NewTable table;
  table.location = "/t";
  table.schema = TwoColumns();
  table.spec.fields.push_back({{1}, 0, "p", Transform::FromMetadata("zigzag[3]")});
  EXPECT_THAT(MakeTableMetadata(table).status().ToString(), HasSubstr("zigzag[3]"));
  table.spec.fields[0] = {{9}, 0, "p", Transform::Identity()};
  EXPECT_THAT(MakeTableMetadata(table).status().ToString(), HasSubstr("id 9"));
}

TEST(ApplyUpdates, UpdatesToCreateMakeTheSameTable) {
  MetadataPtr metadata = NewMetadata();
  TableMetadata empty;
  auto made = ApplyUpdates(empty, *UpdatesToCreate(*metadata), {1000, ""});
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  EXPECT_EQ(**made, *metadata);
}

TEST(ApplyUpdates, ReusesSchemasAndSpecsThatAreThere) {
  MetadataPtr base = NewMetadata();
  auto three = MakeSchema({NestedField::Optional(1, "a", Type::Long()),
                           NestedField::Optional(2, "b", Type::String()),
                           NestedField::Optional(3, "c", Type::Int())});
  PartitionSpec spec;
  spec.fields.push_back({{1}, 0, "a_bucket", *Transform::Bucket(4)});
  MetadataPtr changed = Applied(
      base, {AddSchema{three, 3}, SetCurrentSchema{}, AddPartitionSpec{spec}, SetDefaultSpec{}});
  EXPECT_EQ(changed->current_schema_id, SchemaId(1));
  EXPECT_EQ(changed->last_column_id, 3);
  EXPECT_EQ(changed->default_spec_id, PartitionSpecId(1));
  EXPECT_EQ(changed->default_spec()->fields[0].field_id, 1000);
  EXPECT_EQ(changed->last_partition_id, 1000);

  MetadataPtr back = Applied(changed, {AddSchema{TwoColumns(), 2}, SetCurrentSchema{},
                                       AddPartitionSpec{PartitionSpec()}, SetDefaultSpec{}});
  EXPECT_EQ(back->current_schema_id, SchemaId(0));
  EXPECT_EQ(back->schemas.size(), 2u);
  EXPECT_EQ(back->default_spec_id, PartitionSpecId(0));
  EXPECT_EQ(back->partition_specs.size(), 2u);
  EXPECT_EQ(back->last_column_id, 3) << "ids are never given again";

  PartitionSpec wider;
  wider.fields.push_back({{2}, 0, "b", Transform::Identity()});
  wider.fields.push_back({{1}, 0, "renamed", *Transform::Bucket(4)});
  MetadataPtr wide = Applied(back, {AddPartitionSpec{wider}, SetDefaultSpec{}});
  EXPECT_EQ(wide->default_spec()->fields[0].field_id, 1001);
  EXPECT_EQ(wide->default_spec()->fields[1].field_id, 1000) << "same source and transform";
}

TEST(ApplyUpdates, LastAddedNeedsAnAddition) {
  MetadataPtr base = NewMetadata();
  EXPECT_FALSE(Apply(base, {SetCurrentSchema{}}).ok());
  EXPECT_FALSE(Apply(base, {SetDefaultSpec{}}).ok());
  EXPECT_FALSE(Apply(base, {SetDefaultSortOrder{}}).ok());
  EXPECT_FALSE(Apply(base, {SetCurrentSchema{SchemaId(5)}}).ok());
}

TEST(ApplyUpdates, RefusesASchemaThatTheDefaultSpecNeedsMoreOf) {
  MetadataPtr base = NewMetadata();
  PartitionSpec spec;
  spec.fields.push_back({{2}, 0, "b", Transform::Identity()});
  base = Applied(base, {AddPartitionSpec{spec}, SetDefaultSpec{}});
  auto one = MakeSchema({NestedField::Optional(1, "a", Type::Long())});
  auto changed = Apply(base, {AddSchema{one, 2}, SetCurrentSchema{}});
  EXPECT_EQ(KindOf(changed.status()), ErrorKind::kInvalidArgument);
}

TEST(ApplyUpdates, SnapshotBecomesCurrentAndIsLogged) {
  MetadataPtr base = NewMetadata();
  MetadataPtr first = Applied(base, {AddSnapshot{MakeSnapshot(1, 1)}, SetBranch("main", 1)});
  EXPECT_EQ(first->current_snapshot_id, SnapshotId(1));
  EXPECT_EQ(first->last_sequence_number, SequenceNumber(1));
  EXPECT_EQ(first->last_updated_ms, 2000);
  EXPECT_THAT(first->snapshot_log, ElementsAre(SnapshotLogEntry{1001, SnapshotId(1)}));
  EXPECT_THAT(first->metadata_log, ElementsAre(MetadataLogEntry{1000, "/t/metadata/base.json"}));

  EXPECT_FALSE(Apply(first, {AddSnapshot{MakeSnapshot(1, 2, 1)}}).ok()) << "the id exists";
  auto old = Apply(first, {AddSnapshot{MakeSnapshot(2, 1, 1)}});
  EXPECT_EQ(KindOf(old.status()), ErrorKind::kCommitConflict);

  MetadataPtr rolled_back =
      Applied(Applied(first, {AddSnapshot{MakeSnapshot(2, 2, 1)}, SetBranch("main", 2)}),
              {SetBranch("main", 1)}, 5000);
  EXPECT_EQ(rolled_back->snapshot_log.back(), (SnapshotLogEntry{5000, SnapshotId(1)}));
}

TEST(ApplyUpdates, LogLeavesOutSnapshotsPassedOverWithinOneChange) {
  MetadataPtr metadata =
      Applied(NewMetadata(), {AddSnapshot{MakeSnapshot(1, 1)}, SetBranch("main", 1),
                              AddSnapshot{MakeSnapshot(2, 2, 1)}, SetBranch("main", 2)});
  EXPECT_THAT(metadata->snapshot_log, ElementsAre(SnapshotLogEntry{1002, SnapshotId(2)}));
  EXPECT_EQ(metadata->snapshots.size(), 2u);
}

TEST(ApplyUpdates, RemovedSnapshotsTakeTheirStatisticsAndHistory) {
  MetadataPtr metadata = NewMetadata();
  for (int64_t id = 1; id <= 3; ++id) {
    metadata =
        Applied(metadata, {AddSnapshot{MakeSnapshot(id, id, id - 1)}, SetBranch("main", id)});
  }
  StatisticsFile statistics;
  statistics.snapshot_id = SnapshotId(2);
  metadata = Applied(metadata, {SetBranch("audit", 2), SetStatistics{statistics}});
  const auto named = Apply(metadata, {RemoveSnapshots{{SnapshotId(2)}}});
  EXPECT_EQ(KindOf(named.status()), ErrorKind::kCommitConflict);
  EXPECT_THAT(named.status().message(), testing::HasSubstr("audit"));
  MetadataPtr removed =
      Applied(metadata, {RemoveSnapshotRef{"audit"}, RemoveSnapshots{{SnapshotId(2)}}});
  EXPECT_TRUE(removed->statistics.empty());
  EXPECT_THAT(removed->snapshot_log, ElementsAre(SnapshotLogEntry{1003, SnapshotId(3)}));
  EXPECT_EQ(removed->current_snapshot_id, SnapshotId(3));
  MetadataPtr empty = Applied(removed, {RemoveSnapshotRef{"main"}});
  EXPECT_FALSE(empty->current_snapshot_id.has_value());
  EXPECT_TRUE(empty->snapshot_log.empty());
}

TEST(ApplyUpdates, RefsAreChecked) {
  MetadataPtr metadata =
      Applied(NewMetadata(), {AddSnapshot{MakeSnapshot(1, 1)}, SetBranch("main", 1)});
  EXPECT_FALSE(Apply(metadata, {SetBranch("b", 5)}).ok());
  SetSnapshotRef tag = SetBranch("t", 1);
  tag.ref.kind = SnapshotRefKind::kTag;
  EXPECT_TRUE(Apply(metadata, {tag}).ok());
  tag.ref.min_snapshots_to_keep = 1;
  EXPECT_FALSE(Apply(metadata, {tag}).ok());
  SetSnapshotRef main_tag = SetBranch("main", 1);
  main_tag.ref.kind = SnapshotRefKind::kTag;
  EXPECT_FALSE(Apply(metadata, {main_tag}).ok());
}

TEST(ApplyUpdates, MetadataLogKeepsPreviousVersionsMax) {
  MetadataPtr metadata =
      Applied(NewMetadata(), {SetProperties{{{"write.metadata.previous-versions-max", "2"}}}});
  for (int i = 0; i < 3; ++i) metadata = Applied(metadata, {SetProperties{{{"k", "v"}}}});
  EXPECT_EQ(metadata->metadata_log.size(), 2u);
  metadata = Applied(metadata, {SetProperties{{{"write.metadata.previous-versions-max", "none"}}}});
  EXPECT_EQ(metadata->metadata_log.size(), 3u);
}

TEST(ApplyUpdates, TimeNeverGoesBack) {
  MetadataPtr metadata = Applied(NewMetadata(), {SetProperties{{{"k", "v"}}}}, 10);
  EXPECT_EQ(metadata->last_updated_ms, 1000);
}

TEST(ApplyUpdates, RowLineageOfV3) {
  MetadataPtr base = NewMetadata(3);
  EXPECT_FALSE(Apply(base, {AddSnapshot{MakeSnapshot(1, 1)}}).ok());
  Snapshot snapshot = MakeSnapshot(1, 1);
  snapshot.first_row_id = 0;
  snapshot.added_rows = 5;
  MetadataPtr next = Applied(base, {AddSnapshot{snapshot}});
  EXPECT_EQ(next->next_row_id, 5);
  snapshot = MakeSnapshot(2, 2, 1);
  snapshot.first_row_id = 4;
  snapshot.added_rows = 5;
  EXPECT_EQ(KindOf(Apply(next, {AddSnapshot{snapshot}}).status()), ErrorKind::kCommitConflict);
  snapshot.first_row_id = 7;
  EXPECT_EQ(Applied(next, {AddSnapshot{snapshot}})->next_row_id, 12);
}

TEST(ApplyUpdates, FormatVersionOnlyGoesUp) {
  MetadataPtr base = NewMetadata(1);
  EXPECT_EQ(Applied(base, {UpgradeFormatVersion{2}})->format_version, 2);
  EXPECT_FALSE(Apply(NewMetadata(2), {UpgradeFormatVersion{1}}).ok());
  EXPECT_EQ(KindOf(Apply(base, {UpgradeFormatVersion{4}}).status()), ErrorKind::kUnsupported);
}

TEST(ApplyUpdates, RemovesWhatIsNotInUse) {
  MetadataPtr base = NewMetadata();
  EXPECT_FALSE(Apply(base, {RemoveSchemas{{SchemaId(0)}}}).ok());
  EXPECT_FALSE(Apply(base, {RemovePartitionSpecs{{PartitionSpecId(0)}}}).ok());
  auto key = Json::Parse(R"({"key-id":"k"})");
  MetadataPtr keyed = Applied(base, {AddEncryptionKey{{*key}}});
  EXPECT_EQ(keyed->encryption_keys.size(), 1u);
  EXPECT_TRUE(Applied(keyed, {RemoveEncryptionKey{"k"}})->encryption_keys.empty());
}

}  // namespace
}  // namespace iceframe
