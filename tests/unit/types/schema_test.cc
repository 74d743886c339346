// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/schema.h"

#include <gtest/gtest.h>

namespace iceframe {
namespace {

// 1: id · 2: Name · 3: place struct{4: lat, 5: lon} · 6: tags list<7> ·
// 8: points list<9 struct{10: x, 11: y}> · 12: props map<13 string, 14 struct{15: v}>
std::vector<NestedField> SampleFields() {
  return {
      NestedField::Required(1, "id", Type::Long()),
      NestedField::Optional(2, "Name", Type::String()),
      NestedField::Required(3, "place",
                            Type::Struct({NestedField::Required(4, "lat", Type::Int()),
                                          NestedField::Optional(5, "lon", Type::Double())})),
      NestedField::Optional(6, "tags", Type::List(NestedField::Optional(7, "", Type::String()))),
      NestedField::Optional(8, "points",
                            Type::List(NestedField::Optional(
                                9, "",
                                Type::Struct({NestedField::Optional(10, "x", Type::Int()),
                                              NestedField::Optional(11, "y", Type::Int())})))),
      NestedField::Optional(
          12, "props",
          Type::Map(NestedField::Required(13, "", Type::String()),
                    NestedField::Optional(
                        14, "", Type::Struct({NestedField::Optional(15, "v", Type::Int())}))))};
}

std::shared_ptr<const Schema> Sample() {
  return Schema::Make(SchemaId(3), SampleFields(), {1, 4}).ValueOrDie();
}

FieldId IdOf(const Schema& schema, std::string_view name, bool case_sensitive = true) {
  const NestedField* field = schema.FindField(name, case_sensitive);
  return field == nullptr ? 0 : field->id;
}

TEST(Schema, FindsFieldsByIdAndDottedName) {
  const auto schema = Sample();
  EXPECT_EQ(schema->highest_field_id(), 15);
  EXPECT_EQ(schema->FindField(10)->name, "x");
  EXPECT_EQ(schema->FindField(99), nullptr);
  EXPECT_EQ(IdOf(*schema, "id"), 1);
  EXPECT_EQ(IdOf(*schema, "place.lon"), 5);
  EXPECT_EQ(IdOf(*schema, "tags.element"), 7);
  EXPECT_EQ(IdOf(*schema, "points.element.x"), 10);
  EXPECT_EQ(IdOf(*schema, "props.value.v"), 15);
  EXPECT_EQ(IdOf(*schema, "props.key"), 13);
  EXPECT_EQ(IdOf(*schema, "place.height"), 0);
  for (FieldId id = 1; id <= 15; ++id) EXPECT_EQ(IdOf(*schema, schema->FullName(id)), id);
}

TEST(Schema, ShortNamesLeaveOutElementAndValueOfStructs) {
  const auto schema = Sample();
  EXPECT_EQ(IdOf(*schema, "points.x"), 10);
  EXPECT_EQ(IdOf(*schema, "props.v"), 15);
  EXPECT_EQ(schema->FullName(10), "points.element.x");
}

TEST(Schema, AFullNameWinsOverAShortOne) {
  // A map's value struct with a field named "key" has the short name "m.key".
  auto schema = Schema::Make(
      SchemaId(0),
      {NestedField::Optional(
          1, "m",
          Type::Map(NestedField::Required(2, "", Type::String()),
                    NestedField::Optional(
                        3, "", Type::Struct({NestedField::Optional(4, "key", Type::Int())}))))});
  ASSERT_TRUE(schema.ok());
  EXPECT_EQ(IdOf(**schema, "m.key"), 2);
  EXPECT_EQ(IdOf(**schema, "m.value.key"), 4);
}

TEST(Schema, LookupWithoutCaseRefusesAmbiguousNames) {
  const auto schema = Sample();
  EXPECT_EQ(IdOf(*schema, "name"), 0);
  EXPECT_EQ(IdOf(*schema, "NAME", false), 2);
  EXPECT_EQ(IdOf(*schema, "Place.LAT", false), 4);
  auto twice = Schema::Make(SchemaId(0), {NestedField::Optional(1, "a", Type::Int()),
                                          NestedField::Optional(2, "A", Type::Int())});
  ASSERT_TRUE(twice.ok());
  EXPECT_EQ(IdOf(**twice, "A"), 2);
  EXPECT_EQ(IdOf(**twice, "a", false), 0);
}

TEST(Schema, StructPathEndsAtListsAndMaps) {
  const auto schema = Sample();
  EXPECT_EQ(schema->StructPath(1), std::vector<int>({0}));
  EXPECT_EQ(schema->StructPath(5), std::vector<int>({2, 1}));
  EXPECT_EQ(schema->StructPath(6), std::vector<int>({3}));
  EXPECT_TRUE(schema->StructPath(7).empty());
  EXPECT_TRUE(schema->StructPath(10).empty());
  EXPECT_EQ(schema->ParentOf(10), 9);
  EXPECT_EQ(schema->ParentOf(9), 8);
  EXPECT_EQ(schema->ParentOf(8), 0);
}

void ExpectRefused(std::vector<NestedField> fields, std::vector<FieldId> identifiers,
                   const char* words) {
  auto schema = Schema::Make(SchemaId(0), std::move(fields), std::move(identifiers));
  ASSERT_FALSE(schema.ok()) << words;
  EXPECT_EQ(KindOf(schema.status()), ErrorKind::kInvalidArgument);
  EXPECT_NE(schema.status().message().find(words), std::string::npos) << schema.status().message();
}

TEST(Schema, RefusesDuplicateAndMissingIdsAndNames) {
  const NestedField a = NestedField::Required(1, "a", Type::Int());
  ExpectRefused({a, NestedField::Optional(1, "b", Type::Int())}, {}, "same id");
  ExpectRefused({a, NestedField::Optional(2, "a", Type::Int())}, {}, "same name");
  ExpectRefused({NestedField::Optional(1, "", Type::Int())}, {}, "without a name");
  ExpectRefused({NestedField::Optional(0, "a", Type::Int())}, {}, "greater than 0");
  ExpectRefused({a, NestedField::Optional(2, "s", Type::Struct({a}))}, {}, "same id");
}

TEST(Schema, RefusesHostileDepth) {
  Type type = Type::Int();
  for (FieldId id = 2; id < 500; ++id) type = Type::List(NestedField::Optional(id, "", type));
  ExpectRefused({NestedField::Optional(1, "a", type)}, {}, "too deeply");
}

TEST(Schema, ChecksIdentifierFields) {
  ExpectRefused(SampleFields(), {99}, "not in the schema");
  ExpectRefused(SampleFields(), {2}, "must be required");
  ExpectRefused(SampleFields(), {3}, "must be a primitive");
  ExpectRefused(SampleFields(), {5}, "no float or double");
  ExpectRefused(SampleFields(), {13}, "outside of lists and maps");
}

TEST(Schema, SelectKeepsAncestorsAndWholeNamedFields) {
  const auto schema = Sample();
  const auto selected = schema->Select({15, 5, 77});
  ASSERT_EQ(selected->fields().size(), 2U);
  EXPECT_EQ(selected->fields()[0].type.ToString(), "struct<5: lon: optional double>");
  EXPECT_EQ(selected->fields()[1].type.ToString(), "map<string, struct<15: v: optional int>>");
  EXPECT_TRUE(selected->identifier_field_ids().empty());
  EXPECT_EQ(selected->schema_id(), SchemaId(3));
  const auto whole = schema->Select({3, 10, 1});
  ASSERT_EQ(whole->fields().size(), 3U);
  EXPECT_EQ(whole->fields()[1].type.fields().size(), 2U);
  EXPECT_EQ(whole->fields()[2].type.ToString(), "list<struct<10: x: optional int>>");
  EXPECT_EQ(whole->identifier_field_ids(), std::vector<FieldId>({1, 4}));
  EXPECT_EQ(whole->FindField(11), nullptr);
  EXPECT_TRUE(schema->Select({})->fields().empty());
}

TEST(Schema, SameColumnsIgnoresTheSchemaId) {
  const auto other = Schema::Make(SchemaId(9), SampleFields(), {4, 1}).ValueOrDie();
  EXPECT_TRUE(Sample()->SameColumns(*other));
  EXPECT_FALSE(Sample()->SameColumns(*Schema::Make(SchemaId(3), SampleFields(), {1}).ValueOrDie()));
}

TEST(Schema, FreshIdsNumberALevelBeforeItsChildren) {
  const std::vector<NestedField> fields = AssignFreshIds(SampleFields(), 100);
  const auto schema = Schema::Make(SchemaId(0), fields).ValueOrDie();
  const std::vector<std::string> names = {"id",
                                          "Name",
                                          "place",
                                          "tags",
                                          "points",
                                          "props",
                                          "place.lat",
                                          "place.lon",
                                          "tags.element",
                                          "points.element",
                                          "points.element.x",
                                          "points.element.y",
                                          "props.key",
                                          "props.value",
                                          "props.value.v"};
  for (size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(schema->FullName(static_cast<FieldId>(100 + i)), names[i]);
  }
}

}  // namespace
}  // namespace iceframe
