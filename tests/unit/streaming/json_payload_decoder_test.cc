// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/json_payload_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/streaming/decoder_testing.h"

namespace iceframe {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// What becomes of values of one optional column "v".
std::vector<std::string> ValuesOf(const Type& type, const std::vector<std::string>& values) {
  std::vector<std::string> payloads;
  for (const std::string& value : values) payloads.push_back(R"({"v": )" + value + "}");
  std::vector<std::string> outcomes = Decoded(SchemaOf({OptionalField("v", type)}), payloads);
  for (std::string& outcome : outcomes) {
    if (outcome.starts_with(R"({"v":)")) outcome = outcome.substr(5, outcome.size() - 6);
  }
  return outcomes;
}

constexpr char kNotOfType[] = "SchemaMismatch: value is not of the column's type";
constexpr char kOutOfRange[] = "SchemaMismatch: value can't be kept exactly, or is out of range";

TEST(JsonPayloadDecoder, ReadsColumnsByName) {
  const auto schema =
      SchemaOf({RequiredField("id", Type::Long()), OptionalField("s", Type::String()),
                OptionalField("b", Type::Boolean())});
  EXPECT_THAT(
      Decoded(schema, {R"({"id":1,"s":"x","b":true})", R"( { "b" : false , "id" : 2 } )",
                       R"({"id":3,"s":null,"b":null})", R"({"other":[1,{"a":[]}],"id":4})"}),
      ElementsAre(R"({"id":1,"s":"x","b":true})", R"({"id":2,"s":null,"b":false})",
                  R"({"id":3,"s":null,"b":null})", R"({"id":4,"s":null,"b":null})"));
}

TEST(JsonPayloadDecoder, BadMessagesLeaveTheirNeighboursAlone) {
  const auto schema =
      SchemaOf({RequiredField("id", Type::Long()), OptionalField("s", Type::String()),
                OptionalField("tags", Type::List(OptionalField("", Type::String()))),
                OptionalField("place", Type::Struct({OptionalField("lat", Type::Double()),
                                                     RequiredField("name", Type::String())}))});
  const std::string good = R"({"id":1,"s":"a","tags":["x",null],"place":{"lat":1.5,"name":"n"}})";
  std::vector<std::string> payloads;
  for (size_t cut = 0; cut < good.size(); ++cut) {
    payloads.push_back(good);
    payloads.push_back(good.substr(0, cut));
  }
  payloads.push_back(R"({"id":1,"s":"abc","tags":["x",7]})");
  payloads.push_back(R"({"id":1,"tags":["x"],"place":{"lat":1}})");
  payloads.push_back(good);
  const std::vector<std::string> outcomes = Decoded(schema, payloads);
  for (size_t i = 0; i < payloads.size(); ++i) {
    if (payloads[i] == good) {
      EXPECT_EQ(outcomes[i], good);
    } else if (i + 3 < payloads.size()) {
      EXPECT_THAT(outcomes[i], StartsWith("InvalidData: malformed JSON")) << payloads[i];
    }
  }
  EXPECT_THAT(outcomes[payloads.size() - 3],
              AllOf(StartsWith(kNotOfType), HasSubstr("tags.element"), HasSubstr(": 7")));
  EXPECT_THAT(outcomes[payloads.size() - 2],
              AllOf(StartsWith("SchemaMismatch: column is required"), HasSubstr("place.name")));
}

TEST(JsonPayloadDecoder, WantsAnObject) {
  const auto schema = SchemaOf({OptionalField("v", Type::Int())});
  for (const std::string payload : {"[1]", "1", "\"x\"", "null", "", " ", "{}{}", "{} x", "nul"}) {
    EXPECT_THAT(Decoded(schema, {payload}), ElementsAre(StartsWith("InvalidData: "))) << payload;
  }
  EXPECT_THAT(Decoded(schema, {"{}", " {\n} "}), ElementsAre(R"({"v":null})", R"({"v":null})"));
}

TEST(JsonPayloadDecoder, RefusesWhatTheGrammarRefuses) {
  const auto schema =
      SchemaOf({OptionalField("v", Type::String()), OptionalField("n", Type::Double())});
  for (const std::string payload : {R"({"v":"a\x"})",
                                    R"({"v":"\ud800"})",
                                    R"({"v":"\udc00\ud800"})",
                                    R"({"v":"\u12g4"})",
                                    "{\"v\":\"a\nb\"}",
                                    R"({"v":"a)",
                                    R"({"v" "a"})",
                                    R"({"v":"a",})",
                                    R"({,"v":"a"})",
                                    R"({v:"a"})",
                                    R"({'v':'a'})",
                                    R"({"n":01})",
                                    R"({"n":1.})",
                                    R"({"n":.5})",
                                    R"({"n":+1})",
                                    R"({"n":1e})",
                                    R"({"n":NaN})",
                                    R"({"n":-})",
                                    R"({"n":Infinity})",
                                    R"({"x":01})",
                                    R"({"x":"a)",
                                    R"({"x":[1,]})",
                                    R"({"x":{"a"}})",
                                    "{\"v\":\"\xff\"}",
                                    "{\"v\":\"\xed\xa0\x80\"}",
                                    "{\"x\":\"\xc0\x80\"}",
                                    R"({"v":"a" /* c */})"}) {
    EXPECT_THAT(Decoded(schema, {payload}), ElementsAre(StartsWith("InvalidData: "))) << payload;
  }
}

