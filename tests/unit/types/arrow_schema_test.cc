// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/arrow_schema.h"

#include <arrow/api.h>
#include <arrow/extension/uuid.h>
#include <gtest/gtest.h>

namespace iceframe {
namespace {

Type Parsed(const char* text) { return Type::ParsePrimitive(text).ValueOrDie(); }

std::shared_ptr<const Schema> AllTypes() {
  std::vector<NestedField> fields;
  FieldId id = 1;
  for (const char* name : {"boolean", "int", "long", "float", "double", "decimal(20,3)", "date",
                           "time", "timestamp", "timestamptz", "timestamp_ns", "timestamptz_ns",
                           "string", "uuid", "fixed[5]", "binary", "unknown"}) {
    fields.push_back(NestedField::Optional(id++, name, Parsed(name)));
  }
  fields.push_back(
      NestedField::Required(30, "list", Type::List(NestedField::Optional(31, "", Type::Uuid()))));
  fields.push_back(NestedField::Optional(
      32, "map",
      Type::Map(NestedField::Required(33, "", Type::String()),
                NestedField::Optional(
                    34, "", Type::Struct({NestedField::Required(35, "x", Type::Int())})))));
  return Schema::Make(SchemaId(0), std::move(fields)).ValueOrDie();
}

TEST(ArrowSchema, EveryTypeHasOneArrowForm) {
  const auto schema = ToArrowSchema(*AllTypes());
  ASSERT_TRUE(schema.ok()) << schema.status().ToString();
  const std::vector<std::string> expected = {"bool",
                                             "int32",
                                             "int64",
                                             "float",
                                             "double",
                                             "decimal128(20, 3)",
                                             "date32[day]",
                                             "time64[us]",
                                             "timestamp[us]",
                                             "timestamp[us, tz=UTC]",
                                             "timestamp[ns]",
                                             "timestamp[ns, tz=UTC]",
                                             "string",
                                             "extension<arrow.uuid>",
                                             "fixed_size_binary[5]",
                                             "binary",
                                             "null"};
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ((*schema)->field(static_cast<int>(i))->type()->ToString(), expected[i]);
    EXPECT_TRUE((*schema)->field(static_cast<int>(i))->nullable());
  }
  EXPECT_FALSE((*schema)->GetFieldByName("list")->nullable());
  EXPECT_EQ((*schema)->GetFieldByName("list")->type()->field(0)->name(), "element");
  const auto& map = static_cast<const arrow::MapType&>(*(*schema)->GetFieldByName("map")->type());
  EXPECT_FALSE(map.key_field()->nullable());
  EXPECT_FALSE(map.item_type()->field(0)->nullable());
}

TEST(ArrowSchema, RoundTripsWithFieldIds) {
  const auto schema = AllTypes();
  const auto arrow_schema = ToArrowSchema(*schema, true).ValueOrDie();
  EXPECT_EQ(
      *arrow_schema->GetFieldByName("list")->type()->field(0)->metadata()->Get(kArrowFieldIdKey),
      "31");
  const auto fields = FromArrowSchema(*arrow_schema, 3);
  ASSERT_TRUE(fields.ok()) << fields.status().ToString();
  EXPECT_EQ(*fields, schema->fields());
}

TEST(ArrowSchema, IdsAreGivenAfreshUnlessEveryFieldHasOne) {
  const auto with_id = arrow::key_value_metadata({kArrowFieldIdKey}, {"7"});
  const auto fields =
      FromArrowSchema(*arrow::schema({arrow::field("a", arrow::int32())->WithMetadata(with_id),
                                      arrow::field("b", arrow::list(arrow::int32()))}));
  ASSERT_TRUE(fields.ok());
  EXPECT_EQ((*fields)[0].id, 1);
  EXPECT_EQ((*fields)[1].id, 2);
  EXPECT_EQ((*fields)[1].type.fields()[0].id, 3);
}

std::string ReadAs(const std::shared_ptr<arrow::DataType>& type, int32_t version = 2) {
  const auto fields = FromArrowSchema(*arrow::schema({arrow::field("c", type)}), version);
  return fields.ok() ? (*fields)[0].type.ToString() : fields.status().message();
}

TEST(ArrowSchema, OtherArrowTypesAreWidened) {
  EXPECT_EQ(ReadAs(arrow::int8()), "int");
  EXPECT_EQ(ReadAs(arrow::uint16()), "int");
  EXPECT_EQ(ReadAs(arrow::uint32()), "long");
  EXPECT_EQ(ReadAs(arrow::float16()), "float");
  EXPECT_EQ(ReadAs(arrow::large_utf8()), "string");
  EXPECT_EQ(ReadAs(arrow::utf8_view()), "string");
  EXPECT_EQ(ReadAs(arrow::large_binary()), "binary");
  EXPECT_EQ(ReadAs(arrow::dictionary(arrow::int8(), arrow::utf8())), "string");
  EXPECT_EQ(ReadAs(arrow::run_end_encoded(arrow::int32(), arrow::int64())), "long");
  EXPECT_EQ(ReadAs(arrow::large_list(arrow::int8())), "list<int>");
  EXPECT_EQ(ReadAs(arrow::fixed_size_list(arrow::int8(), 3)), "list<int>");
  EXPECT_EQ(ReadAs(arrow::date64()), "date");
  EXPECT_EQ(ReadAs(arrow::time32(arrow::TimeUnit::SECOND)), "time");
  EXPECT_EQ(ReadAs(arrow::timestamp(arrow::TimeUnit::SECOND)), "timestamp");
  EXPECT_EQ(ReadAs(arrow::timestamp(arrow::TimeUnit::MILLI, "Europe/Oslo")), "timestamptz");
  EXPECT_EQ(ReadAs(arrow::timestamp(arrow::TimeUnit::NANO)), "timestamp");
  EXPECT_EQ(ReadAs(arrow::timestamp(arrow::TimeUnit::NANO), 3), "timestamp_ns");
  EXPECT_EQ(ReadAs(arrow::timestamp(arrow::TimeUnit::NANO, "UTC"), 3), "timestamptz_ns");
  EXPECT_EQ(ReadAs(arrow::decimal256(38, 2)), "decimal(38, 2)");
  EXPECT_EQ(ReadAs(arrow::extension::uuid()), "uuid");
  EXPECT_EQ(ReadAs(arrow::null(), 3), "unknown");
}

TEST(ArrowSchema, TypesThatIcebergLacksAreRefusedByColumnAndType) {
  for (const auto& type :
       {arrow::uint64(), arrow::duration(arrow::TimeUnit::SECOND), arrow::month_interval(),
        arrow::decimal256(50, 2), arrow::decimal128(5, -2), arrow::null(),
        arrow::sparse_union({arrow::field("u", arrow::int32())})}) {
    const auto fields = FromArrowSchema(
        *arrow::schema({arrow::field("outer", arrow::struct_({arrow::field("inner", type)}))}));
    ASSERT_FALSE(fields.ok()) << type->ToString();
    EXPECT_EQ(KindOf(fields.status()), ErrorKind::kSchemaMismatch);
    EXPECT_NE(fields.status().message().find("outer.inner"), std::string::npos);
    EXPECT_NE(fields.status().message().find(type->ToString()), std::string::npos);
  }
}

TEST(ArrowSchema, VariantAndGeoDataIsRefusedByColumn) {
  for (const char* name : {"variant", "geometry", "geography"}) {
    const auto schema =
        Schema::Make(SchemaId(0), {NestedField::Optional(1, "shape", Parsed(name))}).ValueOrDie();
    const auto arrow_schema = ToArrowSchema(*schema);
    EXPECT_EQ(KindOf(arrow_schema.status()), ErrorKind::kUnsupported);
    EXPECT_NE(arrow_schema.status().message().find(name), std::string::npos);
    EXPECT_NE(arrow_schema.status().message().find("shape"), std::string::npos);
  }
}

void ExpectRoundTrip(const Type& type, const Value& value) {
  for (const int64_t length : {0, 1, 3}) {
    const auto array = ArrayFromValue(type, value, length, arrow::system_memory_pool());
    ASSERT_TRUE(array.ok()) << array.status().ToString();
    ASSERT_TRUE((*array)->ValidateFull().ok()) << (*array)->ValidateFull().ToString();
    EXPECT_EQ((*array)->length(), length);
    EXPECT_TRUE((*array)->type()->Equals(*ToArrowType(type)));
    for (int64_t i = 0; i < length; ++i) {
      const auto read = ValueFromArrow(type, **array, i);
      ASSERT_TRUE(read.ok()) << read.status().ToString();
      EXPECT_EQ(*read, value) << ToString(type, value);
    }
  }
}

TEST(ArrowValue, EveryTypeRoundTripsThroughAnArray) {
  const std::pair<Type, Value> cases[] = {
      {Type::Boolean(), Value(true)},
      {Type::Int(), Value(-7)},
      {Type::Long(), Value(int64_t{1} << 40)},
      {Type::Float(), Value(-0.0F)},
      {Type::Double(), Value(0.1)},
      {Parsed("decimal(20,3)"), Value(arrow::Decimal128(-12345))},
      {Type::Date(), Value(19000)},
      {Type::Time(), Value(int64_t{5})},
      {Type::Timestamp(), Value(int64_t{-5})},
      {Type::Timestamptz(), Value(int64_t{5})},
      {Type::TimestampNs(), Value(int64_t{5})},
      {Type::TimestamptzNs(), Value(int64_t{5})},
      {Type::String(), Value("")},
      {Type::Uuid(), Value("0123456789abcdef")},
      {Parsed("fixed[5]"), Value("abcde")},
      {Type::Binary(), Value(std::string("\0\xff", 2))},
      {Type::Unknown(), Value()},
      {Type::List(NestedField::Optional(1, "", Type::Uuid())),
       Value::FromNested({Value("0123456789abcdef"), Value()})},
      {Type::List(NestedField::Optional(1, "", Type::Int())), Value::FromNested({})},
      {Type::Map(NestedField::Required(1, "", Type::String()),
                 NestedField::Optional(2, "", Type::Int())),
       Value::FromNested({Value("a"), Value(1), Value("b"), Value()})},
      {Type::Struct({NestedField::Optional(1, "a", Type::Int()),
                     NestedField::Optional(2, "b", Type::Uuid())}),
       Value::FromNested({Value(), Value("0123456789abcdef")})}};
  for (const auto& [type, value] : cases) {
    ExpectRoundTrip(type, value);
    ExpectRoundTrip(type, Value());
  }
}

TEST(ArrowValue, DictionariesReadAsTheirValues) {
  arrow::StringDictionaryBuilder builder;
  ASSERT_TRUE(builder.Append("x").ok());
  ASSERT_TRUE(builder.AppendNull().ok());
  const auto array = builder.Finish().ValueOrDie();
  EXPECT_EQ(*ValueFromArrow(Type::String(), *array, 0), Value("x"));
  EXPECT_TRUE(ValueFromArrow(Type::String(), *array, 1)->is_null());
}

TEST(ArrowValue, RefusesWrongArraysIndexesAndValues) {
  const auto array = ArrayFromValue(Type::Int(), Value(1), 2, arrow::system_memory_pool());
  EXPECT_FALSE(ValueFromArrow(Type::Long(), **array, 0).ok());
  EXPECT_FALSE(ValueFromArrow(Type::Int(), **array, 2).ok());
  EXPECT_FALSE(ValueFromArrow(Type::Int(), **array, -1).ok());
  EXPECT_FALSE(ArrayFromValue(Type::Int(), Value("a"), 1, arrow::system_memory_pool()).ok());
  EXPECT_FALSE(ArrayFromValue(Type::Int(), Value(1), -1, arrow::system_memory_pool()).ok());
  EXPECT_FALSE(ArrayFromValue(Type::Variant(), Value(), 1, arrow::system_memory_pool()).ok());
}

}  // namespace
}  // namespace iceframe
