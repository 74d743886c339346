// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/lossless_cast.h"

#include <cmath>
#include <limits>

#include <arrow/api.h>
#include <arrow/extension/uuid.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include "iceframe/types/arrow_schema.h"

namespace iceframe {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

Type CastType(const char* text) { return Type::ParsePrimitive(text).ValueOrDie(); }

std::shared_ptr<const Schema> TableOf(std::vector<NestedField> fields) {
  return Schema::Make(SchemaId(0), AssignFreshIds(fields)).ValueOrDie();
}

std::shared_ptr<arrow::RecordBatch> BatchOf(
    const std::vector<std::pair<std::string, ArrayPtr>>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  const int64_t num_rows = arrays.empty() ? 0 : arrays[0]->length();
  return arrow::RecordBatch::Make(arrow::schema(fields), num_rows, arrays);
}

template <typename Builder, typename T>
ArrayPtr Finish(Builder* builder, const std::vector<std::optional<T>>& values) {
  for (const auto& value : values) {
    EXPECT_TRUE((value ? builder->Append(*value) : builder->AppendNull()).ok());
  }
  return builder->Finish().ValueOrDie();
}

template <typename ArrowType>
ArrayPtr Numbers(const std::vector<std::optional<typename ArrowType::c_type>>& values) {
  arrow::NumericBuilder<ArrowType> builder;
  return Finish(&builder, values);
}

ArrayPtr Times(const std::shared_ptr<arrow::DataType>& type,
               const std::vector<std::optional<int64_t>>& values) {
  return Numbers<arrow::Int64Type>(values)->View(type).ValueOrDie();
}

ArrayPtr Texts(const std::vector<std::optional<std::string>>& values) {
  arrow::StringBuilder builder;
  return Finish(&builder, values);
}

ArrayPtr FromJson(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

Result<ArrayPtr> Cast(const Type& type, const ArrayPtr& values, bool required = false) {
  NestedField field = NestedField::Optional(1, "c", type);
  field.required = required;
  const auto table = TableOf({field});
  ICEFRAME_ASSIGN_OR_RETURN(const auto batch, CastLossless(*BatchOf({{"c", values}}), *table,
                                                           arrow::system_memory_pool()));
  EXPECT_TRUE(batch->ValidateFull().ok()) << batch->ValidateFull().ToString();
  EXPECT_TRUE(batch->schema()->Equals(*ToArrowSchema(*table).ValueOrDie()));
  EXPECT_TRUE(batch->column(0)->type()->Equals(batch->schema()->field(0)->type()));
  return batch->column(0);
}

void ExpectCast(const Type& type, const ArrayPtr& values, const std::vector<Value>& expected) {
  const auto cast = Cast(type, values);
  ASSERT_TRUE(cast.ok()) << cast.status().ToString();
  ASSERT_EQ((*cast)->length(), static_cast<int64_t>(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(*ValueFromArrow(type, **cast, static_cast<int64_t>(i)), expected[i]) << i;
  }
}

void ExpectRefused(const Type& type, const ArrayPtr& values, const char* words = "",
                   bool required = false) {
  const auto cast = Cast(type, values, required);
  ASSERT_FALSE(cast.ok()) << values->type()->ToString() << " to " << type.ToString();
  EXPECT_EQ(KindOf(cast.status()), ErrorKind::kSchemaMismatch);
  EXPECT_NE(cast.status().message().find("c"), std::string::npos);
  EXPECT_NE(cast.status().message().find(words), std::string::npos) << cast.status().message();
}

TEST(LosslessCast, IntegersAreCheckedByRange) {
  ExpectCast(Type::Int(), Numbers<arrow::Int64Type>({1, std::nullopt, INT32_MIN}),
             {Value(1), Value(), Value(INT32_MIN)});
  ExpectCast(Type::Long(), Numbers<arrow::UInt64Type>({7}), {Value(int64_t{7})});
  ExpectCast(Type::Int(), Numbers<arrow::Int8Type>({-3}), {Value(-3)});
  ExpectRefused(Type::Int(), Numbers<arrow::Int64Type>({1, std::nullopt, 5'000'000'000}),
                "5000000000 in row 2");
  ExpectRefused(Type::Long(), Numbers<arrow::UInt64Type>({UINT64_MAX}), "18446744073709551615");
  ExpectRefused(Type::Int(), Numbers<arrow::DoubleType>({1.0}), "no lossless cast");
  ExpectRefused(Type::Int(), Texts({"1"}), "string");
}

TEST(LosslessCast, WhatLiesUnderANullIsNoValue) {
  const ArrayPtr wide = Numbers<arrow::Int64Type>({5'000'000'000, 2});
  auto data = wide->data()->Copy();
  data->buffers[0] = arrow::Buffer::FromString(std::string(1, '\x02'));
  data->null_count = 1;
  ExpectCast(Type::Int(), arrow::MakeArray(data), {Value(), Value(2)});
}

TEST(LosslessCast, FloatsMustBeExact) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto cast = Cast(Type::Float(), Numbers<arrow::DoubleType>({0.5, nan, -INFINITY, -0.0}));
  ASSERT_TRUE(cast.ok()) << cast.status().ToString();
  EXPECT_EQ(*ValueFromArrow(Type::Float(), **cast, 3), Value(-0.0F));
  EXPECT_EQ(*ValueFromArrow(Type::Float(), **cast, 1),
            Value(std::numeric_limits<float>::quiet_NaN()));
  ExpectRefused(Type::Float(), Numbers<arrow::DoubleType>({0.1}), "row 0");
  ExpectRefused(Type::Float(), Numbers<arrow::DoubleType>({1e300}), "row 0");
  ExpectCast(Type::Double(), Numbers<arrow::FloatType>({0.25F}), {Value(0.25)});
  ExpectCast(Type::Float(), Numbers<arrow::Int32Type>({1 << 24}), {Value(16777216.0F)});
  ExpectRefused(Type::Float(), Numbers<arrow::Int32Type>({(1 << 24) + 1}), "16777217");
  ExpectCast(Type::Double(), Numbers<arrow::Int64Type>({int64_t{1} << 60}),
             {Value(std::ldexp(1.0, 60))});
  ExpectRefused(Type::Double(), Numbers<arrow::Int64Type>({INT64_MAX}), "9223372036854775807");
  ExpectRefused(Type::Double(), Numbers<arrow::UInt64Type>({UINT64_MAX}), "row 0");
}

TEST(LosslessCast, DecimalsAreRescaledWithoutLoss) {
  arrow::Decimal128Builder builder(arrow::decimal128(10, 4));
  ASSERT_TRUE(builder.Append(arrow::Decimal128(142000)).ok());
  ExpectCast(CastType("decimal(9,2)"), builder.Finish().ValueOrDie(),
             {Value(arrow::Decimal128(1420))});
  ASSERT_TRUE(builder.Append(arrow::Decimal128(142000)).ok());
  ASSERT_TRUE(builder.Append(arrow::Decimal128(142001)).ok());
  ExpectRefused(CastType("decimal(9,2)"), builder.Finish().ValueOrDie(), "14.2001 in row 1");
  ASSERT_TRUE(builder.Append(arrow::Decimal128(99990000)).ok());
  ExpectRefused(CastType("decimal(3,0)"), builder.Finish().ValueOrDie(), "row 0");
  ExpectCast(CastType("decimal(4,2)"), Numbers<arrow::Int64Type>({12}),
             {Value(arrow::Decimal128(1200))});
  ExpectRefused(CastType("decimal(4,2)"), Numbers<arrow::Int64Type>({12, 100}), "row 1");
}

TEST(LosslessCast, TimestampsKeepInstantsAndNeverGainAZone) {
  using arrow::TimeUnit;
  const auto oslo = arrow::timestamp(TimeUnit::MILLI, "Europe/Oslo");
  ExpectCast(Type::Timestamptz(), Times(oslo, {1500, std::nullopt}),
             {Value(int64_t{1'500'000}), Value()});
  ExpectCast(Type::Timestamp(), Times(arrow::timestamp(TimeUnit::SECOND), {-1}),
             {Value(int64_t{-1'000'000})});
  ExpectCast(Type::Timestamp(), Times(arrow::timestamp(TimeUnit::NANO), {2000}),
             {Value(int64_t{2})});
  ExpectCast(Type::TimestamptzNs(), Times(arrow::timestamp(TimeUnit::MICRO, "+02:00"), {2}),
             {Value(int64_t{2000})});
  ExpectRefused(Type::Timestamp(), Times(arrow::timestamp(TimeUnit::NANO), {2000, 2001}), "row 1");
  ExpectRefused(Type::Timestamp(), Times(arrow::timestamp(TimeUnit::SECOND), {INT64_MAX}), "row 0");
  ExpectRefused(Type::Timestamptz(), Times(arrow::timestamp(TimeUnit::MICRO), {1}), "no lossless");
  ExpectRefused(Type::Timestamp(), Times(oslo, {1}), "no lossless");
  ExpectRefused(Type::Date(), Times(arrow::timestamp(TimeUnit::SECOND), {0}), "no lossless");
}

TEST(LosslessCast, DatesAndTimes) {
  ExpectCast(Type::Date(), Times(arrow::date64(), {-86'400'000}), {Value(-1)});
  ExpectRefused(Type::Date(), Times(arrow::date64(), {0, 1}), "row 1");
  ExpectCast(Type::Time(), Times(arrow::time64(arrow::TimeUnit::NANO), {5000}),
             {Value(int64_t{5})});
  ExpectRefused(Type::Time(), Times(arrow::time64(arrow::TimeUnit::NANO), {5001}), "row 0");
}

TEST(LosslessCast, EncodedAndLargeTextsBecomePlain) {
  const ArrayPtr texts = Texts({"a", std::nullopt, "b"});
  const std::vector<Value> expected = {Value("a"), Value(), Value("b")};
  ExpectCast(Type::String(), texts, expected);
  arrow::LargeStringBuilder large;
  ExpectCast(Type::String(),
             Finish<arrow::LargeStringBuilder, std::string>(&large, {"a", std::nullopt, "b"}),
             expected);
  arrow::StringViewBuilder view;
  ExpectCast(Type::String(),
             Finish<arrow::StringViewBuilder, std::string>(&view, {"a", std::nullopt, "b"}),
             expected);
  arrow::StringDictionaryBuilder dictionary;
  ExpectCast(
      Type::String(),
      Finish<arrow::StringDictionaryBuilder, std::string>(&dictionary, {"a", std::nullopt, "b"}),
      expected);
  const auto runs =
      arrow::RunEndEncodedArray::Make(4, Numbers<arrow::Int32Type>({1, 3, 4}), texts).ValueOrDie();
  ExpectCast(Type::String(), runs, {Value("a"), Value(), Value(), Value("b")});
  ExpectCast(Type::String(), runs->Slice(2, 2), {Value(), Value("b")});
}

TEST(LosslessCast, DictionariesAndRunsOfViewsBecomePlain) {
  arrow::StringViewBuilder builder;
  const ArrayPtr views = Finish<arrow::StringViewBuilder, std::string>(
      &builder, {"a", "a text of more than twelve bytes"});
  const ArrayPtr indices = Numbers<arrow::Int32Type>({1, 0, 1});
  const Value longer("a text of more than twelve bytes");
  ExpectCast(Type::String(), arrow::DictionaryArray::FromArrays(indices, views).ValueOrDie(),
             {longer, Value("a"), longer});
  const auto runs =
      arrow::RunEndEncodedArray::Make(3, Numbers<arrow::Int32Type>({2, 3}), views).ValueOrDie();
  ExpectCast(Type::String(), runs, {Value("a"), Value("a"), longer});
}

TEST(LosslessCast, TextMustBeUtf8) {
  ExpectRefused(Type::String(), Texts({"a", "\xff"}), "row 1");
  arrow::BinaryBuilder builder;
  ASSERT_TRUE(builder.Append("a").ok());
  ExpectRefused(Type::String(), builder.Finish().ValueOrDie(), "no lossless");
}

TEST(LosslessCast, UuidsAndFixedBytes) {
  arrow::FixedSizeBinaryBuilder builder(arrow::fixed_size_binary(16));
  ASSERT_TRUE(builder.Append("0123456789abcdef").ok());
  const ArrayPtr bytes = builder.Finish().ValueOrDie();
  ExpectCast(Type::Uuid(), bytes, {Value("0123456789abcdef")});
  ExpectCast(Type::Uuid(), arrow::ExtensionType::WrapArray(arrow::extension::uuid(), bytes),
             {Value("0123456789abcdef")});
  ExpectCast(CastType("fixed[16]"), bytes, {Value("0123456789abcdef")});
  ExpectCast(Type::Binary(), bytes, {Value("0123456789abcdef")});
  ExpectRefused(CastType("fixed[4]"), bytes, "fixed[4]");
}

TEST(LosslessCast, ExtensionTypesMayStandInsideOfOthers) {
  arrow::FixedSizeBinaryBuilder builder(arrow::fixed_size_binary(16));
  ASSERT_TRUE(builder.Append("0123456789abcdef").ok());
  ASSERT_TRUE(builder.AppendNull().ok());
  const auto uuid = arrow::extension::uuid();
  const ArrayPtr uuids = arrow::ExtensionType::WrapArray(uuid, builder.Finish().ValueOrDie());
  const NestedField element = NestedField::Optional(2, "element", Type::Uuid());
  const Type in_struct = Type::Struct({NestedField::Optional(2, "u", Type::Uuid())});
  const ArrayPtr rows = arrow::StructArray::Make({uuids}, {arrow::field("u", uuid)}).ValueOrDie();
  ExpectCast(in_struct, rows,
             {Value::FromNested({Value("0123456789abcdef")}), Value::FromNested({Value()})});
  const ArrayPtr offsets = Numbers<arrow::Int32Type>({0, 2});
  const ArrayPtr list = arrow::ListArray::FromArrays(*offsets, *uuids).ValueOrDie();
  ExpectCast(Type::List(element), list, {Value::FromNested({Value("0123456789abcdef"), Value()})});
  // No value of them, in no row or under nulls alone.
  for (const int64_t length : {0, 3}) {
    for (const auto& type : {rows->type(), list->type(), arrow::map(uuid, uuid)}) {
      const ArrayPtr nulls =
          arrow::MakeArrayOfNull(type, length, arrow::system_memory_pool()).ValueOrDie();
      Type to = Type::List(element);
      if (type->id() == arrow::Type::STRUCT) to = in_struct;
      if (type->id() == arrow::Type::MAP) {
        to = Type::Map(NestedField::Required(2, "key", Type::Uuid()),
                       NestedField::Optional(3, "value", Type::Uuid()));
      }
      ExpectCast(to, nulls, std::vector<Value>(static_cast<size_t>(length)));
    }
  }
}

TEST(LosslessCast, NullColumnsBecomeNullsOfTheType) {
  const auto nulls = arrow::MakeArrayOfNull(arrow::null(), 2).ValueOrDie();
  ExpectCast(Type::Uuid(), nulls, {Value(), Value()});
  ExpectCast(Type::List(NestedField::Optional(1, "", Type::Int())), nulls, {Value(), Value()});
  ExpectRefused(Type::Int(), nulls, "row 0", true);
}

TEST(LosslessCast, BytesOfTheRightWidthAndUuidTextBecomeFixed) {
  const std::string bytes = "0123456789abcdef";
  const std::string text = "30313233-3435-3637-3839-616263646566";
  for (const auto& type : {arrow::binary(), arrow::large_binary(), arrow::binary_view(),
                           arrow::utf8(), arrow::large_utf8(), arrow::utf8_view()}) {
    const bool is_text = type->ToString().find("string") != std::string::npos;
    const std::string json = R"([null, ")" + (is_text ? text : bytes) + R"("])";
    const ArrayPtr values = FromJson(type, json);
    ExpectCast(Type::Uuid(), values, {Value(), Value(bytes)});
    ExpectCast(Type::Uuid(), values->Slice(1), {Value(bytes)});
    ExpectCast(CastType("fixed[16]"), values, {Value(), Value(bytes)});
    ExpectRefused(Type::Uuid(), FromJson(type, R"([null, "short"])"), "short in row 1");
    ExpectRefused(CastType("fixed[4]"), values, "fixed[4]");
  }
}

TEST(LosslessCast, NullColumnsFitEveryOptionalColumnAtAnyDepth) {
  const Type text_list = Type::List(NestedField::Optional(0, "element", Type::String()));
  const Type nested = Type::Struct(
      {NestedField::Optional(0, "a", Type::String()), NestedField::Optional(0, "l", text_list)});
  const Type map = Type::Map(NestedField::Required(0, "key", Type::String()),
                             NestedField::Optional(0, "value", nested));
  for (const Type& type : {Type::String(), Type::Uuid(), Type::Binary(), text_list, nested, map}) {
    ExpectCast(type, std::make_shared<arrow::NullArray>(2), {Value(), Value()});
  }
  ExpectCast(text_list, FromJson(arrow::list(arrow::null()), "[[], [null], null]"),
             {Value::FromNested({}), Value::FromNested({Value()}), Value()});
  ExpectCast(nested,
             FromJson(arrow::struct_({arrow::field("a", arrow::null()),
                                      arrow::field("l", arrow::list(arrow::null()))}),
                      R"([{"a": null, "l": [null]}])"),
             {Value::FromNested({Value(), Value::FromNested({Value()})})});
  ExpectCast(map, FromJson(arrow::map(arrow::utf8(), arrow::null()), R"([[["k", null]]])"),
             {Value::FromNested({Value("k"), Value()})});
}

TEST(LosslessCast, ErrorsInsideOfListsNameTheRow) {
  const Type ints = Type::List(NestedField::Optional(0, "element", Type::Int()));
  const auto longs = arrow::list(arrow::int64());
  const char* rows = "[[1, 2], null, [], [3, 5000000000], [5000000000]]";
  const ArrayPtr values = FromJson(longs, rows);
  ExpectRefused(ints, values, "c.element is int64");
  ExpectRefused(ints, values, "in element 1 of row 3");
  ExpectRefused(ints, values->Slice(2), "in element 1 of row 1");
  ExpectRefused(
      Type::Struct({NestedField::Optional(0, "l", ints)}),
      FromJson(arrow::struct_({arrow::field("l", longs)}), R"([{"l": [1]}, {"l": [5000000000]}])"),
      "row 1");
}

TEST(LosslessCast, ListsOfKeysAndValuesBecomeMaps) {
  const Type map = Type::Map(NestedField::Required(0, "key", Type::String()),
                             NestedField::Optional(0, "value", Type::Long()));
  const auto pair =
      arrow::struct_({arrow::field("key", arrow::utf8()), arrow::field("value", arrow::int32())});
  const char* rows = R"([[{"key": "a", "value": 1}, {"key": "b", "value": null}], null, []])";
  for (const auto& type : {arrow::list(pair), arrow::large_list(pair), arrow::list_view(pair)}) {
    ExpectCast(map, FromJson(type, rows),
               {Value::FromNested({Value("a"), Value(int64_t{1}), Value("b"), Value()}), Value(),
                Value::FromNested({})});
  }
  ExpectRefused(map, FromJson(arrow::list(pair), R"([[{"key": null, "value": 1}]])"), "c.key");
  ExpectRefused(map, FromJson(arrow::list(pair), "[[null]]"), "entry of a map is null");
}

TEST(LosslessCast, ColumnsAreMatchedByName) {
  NestedField with_default = NestedField::Required(3, "d", Type::Int());
  with_default.write_default = Value(9);
  const auto table = TableOf({NestedField::Optional(1, "a", Type::Int()),
                              NestedField::Optional(2, "b", Type::String()), with_default});
  arrow::MemoryPool* pool = arrow::system_memory_pool();
  const auto batch = CastLossless(
      *BatchOf({{"b", Texts({"x"})}, {"a", Numbers<arrow::Int8Type>({1})}}), *table, pool);
  ASSERT_TRUE(batch.ok()) << batch.status().ToString();
  EXPECT_EQ(*ValueFromArrow(Type::Int(), *(*batch)->column(0), 0), Value(1));
  EXPECT_EQ(*ValueFromArrow(Type::Int(), *(*batch)->column(2), 0), Value(9));
  const auto extra = CastLossless(
      *BatchOf({{"A", Texts({"x"})}, {"z", Texts({"x"})}, {"a", Texts({"x"})}}), *table, pool);
  EXPECT_NE(extra.status().message().find("A (did you mean a?), z; rename them"),
            std::string::npos);
  const auto twice =
      CastLossless(*BatchOf({{"b", Texts({"x"})}, {"b", Texts({"x"})}}), *table, pool);
  EXPECT_NE(twice.status().message().find("same name: b"), std::string::npos);
}

TEST(LosslessCast, RequiredColumnsMustBeThereAndFull) {
  const auto table = TableOf({NestedField::Required(1, "a", Type::Int())});
  const auto missing = CastLossless(*BatchOf({}), *table, arrow::system_memory_pool());
  EXPECT_EQ(KindOf(missing.status()), ErrorKind::kSchemaMismatch);
  EXPECT_NE(missing.status().message().find("missing: a"), std::string::npos);
  ExpectRefused(Type::Int(), Numbers<arrow::Int32Type>({1, std::nullopt}), "row 1", true);
}

ArrayPtr StructOf(const std::vector<std::pair<std::string, ArrayPtr>>& children,
                  std::shared_ptr<arrow::Buffer> validity = nullptr) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, array] : children) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  return arrow::StructArray::Make(arrays, fields, std::move(validity)).ValueOrDie();
}

TEST(LosslessCast, StructFieldsAreMatchedByNameToo) {
  const Type type = Type::Struct(
      {NestedField::Required(2, "x", Type::Int()), NestedField::Optional(3, "y", Type::String())});
  const ArrayPtr rows = StructOf({{"x", Numbers<arrow::Int64Type>({1, std::nullopt, 3})}},
                                 arrow::Buffer::FromString(std::string(1, '\x05')));
  // The null is below a null struct, so the required field is not there at all.
  ExpectCast(
      type, rows,
      {Value::FromNested({Value(1), Value()}), Value(), Value::FromNested({Value(3), Value()})});
  ExpectCast(type, rows->Slice(2), {Value::FromNested({Value(3), Value()})});
  ExpectRefused(type, StructOf({{"x", Numbers<arrow::Int64Type>({1, std::nullopt})}}),
                "c.x in row 1");
  ExpectRefused(type, StructOf({{"y", Texts({"a"})}}), "c.x");
  ExpectRefused(type, StructOf({{"x", Numbers<arrow::Int32Type>({1})}, {"q", Texts({"a"})}}),
                "c.q");
}

TEST(LosslessCast, ListsOfEveryKindBecomePlain) {
  const Type type = Type::List(NestedField::Required(2, "", Type::Int()));
  const ArrayPtr values = Numbers<arrow::Int64Type>({1, 2, 3, std::nullopt, 5});
  const std::vector<Value> expected = {Value::FromNested({Value(1), Value(2)}), Value(),
                                       Value::FromNested({Value(5)})};
  // The third list is null and holds a null element, which is not there either.
  auto lists = arrow::ListArray::FromArrays(*Numbers<arrow::Int32Type>({0, 2, 4, 5}), *values,
                                            arrow::system_memory_pool(),
                                            arrow::Buffer::FromString(std::string(1, '\x05')))
                   .ValueOrDie();
  ExpectCast(type, lists, expected);
  ExpectCast(type, lists->Slice(2), {expected[2]});
  auto large = arrow::LargeListArray::FromArrays(*Numbers<arrow::Int64Type>({0, 2, 4, 5}), *values,
                                                 arrow::system_memory_pool(),
                                                 arrow::Buffer::FromString(std::string(1, '\x05')))
                   .ValueOrDie();
  ExpectCast(type, large, expected);
  auto views = arrow::ListViewArray::FromArrays(*Numbers<arrow::Int32Type>({4, 0}),
                                                *Numbers<arrow::Int32Type>({1, 2}), *values)
                   .ValueOrDie();
  ExpectCast(type, views, {expected[2], expected[0]});
  auto fixed =
      arrow::FixedSizeListArray::FromArrays(Numbers<arrow::Int8Type>({1, 2, 5, 6}), 2).ValueOrDie();
  ExpectCast(type, fixed, {expected[0], Value::FromNested({Value(5), Value(6)})});
  auto bad = arrow::ListArray::FromArrays(*Numbers<arrow::Int32Type>({0, 5}), *values).ValueOrDie();
  ExpectRefused(type, bad, "c.element in element 3");
}

TEST(LosslessCast, MapsCastKeysAndValues) {
  const Type type = Type::Map(NestedField::Required(2, "", Type::String()),
                              NestedField::Optional(3, "", Type::Int()));
  arrow::LargeStringBuilder keys;
  const ArrayPtr key_array = Finish<arrow::LargeStringBuilder, std::string>(&keys, {"a", "b", "c"});
  const auto map = arrow::MapArray::FromArrays(Numbers<arrow::Int32Type>({0, 2, 3}), key_array,
                                               Numbers<arrow::Int64Type>({1, std::nullopt, 3}))
                       .ValueOrDie();
  ExpectCast(type, map,
             {Value::FromNested({Value("a"), Value(1), Value("b"), Value()}),
              Value::FromNested({Value("c"), Value(3)})});
  ExpectCast(type, map->Slice(1), {Value::FromNested({Value("c"), Value(3)})});
  ExpectRefused(type, Texts({"a"}), "no lossless");
}

TEST(LosslessCast, AStreamIsWorkedOutOnceAndRowsAreNumberedOn) {
  const auto table = TableOf({NestedField::Optional(1, "c", Type::Int())});
  arrow::MemoryPool* pool = arrow::system_memory_pool();
  const auto batch = BatchOf({{"c", Numbers<arrow::Int64Type>({1, INT64_MAX})}});
  const auto cast = LosslessCast::Make(*batch->schema(), table, pool);
  ASSERT_TRUE(cast.ok());
  EXPECT_NE(cast->Apply(*batch, pool, 1000).status().message().find("row 1001"), std::string::npos);
  EXPECT_TRUE(cast->Apply(*batch->Slice(0, 1), pool).ok());
  EXPECT_FALSE(cast->Apply(*BatchOf({{"c", Texts({"x"})}}), pool).ok());
  EXPECT_EQ(
      KindOf(LosslessCast::Make(*arrow::schema({arrow::field("c", arrow::utf8())}), table, pool)
                 .status()),
      ErrorKind::kSchemaMismatch);
}

TEST(LosslessCast, AllocatesFromItsPoolAlone) {
  const std::pair<Type, ArrayPtr> cases[] = {
      {CastType("decimal(30,4)"), Numbers<arrow::Int64Type>({1, 2})},
      {Type::Timestamp(), Times(arrow::timestamp(arrow::TimeUnit::SECOND), {1, std::nullopt})},
      {Type::Int(), Numbers<arrow::Int64Type>({1, std::nullopt})},
      {Type::String(), arrow::DictionaryArray::FromArrays(
                           arrow::dictionary(arrow::int32(), arrow::utf8()),
                           Numbers<arrow::Int32Type>({0, 1, std::nullopt}), Texts({"a", "b"}))
                           .ValueOrDie()}};
  for (const auto& [type, values] : cases) {
    const auto table = TableOf(
        {NestedField::Optional(1, "c", type), NestedField::Optional(2, "missing", Type::String())});
    const auto batch = BatchOf({{"c", values}});
    arrow::ProxyMemoryPool pool(arrow::system_memory_pool());
    const int64_t before = arrow::default_memory_pool()->total_bytes_allocated();
    const auto cast = CastLossless(*batch, *table, &pool);
    ASSERT_TRUE(cast.ok()) << cast.status().ToString();
    EXPECT_GT(pool.total_bytes_allocated(), 0);
    EXPECT_EQ(arrow::default_memory_pool()->total_bytes_allocated(), before) << type.ToString();
  }
}

TEST(LosslessCast, ColumnsInTheTablesFormAreShared) {
  const ArrayPtr values = Numbers<arrow::Int32Type>({1, 2});
  const auto cast = Cast(Type::Int(), values);
  ASSERT_TRUE(cast.ok());
  EXPECT_EQ((*cast)->data()->buffers[1], values->data()->buffers[1]);
}

/// Appended in parts of no more than `max_bytes`, all rows come out as when cast at once.
void ExpectCastInParts(const Type& type, const ArrayPtr& values, int64_t max_bytes) {
  const auto table = TableOf({NestedField::Optional(1, "c", type)});
  arrow::MemoryPool* pool = arrow::system_memory_pool();
  const auto batch = BatchOf({{"c", values}});
  const auto cast = LosslessCast::Make(*batch->schema(), table, pool).ValueOrDie();
  const auto refused = cast.Apply(*batch, pool, 0, max_bytes);
  ASSERT_FALSE(refused.ok()) << values->type()->ToString();
  EXPECT_EQ(KindOf(refused.status()), ErrorKind::kInvalidArgument);
  EXPECT_NE(refused.status().message().find("too long for their column: c, "), std::string::npos)
      << refused.status().message();
  const auto whole = cast.Apply(*batch, pool).ValueOrDie();
  int64_t num_parts = 0;
  for (int64_t begin = 0; begin < batch->num_rows(); ++num_parts) {
    const int64_t num_rows = cast.NumRowsWithin(*batch, begin, 100, max_bytes);
    const auto part = cast.Apply(*batch->Slice(begin, num_rows), pool, begin, max_bytes);
    ASSERT_TRUE(part.ok()) << values->type()->ToString() << part.status().ToString();
    EXPECT_TRUE((*part)->Equals(*whole->Slice(begin, num_rows))) << values->type()->ToString();
    begin += num_rows;
  }
  EXPECT_GT(num_parts, 1) << values->type()->ToString();
}

TEST(LosslessCast, TextIsCutBeforeItsOffsetsOverflow) {
  const auto from_json = [](const std::shared_ptr<arrow::DataType>& type, const char* json) {
    return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
  };
  const char* json = R"(["aaaa", null, "bbbb", "cc", "dddd"])";
  for (const auto& type : {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view()}) {
    const ArrayPtr texts = from_json(type, json);
    ExpectCastInParts(Type::String(), texts, 4);
    const ArrayPtr codes =
        arrow::DictionaryArray::FromArrays(from_json(arrow::int8(), "[0, 2, 4, null, 3]"), texts)
            .ValueOrDie();
    ExpectCastInParts(Type::String(), codes, 4);
    const ArrayPtr runs =
        arrow::RunEndEncodedArray::Make(9, from_json(arrow::int32(), "[2, 3, 5, 8, 9]"), texts)
            .ValueOrDie();
    ExpectCastInParts(Type::String(), runs, 4);
    ExpectCastInParts(Type::String(), runs->Slice(1), 4);
  }
  for (const auto& type : {arrow::binary(), arrow::large_binary(), arrow::binary_view()}) {
    ExpectCastInParts(Type::Binary(), from_json(type, json), 4);
  }
}

TEST(LosslessCast, NestedTextAndListsAreCutBeforeTheirOffsetsOverflow) {
  const auto from_json = [](const std::shared_ptr<arrow::DataType>& type, const char* json) {
    return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
  };
  const Type list = Type::List(NestedField::Optional(2, "element", Type::String()));
  const char* json = R"([["aa", "bb"], null, ["cccc"], [], ["d", "e", null]])";
  for (const auto& text : {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view()}) {
    for (const auto& type : {arrow::list(text), arrow::large_list(text), arrow::list_view(text),
                             arrow::large_list_view(text)}) {
      ExpectCastInParts(list, from_json(type, json), 4);
    }
    const ArrayPtr texts = from_json(text, R"(["aa", "bb", "cc", "dd"])");
    ExpectCastInParts(Type::Struct({NestedField::Optional(2, "s", Type::String())}),
                      arrow::StructArray::Make({texts}, std::vector<std::string>{"s"}).ValueOrDie(),
                      4);
    ExpectCastInParts(Type::Map(NestedField::Required(2, "key", Type::String()),
                                NestedField::Optional(3, "value", Type::String())),
                      from_json(arrow::map(arrow::utf8(), text),
                                R"([[["a", "bbb"]], [["c", "d"], ["e", "f"]], null])"),
                      4);
  }
  const Type numbers = Type::List(NestedField::Optional(2, "element", Type::Int()));
  ExpectCastInParts(numbers, from_json(arrow::list(arrow::int32()), "[[1, 2, 3], [4], [5, 6]]"), 4);
}

TEST(LosslessCast, LongDefaultsOfMissingColumnsAreCutToo) {
  NestedField missing = NestedField::Optional(2, "d", Type::String());
  missing.write_default = Value(std::string("abcdef"));
  const auto table = TableOf({NestedField::Optional(1, "c", Type::Long()), missing});
  arrow::MemoryPool* pool = arrow::system_memory_pool();
  const auto batch = BatchOf({{"c", Numbers<arrow::Int64Type>({1, 2, 3, 4, 5})}});
  const auto cast = LosslessCast::Make(*batch->schema(), table, pool).ValueOrDie();
  EXPECT_EQ(cast.NumRowsWithin(*batch, 0, 100, 12), 2);
  EXPECT_EQ(cast.NumRowsWithin(*batch, 4, 100, 12), 1);
  EXPECT_EQ(cast.NumRowsWithin(*batch, 0, 100, 5), 1);
}

}  // namespace
}  // namespace iceframe