TEST(JsonPayloadDecoder, RefusesKeysThatComeTwice) {
  const auto schema = SchemaOf({OptionalField("v", Type::Int())});
  EXPECT_THAT(Decoded(schema, {R"({"v":1,"v":2})", R"({"v":null,"\u0076":2})"}),
              ElementsAre("InvalidData: duplicate key in JSON object: v",
                          "InvalidData: duplicate key in JSON object: v"));
}

TEST(JsonPayloadDecoder, UnescapesTexts) {
  EXPECT_THAT(ValuesOf(Type::String(), {R"("a\"\\\/\b\f\n\r\tz")", R"("\u00e9\u20ac\ud83d\ude00")",
                                        R"("0123456789abcdef0123456789\nabcdef")", "\"\"",
                                        "\"é€😀 and a text of more than sixteen bytes\""}),
              ElementsAre(R"("a\"\\/\u0008\u000c\n\r\tz")", "\"é€😀\"",
                          R"("0123456789abcdef0123456789\nabcdef")", "\"\"",
                          "\"é€😀 and a text of more than sixteen bytes\""));
}

TEST(JsonPayloadDecoder, LongTextsBetweenShortOnes) {
  const std::string text(100'000, 'x');
  const auto schema = SchemaOf({OptionalField("v", Type::String())});
  EXPECT_THAT(Decoded(schema, {R"({"v":"a"})", R"({"v":")" + text + "\\n\"}", R"({"v":"b"})"}),
              ElementsAre(R"({"v":"a"})", R"({"v":")" + text + "\\n\"}", R"({"v":"b"})"));
}

TEST(JsonPayloadDecoder, KeysMayBeEscapedOrComeInAnyOrder) {
  const auto schema = SchemaOf({OptionalField("a\"b", Type::Int()), OptionalField("é", Type::Int()),
                                OptionalField("c", Type::Int())});
  EXPECT_THAT(Decoded(schema, {R"({"a\"b":1,"é":2,"c":3})", R"({"c":6,"\u00e9":5,"a\u0022b":4})",
                               R"({"a"b":1})"}),
              ElementsAre(R"({"a\"b":1,"é":2,"c":3})", R"({"a\"b":4,"é":5,"c":6})",
                          StartsWith("InvalidData: malformed JSON, wanted a colon")));
}

