// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/metadata_columns.h"

#include <gtest/gtest.h>

namespace iceframe {
namespace {

PartitionField Field(FieldId source, FieldId id, std::string name,
                     Transform transform = Transform::Identity()) {
  return {{source}, id, std::move(name), transform};
}

TableMetadata Table(std::vector<PartitionSpec> specs, std::vector<NestedField> columns = {}) {
  if (columns.empty()) {
    columns = {NestedField::Optional(1, "id", Type::Long()),
               NestedField::Optional(2, "city", Type::String()),
               NestedField::Optional(3, "day", Type::Date())};
  }
  TableMetadata metadata;
  metadata.schemas = {Schema::Make(SchemaId(0), std::move(columns)).ValueOrDie()};
  metadata.last_column_id = metadata.schemas[0]->highest_field_id();
  metadata.partition_specs = std::move(specs);
  return metadata;
}

std::string PartitionTypeIn(const TableMetadata& metadata) {
  const auto found = FindMetadataColumn(metadata, "_partition");
  return found.ok() ? (*found)->type.ToString() : found.status().message();
}

PartitionSpec Spec(int32_t id, std::vector<PartitionField> fields) {
  return {PartitionSpecId(id), std::move(fields)};
}

TEST(MetadataColumns, HaveTheSpecsIdsAndTypes) {
  const TableMetadata metadata = Table({Spec(0, {})});
  const auto schema = WithMetadataColumns(metadata, metadata.current_schema(),
                                          {"id", "_pos", "_file", "_pos", "_partition", "_spec_id"})
                          .ValueOrDie();
  ASSERT_EQ(schema->fields().size(), 7u);
  const auto& pos = schema->fields()[3];
  EXPECT_EQ(pos.name, "_pos");
  EXPECT_EQ(pos.id, 2147483645);
  EXPECT_EQ(pos.type, Type::Long());
  EXPECT_EQ(schema->FindField("_file")->id, 2147483646);
  EXPECT_EQ(schema->FindField("_partition")->id, 2147483642);
  EXPECT_EQ(schema->FindField("_spec_id")->id, 2147483643);
  EXPECT_EQ(schema->FindField("_spec_id")->type, Type::Int());
}

TEST(MetadataColumns, AreNotAddedUnlessAskedFor) {
  const TableMetadata metadata = Table({Spec(0, {})});
  const auto schema = metadata.current_schema();
  EXPECT_EQ(WithMetadataColumns(metadata, schema, {"id", "_other", "file"}).ValueOrDie(), schema);
}

TEST(MetadataColumns, AreHiddenByColumnsOfTheirName) {
  const TableMetadata metadata =
      Table({Spec(0, {})}, {NestedField::Optional(1, "_file", Type::Int()),
                            NestedField::Optional(2, "_row_id", Type::Int())});
  const auto schema = metadata.current_schema();
  EXPECT_EQ(WithMetadataColumns(metadata, schema, {"_file", "_row_id"}).ValueOrDie(), schema);
}

TEST(MetadataColumns, TakeAnyCaseWhereCaseDoesNotCount) {
  const TableMetadata metadata = Table({Spec(0, {})});
  const auto schema = metadata.current_schema();
  EXPECT_EQ(WithMetadataColumns(metadata, schema, {"_FILE"}).ValueOrDie(), schema);
  EXPECT_NE(WithMetadataColumns(metadata, schema, {"_FILE"}, false).ValueOrDie(), schema);
}

TEST(MetadataColumns, OthersAreRefusedByName) {
  const TableMetadata metadata = Table({Spec(0, {})});
  for (const char* name : {"_deleted", "_row_id", "_last_updated_sequence_number"}) {
    const Status status = WithMetadataColumns(metadata, metadata.current_schema(), {name}).status();
    EXPECT_EQ(KindOf(status), ErrorKind::kUnsupported);
    EXPECT_NE(status.message().find(name), std::string::npos) << status.message();
  }
}

TEST(MetadataColumns, APartitionHasTheFieldsOfAllSpecs) {
  EXPECT_EQ(PartitionTypeIn(Table({Spec(0, {})})), Type::Struct({}).ToString());
  EXPECT_EQ(PartitionTypeIn(Table({Spec(0, {Field(2, 1000, "city")}),
                                   Spec(1, {Field(3, 1001, "day_year", Transform::Year()),
                                            Field(2, 1000, "town")})})),
            Type::Struct({NestedField::Optional(1000, "town", Type::String()),
                          NestedField::Optional(1001, "day_year", Type::Int())})
                .ToString());
}

TEST(MetadataColumns, ADroppedFieldOfAV1TableKeepsItsType) {
  EXPECT_EQ(PartitionTypeIn(
                Table({Spec(0, {Field(1, 1000, "id_bucket", Transform::Bucket(4).ValueOrDie())}),
                       Spec(1, {Field(1, 1000, "id_bucket_1000", Transform::Void())})})),
            Type::Struct({NestedField::Optional(1000, "id_bucket_1000", Type::Int())}).ToString());
}

TEST(MetadataColumns, APartitionLacksFieldsWhoseColumnIsGone) {
  EXPECT_EQ(PartitionTypeIn(Table({Spec(0, {Field(9, 1000, "gone"), Field(2, 1001, "city")})})),
            Type::Struct({NestedField::Optional(1001, "city", Type::String())}).ToString());
}

TEST(MetadataColumns, FieldsOfAPartitionHaveNamesAndIdsOfTheirOwn) {
  const TableMetadata metadata =
      Table({Spec(0, {Field(1, 1000, "b", Transform::Bucket(4).ValueOrDie())}),
             Spec(1, {Field(1, 1001, "b", Transform::Bucket(8).ValueOrDie())})},
            {NestedField::Optional(1, "id", Type::Long()),
             NestedField::Optional(1000, "wide", Type::String())});
  const auto schema =
      WithMetadataColumns(metadata, metadata.current_schema(), {"_partition"}).ValueOrDie();
  EXPECT_EQ(schema->FindField("_partition.b")->id, 1001);
  EXPECT_NE(schema->FindField("_partition.b_1000")->id, 1000);
  EXPECT_EQ(schema->FindField(1000)->name, "wide");
  DataFile file;
  file.spec_id = PartitionSpecId(0);
  file.partition = {Value(int32_t{3})};
  const auto values = MetadataValuesOf(metadata, file, *schema);
  EXPECT_EQ(values.at(schema->FindField("_partition.b_1000")->id), Value(int32_t{3}));
  EXPECT_EQ(values.at(1001), Value());
}

TEST(MetadataColumns, ConflictingAndUnknownFieldsAreRefused) {
  const TableMetadata conflict =
      Table({Spec(0, {Field(1, 1000, "a")}), Spec(1, {Field(2, 1000, "b")})});
  EXPECT_EQ(KindOf(FindMetadataColumn(conflict, "_partition").status()),
            ErrorKind::kInvalidMetadata);
}

TEST(MetadataColumns, ValuesAreOfTheTypesThatColumnsHaveNow) {
  TableMetadata metadata = Table({Spec(0, {Field(1, 1000, "id"), Field(2, 1001, "city")})});
  const auto schema =
      WithMetadataColumns(metadata, metadata.current_schema(), {"_partition", "_file", "_spec_id"})
          .ValueOrDie();
  DataFile file;
  file.file_path = "file:///f.parquet";
  file.partition = {Value(int32_t{7}), Value("Rome")};
  const auto values = MetadataValuesOf(metadata, file, *schema);
  EXPECT_EQ(values.at(1000), Value(int64_t{7}));
  EXPECT_EQ(values.at(1001), Value("Rome"));
  EXPECT_EQ(values.at(kFileColumnId), Value("file:///f.parquet"));
  EXPECT_EQ(values.at(kSpecIdColumnId), Value(int32_t{0}));
  EXPECT_FALSE(values.contains(kPartitionColumnId));
}

}  // namespace
}  // namespace iceframe
