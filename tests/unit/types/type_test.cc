// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/type.h"

#include <string>

#include <gtest/gtest.h>

namespace iceframe {
namespace {

std::string Spelled(const char* text) {
  auto type = Type::ParsePrimitive(text);
  return type.ok() ? type->ToString() : type.status().ToString();
}

TEST(Type, EveryPrimitiveIsSpelledAsItWasParsed) {
  for (const char* text : {"boolean",
                           "int",
                           "long",
                           "float",
                           "double",
                           "decimal(9, 2)",
                           "decimal(38, 0)",
                           "date",
                           "time",
                           "timestamp",
                           "timestamptz",
                           "timestamp_ns",
                           "timestamptz_ns",
                           "string",
                           "uuid",
                           "fixed[16]",
                           "fixed[0]",
                           "binary",
                           "unknown",
                           "variant",
                           "geometry",
                           "geometry(srid:3857)",
                           "geography",
                           "geography(srid:4269)",
                           "geography(OGC:CRS84, karney)"}) {
    EXPECT_EQ(Spelled(text), text);
  }
}

TEST(Type, ParsingAllowsSpacesAndEitherCase) {
  EXPECT_EQ(Spelled("decimal( 9 ,2 )"), "decimal(9, 2)");
  EXPECT_EQ(Spelled("decimal(9,2)"), "decimal(9, 2)");
  EXPECT_EQ(Spelled(" Fixed[ 4 ] "), "fixed[4]");
  EXPECT_EQ(Spelled("TIMESTAMPTZ"), "timestamptz");
  EXPECT_EQ(Spelled("geometry( srid:3857 )"), "geometry(srid:3857)");
  EXPECT_EQ(Spelled("geometry(OGC:CRS84)"), "geometry");
  EXPECT_EQ(Spelled("geometry('srid:3857')"), "geometry(srid:3857)");
  EXPECT_EQ(Spelled("geography(\"srid:4269\", 'karney')"), "geography(srid:4269, karney)");
}

TEST(Type, WhatIsNoTypeIsRefusedByItsText) {
  for (const char* text : {"",
                           " ",
                           "varchar",
                           "int32",
                           "decimal",
                           "decimal()",
                           "decimal(9)",
                           "decimal(9,2",
                           "fixed",
                           "fixed(4)",
                           "fixed[]",
                           "fixed[-1]",
                           "fixed[99999999999]",
                           "decimal[9,2]",
                           "decimal(39,2)",
                           "decimal(0,0)",
                           "decimal(4,5)",
                           "decimal(4,-1)",
                           "int(3)",
                           "geography(a, flat)",
                           "struct<1: a: int>",
                           "(",
                           ")",
                           "[",
                           "fixed["}) {
    auto type = Type::ParsePrimitive(text);
    ASSERT_FALSE(type.ok()) << text;
    EXPECT_EQ(KindOf(type.status()), ErrorKind::kInvalidArgument) << text;
  }
  EXPECT_NE(Type::ParsePrimitive("varchar").status().message().find("varchar"), std::string::npos);
}

TEST(Type, NestedTypesAreWrittenAsIcebergWritesThem) {
  const Type type =
      Type::Struct({NestedField::Required(1, "a", Type::Int()),
                    NestedField::Optional(
                        2, "b", Type::List(NestedField::Optional(3, "", Type::String())), "words"),
                    NestedField::Optional(4, "c",
                                          Type::Map(NestedField::Optional(5, "", Type::String()),
                                                    NestedField::Required(6, "", Type::Long())))});
  EXPECT_EQ(type.ToString(),
            "struct<1: a: required int, 2: b: optional list<string> (words), "
            "4: c: optional map<string, long>>");
  EXPECT_EQ(type.fields()[1].type.fields()[0].name, "element");
  EXPECT_EQ(type.fields()[2].type.fields()[0].name, "key");
  EXPECT_TRUE(type.fields()[2].type.fields()[0].required);
  EXPECT_EQ(type.fields()[2].type.fields()[1].name, "value");
}

TEST(Type, EqualityCoversIdsNamesAndDefaults) {
  const NestedField field = NestedField::Optional(1, "a", Type::Int());
  NestedField other = field;
  EXPECT_EQ(Type::Struct({field}), Type::Struct({other}));
  other.id = 2;
  EXPECT_NE(Type::Struct({field}), Type::Struct({other}));
  other = field;
  other.initial_default = Value(7);
  EXPECT_NE(Type::Struct({field}), Type::Struct({other}));
  EXPECT_NE(*Type::Decimal(9, 2), *Type::Decimal(9, 3));
  EXPECT_EQ(Type(), Type::Unknown());
}

bool Promotes(const char* from, const char* to, int version) {
  return IsPromotionAllowed(*Type::ParsePrimitive(from), *Type::ParsePrimitive(to), version);
}

TEST(TypePromotion, AllowsWhatTheSpecAllows) {
  EXPECT_TRUE(Promotes("int", "int", 1));
  EXPECT_TRUE(Promotes("int", "long", 1));
  EXPECT_TRUE(Promotes("float", "double", 1));
  EXPECT_TRUE(Promotes("decimal(9,2)", "decimal(18,2)", 1));
  EXPECT_TRUE(Promotes("date", "timestamp", 3));
  EXPECT_TRUE(Promotes("date", "timestamp_ns", 3));
  EXPECT_TRUE(Promotes("unknown", "string", 3));
}

TEST(TypePromotion, RefusesTheRest) {
  EXPECT_FALSE(Promotes("long", "int", 3));
  EXPECT_FALSE(Promotes("int", "double", 3));
  EXPECT_FALSE(Promotes("decimal(9,2)", "decimal(18,3)", 3));
  EXPECT_FALSE(Promotes("decimal(9,2)", "decimal(8,2)", 3));
  EXPECT_FALSE(Promotes("date", "timestamp", 2));
  EXPECT_FALSE(Promotes("date", "timestamptz", 3));
  EXPECT_FALSE(Promotes("unknown", "string", 2));
  EXPECT_FALSE(Promotes("string", "binary", 3));
}

}  // namespace
}  // namespace iceframe