TEST(JsonPayloadDecoder, Integers) {
  EXPECT_THAT(
      ValuesOf(Type::Int(), {"0", "-0", "2147483647", "-2147483648", "1.0", "12e2", "1200e-2"}),
      ElementsAre("0", "0", "2147483647", "-2147483648", "1", "1200", "12"));
  EXPECT_THAT(
      ValuesOf(Type::Int(), {"2147483648", "-2147483649", "1.5", "1e10", "1e-1", "1e999999999999"}),
      testing::Each(StartsWith(kOutOfRange)));
  EXPECT_THAT(ValuesOf(Type::Int(), {"true", "\"1\"", "[1]", "{}"}),
              testing::Each(StartsWith(kNotOfType)));
  EXPECT_THAT(ValuesOf(Type::Long(),
                       {"9223372036854775807", "-9223372036854775808", "1e18", "9007199254740993"}),
              ElementsAre("9223372036854775807", "-9223372036854775808", "1000000000000000000",
                          "9007199254740993"));
  EXPECT_THAT(ValuesOf(Type::Long(), {"9223372036854775808", "-9223372036854775809",
                                      "18446744073709551617", "99999999999999999999999999999"}),
              testing::Each(StartsWith(kOutOfRange)));
}

TEST(JsonPayloadDecoder, Floats) {
  EXPECT_THAT(ValuesOf(Type::Double(),
                       {"0.1", "1e22", "1.7976931348623157e308", "5e-324", "-2.5",
                        "9007199254740992", "123456789.123456789", "1", "9007199254740993.0",
                        "\"NaN\"", "\"-Infinity\"", "100000000000000000000"}),
              ElementsAre("0.1", "1e+22", "1.7976931348623157e+308", "5e-324", "-2.5",
                          "9007199254740992.0", "123456789.12345679", "1.0", "9007199254740992.0",
                          "\"NaN\"", "\"-Infinity\"", "1e+20"));
  EXPECT_THAT(ValuesOf(Type::Double(), {"1e309", "-1e999", "9007199254740993", "\"1.5\"", "true"}),
              ElementsAre(StartsWith(kOutOfRange), StartsWith(kOutOfRange), StartsWith(kOutOfRange),
                          StartsWith(kNotOfType), StartsWith(kNotOfType)));
  // The nearest float, though the nearest double lies halfway between two.
  EXPECT_THAT(ValuesOf(Type::Float(), {"0.1", "16777216", "1.00000005960464478", "3.4028235e38"}),
              ElementsAre("0.10000000149011612", "16777216.0", "1.0000001192092896",
                          "3.4028234663852886e+38"));
  EXPECT_THAT(ValuesOf(Type::Float(), {"16777217", "3.5e38"}),
              testing::Each(StartsWith(kOutOfRange)));
}

TEST(JsonPayloadDecoder, Decimals) {
  const Type type = Type::Decimal(9, 2).ValueOrDie();
  EXPECT_THAT(
      ValuesOf(type, {"1.23", "\"1.23\"", "0.1", "-12", "1234567.89", "1.230", "1e3", "\"+1\""}),
      ElementsAre("\"1.23\"", "\"1.23\"", "\"0.10\"", "\"-12.00\"", "\"1234567.89\"", "\"1.23\"",
                  "\"1000.00\"", "\"1.00\""));
  EXPECT_THAT(ValuesOf(type, {"1.234", "12345678.9", "\"x\"", "\"\""}),
              testing::Each(StartsWith(kOutOfRange)));
  EXPECT_THAT(
      ValuesOf(Type::Decimal(38, 0).ValueOrDie(),
               {"99999999999999999999999999999999999999", "18446744073709551615"}),
      ElementsAre("\"99999999999999999999999999999999999999\"", "\"18446744073709551615\""));
}

TEST(JsonPayloadDecoder, DatesAndTimes) {
  EXPECT_THAT(ValuesOf(Type::Date(), {"\"2024-02-29\"", "\"2023-02-29\"", "19000"}),
              ElementsAre("\"2024-02-29\"", StartsWith(kNotOfType), StartsWith(kNotOfType)));
  EXPECT_THAT(ValuesOf(Type::Time(), {"\"22:31:08.123456\"", "\"22:31\"", "\"25:00:00\""}),
              ElementsAre("\"22:31:08.123456\"", "\"22:31:00\"", StartsWith(kNotOfType)));
  EXPECT_THAT(ValuesOf(Type::Timestamp(), {"\"2024-02-29T12:00:00.5\"", "\"2024-02-29 12:00:00\"",
                                           "\"2024-02-29T12:00:00Z\"", "1700000000000"}),
              ElementsAre("\"2024-02-29 12:00:00.500000\"", "\"2024-02-29 12:00:00.000000\"",
                          StartsWith(kNotOfType), StartsWith(kNotOfType)));
  EXPECT_THAT(ValuesOf(Type::Timestamptz(),
                       {"\"2024-02-29T12:00:00Z\"", "\"2024-02-29T12:00:00.25+02:00\"",
                        "\"2024-02-29T12:00:00\"", "\"2024-02-29T12:00:00.1234567Z\""}),
              ElementsAre("\"2024-02-29 12:00:00.000000Z\"", "\"2024-02-29 10:00:00.250000Z\"",
                          StartsWith(kNotOfType), StartsWith(kOutOfRange)));
  EXPECT_THAT(ValuesOf(Type::TimestamptzNs(),
                       {"\"2024-02-29T12:00:00.123456789Z\"", "\"9999-01-01T00:00:00Z\""}),
              ElementsAre("\"2024-02-29 12:00:00.123456789Z\"", StartsWith(kOutOfRange)));
}

TEST(JsonPayloadDecoder, Bytes) {
  EXPECT_THAT(ValuesOf(Type::Uuid(), {"\"f79c3e09-677c-4bbd-a479-3f349cb785e7\"", "\"f79c\""}),
              ElementsAre("\"f79c3e09-677c-4bbd-a479-3f349cb785e7\"", StartsWith(kNotOfType)));
  EXPECT_THAT(ValuesOf(Type::Binary(), {"\"AP8=\"", "\"\"", "\"AP8\""}),
              ElementsAre("\"00ff\"", "\"\"", StartsWith(kNotOfType)));
  EXPECT_THAT(ValuesOf(Type::Fixed(2).ValueOrDie(), {"\"AP8=\"", "\"AA==\""}),
              ElementsAre("\"00ff\"", StartsWith(kNotOfType)));
  EXPECT_THAT(
      ValuesOf(Type::Fixed(16).ValueOrDie(),
               {"\"f79c3e09-677c-4bbd-a479-3f349cb785e7\"", "\"AAAAAAAAAAAAAAAAAAAAAA==\""}),
      ElementsAre("\"f79c3e09677c4bbda4793f349cb785e7\"", "\"00000000000000000000000000000000\""));
}

TEST(JsonPayloadDecoder, Lists) {
  const Type type = Type::List(OptionalField("", Type::List(RequiredField("", Type::Int()))));
  EXPECT_THAT(ValuesOf(type, {"[[1,2],null,[]]", "[]", "null", "[[1,null]]", "[1]", "[[1,\"x\"]]",
                              " [ [ 3 ] , [ 4 ] ] "}),
              ElementsAre("[[1,2],null,[]]", "[]", "null",
                          StartsWith("SchemaMismatch: column is required, and null is given"),
                          StartsWith(kNotOfType), StartsWith(kNotOfType), "[[3],[4]]"));
}

TEST(JsonPayloadDecoder, Maps) {
  const Type type = Type::Map(RequiredField("", Type::String()), OptionalField("", Type::Int()));
  EXPECT_THAT(ValuesOf(type, {R"({"a":1,"b":null})", "{}", R"([["a",1],["b",2]])",
                              R"([{"key":"a","value":1},{"value":2,"key":"b"}])", "[]", "null"}),
              ElementsAre(R"([["a",1],["b",null]])", "[]", R"([["a",1],["b",2]])",
                          R"([["a",1],["b",2]])", "[]", "null"));
  EXPECT_THAT(ValuesOf(type, {R"({"a":1,"\u0061":2})", R"([["a",1],["a",2]])"}),
              testing::Each(StartsWith("SchemaMismatch: duplicate key in a map")));
  EXPECT_THAT(ValuesOf(type, {R"([[null,1]])", R"([{"key":"a"}])"}),
              testing::Each(StartsWith("SchemaMismatch: ")));
  EXPECT_THAT(
      ValuesOf(type, {R"([["a"]])", R"([["a",1,2]])", R"([{"key":"a","key":"b","value":1}])",
                      R"([{"key":"a","value":1,"x":1}])"}),
      testing::Each(StartsWith("InvalidData: ")));
  EXPECT_THAT(ValuesOf(Type::Map(RequiredField("", Type::Int()), OptionalField("", Type::Int())),
                       {R"({"1":1,"-2":2})", R"({"x":1})", R"({"1":1,"1.0":2})"}),
              ElementsAre("[[1,1],[-2,2]]", StartsWith(kNotOfType),
                          StartsWith("SchemaMismatch: duplicate key in a map")));
}

TEST(JsonPayloadDecoder, Structs) {
  const Type type =
      Type::Struct({RequiredField("a", Type::Int()), OptionalField("b", Type::String())});
  EXPECT_THAT(
      ValuesOf(type, {R"({"a":1,"b":"x"})", R"({"b":"y","a":2,"c":{}})", "null", R"({"a":3})"}),
      ElementsAre(R"({"a":1,"b":"x"})", R"({"a":2,"b":"y"})", "null", R"({"a":3,"b":null})"));
  EXPECT_THAT(ValuesOf(type, {"[]", "{}", R"({"a":null})", R"({"a":1,"a":2})"}),
              ElementsAre(StartsWith(kNotOfType), StartsWith("SchemaMismatch: column is required"),
                          StartsWith("SchemaMismatch: column is required"),
                          StartsWith("InvalidData: duplicate key")));
}

TEST(JsonPayloadDecoder, MissingFieldsAreTheirDefaults) {
  NestedField with_default = OptionalField("d", Type::String());
  with_default.write_default = Value("x");
  NestedField number = RequiredField("n", Type::Int());
  number.write_default = Value(int32_t{7});
  const auto schema = SchemaOf({with_default, number, OptionalField("o", Type::Int())});
  EXPECT_THAT(Decoded(schema, {"{}", R"({"d":null,"n":1})", R"({"n":null})"}),
              ElementsAre(R"({"d":"x","n":7,"o":null})", R"({"d":null,"n":1,"o":null})",
                          StartsWith("SchemaMismatch: column is required, and null is given")));
}

TEST(JsonPayloadDecoder, KeepsTheLimitOfDepth) {
  const auto schema = SchemaOf({OptionalField("v", Type::Int())});
  const auto nested = [](size_t depth) {
    return R"({"x":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_THAT(Decoded(schema, {nested(99), nested(100), nested(10'000), R"({"v":1})"}),
              ElementsAre(R"({"v":null})", StartsWith("InvalidData: JSON is nested too deeply"),
                          StartsWith("InvalidData: JSON is nested too deeply"), R"({"v":1})"));
}

TEST(JsonPayloadDecoder, ManyUnknownKeysAreStillKeys) {
  const auto schema = SchemaOf({OptionalField("v", Type::Int())});
  std::vector<std::string> payloads;
  for (int i = 0; i < 3000; ++i) payloads.push_back("{\"k" + std::to_string(i) + "\":1,\"v\":2}");
  EXPECT_THAT(Decoded(schema, payloads), testing::Each(R"({"v":2})"));
}

}  // namespace
}  // namespace iceframe
