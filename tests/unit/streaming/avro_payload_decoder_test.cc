// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/avro_payload_decoder.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/format/avro_encoder.h"
#include "iceframe/streaming/avro_columns.h"

#include "unit/streaming/decoder_testing.h"

namespace iceframe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// Schemas by id, or an outage.
class FakeRegistry final : public SchemaRegistry {
 public:
  Result<RegisteredSchema> FindSchema(int32_t id) override {
    ++num_calls;
    if (is_down) return Error(ErrorKind::kUnavailable, "registry is down");
    const auto found = schemas.find(id);
    if (found == schemas.end()) return Error(ErrorKind::kNotFound, "no such schema");
    return found->second;
  }

  std::map<int32_t, RegisteredSchema> schemas;
  bool is_down = false;
  int num_calls = 0;
};

std::string Registered(int32_t id, std::string_view body) {
  std::string payload(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) payload += static_cast<char>(id >> shift);
  return payload + std::string(body);
}

/// Encodes with the functions of AvroEncoder.
template <typename Write>
std::string Encoded(const Write& write) {
  std::string bytes;
  AvroEncoder encoder(&bytes);
  write(&encoder);
  return bytes;
}

std::string LongBody(int64_t value) {
  return Encoded([value](AvroEncoder* out) { out->WriteLong(value); });
}

std::string RecordOf(const std::string& type) {
  return R"({"type":"record","name":"r","fields":[{"name":"v","type":)" + type + "}]}";
}

/// What becomes of a record's only value in an optional column "v".
std::string Decoded(const std::string& avro, const Type& type, const std::string& body) {
  auto registry = std::make_shared<FakeRegistry>();
  registry->schemas[7] = {RegisteredSchema::Kind::kAvro, RecordOf(avro)};
  const auto decoder =
      MessageDecoder::Make(SchemaOf({OptionalField("v", type)}),
                           {.format = PayloadFormat::kRegistry, .registry = registry}, TestPool())
          .ValueOrDie();
  const std::string payload = Registered(7, body);
  std::string outcome = Outcomes(decoder.get(), {PayloadMessage(payload)}).front();
  return outcome.starts_with(R"({"v":)") ? outcome.substr(5, outcome.size() - 6) : outcome;
}

std::string Logical(const std::string& type, const std::string& logical) {
  return R"({"type":")" + type + R"(","logicalType":")" + logical + R"("})";
}

TEST(AvroPayloadDecoder, NumbersComeByValue) {
  const std::string big = LongBody(3'000'000'000);
  EXPECT_EQ(Decoded("\"int\"", Type::Int(), LongBody(-7)), "-7");
  EXPECT_EQ(Decoded("\"int\"", Type::Long(), LongBody(-7)), "-7");
  EXPECT_EQ(Decoded("\"long\"", Type::Long(), big), "3000000000");
  EXPECT_EQ(Decoded("\"long\"", Type::Int(), LongBody(5)), "5");
  EXPECT_THAT(Decoded("\"long\"", Type::Int(), big), HasSubstr("can't be kept exactly"));
  EXPECT_EQ(Decoded("\"long\"", Type::Double(), big), "3000000000.0");
  EXPECT_THAT(Decoded("\"long\"", Type::Double(), LongBody((int64_t{1} << 53) + 1)),
              HasSubstr("can't be kept exactly"));
  EXPECT_THAT(Decoded("\"long\"", Type::Float(), LongBody(16'777'217)),
              HasSubstr("can't be kept exactly"));
  EXPECT_THAT(Decoded("\"long\"", Type::Double(), LongBody(INT64_MAX)),
              HasSubstr("can't be kept exactly"));
  EXPECT_EQ(Decoded("\"long\"", Type::Decimal(12, 2).ValueOrDie(), big), "\"3000000000.00\"");
  EXPECT_THAT(Decoded("\"long\"", Type::Decimal(11, 2).ValueOrDie(), big),
              HasSubstr("can't be kept exactly"));
  const auto real = [](double value) {
    return Encoded([value](AvroEncoder* out) { out->WriteDouble(value); });
  };
  EXPECT_EQ(Decoded("\"double\"", Type::Double(), real(0.1)), "0.1");
  EXPECT_EQ(Decoded("\"double\"", Type::Float(), real(0.5)), "0.5");
  EXPECT_THAT(Decoded("\"double\"", Type::Float(), real(0.1)), HasSubstr("can't be kept exactly"));
  EXPECT_EQ(Decoded("\"float\"", Type::Double(),
                    Encoded([](AvroEncoder* out) { out->WriteFloat(0.5F); })),
            "0.5");
  EXPECT_EQ(Decoded("\"boolean\"", Type::Boolean(), "\x01"), "true");
  EXPECT_THAT(
      Decoded("\"string\"", Type::Int(), Encoded([](AvroEncoder* out) { out->WriteBytes("1"); })),
      StartsWith("SchemaMismatch: Avro's string is not a value of the column's type: column "
                 "v (int)"));
}

TEST(AvroPayloadDecoder, DatesAndTimes) {
  EXPECT_EQ(Decoded(Logical("int", "date"), Type::Date(), LongBody(19'782)), "\"2024-02-29\"");
  EXPECT_THAT(Decoded(Logical("int", "date"), Type::Int(), LongBody(1)),
              HasSubstr("not a value of"));
  EXPECT_THAT(Decoded("\"int\"", Type::Date(), LongBody(1)), HasSubstr("not a value of"));
  EXPECT_EQ(Decoded(Logical("int", "time-millis"), Type::Time(), LongBody(1'500)),
            "\"00:00:01.500000\"");
  EXPECT_EQ(Decoded(Logical("long", "time-micros"), Type::Time(), LongBody(1)),
            "\"00:00:00.000001\"");
  EXPECT_THAT(Decoded(Logical("long", "time-micros"), Type::Time(), LongBody(86'400'000'000)),
              HasSubstr("out of range"));
  const std::string at = LongBody(1'700'000'000'123);
  EXPECT_EQ(Decoded(Logical("long", "timestamp-millis"), Type::Timestamptz(), at),
            "\"2023-11-14 22:13:20.123000Z\"");
  EXPECT_EQ(Decoded(Logical("long", "timestamp-millis"), Type::TimestamptzNs(), at),
            "\"2023-11-14 22:13:20.123000000Z\"");
  EXPECT_EQ(Decoded(Logical("long", "local-timestamp-millis"), Type::Timestamp(), at),
            "\"2023-11-14 22:13:20.123000\"");
  EXPECT_EQ(Decoded(R"({"type":"long","logicalType":"timestamp-micros","adjust-to-utc":false})",
                    Type::Timestamp(), LongBody(0)),
            "\"1970-01-01 00:00:00.000000\"");
  EXPECT_THAT(Decoded(Logical("long", "timestamp-millis"), Type::Timestamp(), at),
              HasSubstr("not a value of"));
  EXPECT_THAT(Decoded(Logical("long", "local-timestamp-millis"), Type::Timestamptz(), at),
              HasSubstr("not a value of"));
  EXPECT_THAT(Decoded("\"long\"", Type::Timestamptz(), at), HasSubstr("not a value of"));
  EXPECT_EQ(Decoded(Logical("long", "timestamp-nanos"), Type::Timestamptz(), LongBody(2'000)),
            "\"1970-01-01 00:00:00.000002Z\"");
  EXPECT_THAT(Decoded(Logical("long", "timestamp-nanos"), Type::Timestamptz(), LongBody(2'001)),
              HasSubstr("can't be kept exactly"));
  EXPECT_THAT(Decoded(Logical("long", "timestamp-millis"), Type::TimestamptzNs(),
                      LongBody(INT64_MAX / 1'000)),
              HasSubstr("out of range"));
}

TEST(AvroPayloadDecoder, TextsAndBytes) {
  const auto bytes = [](std::string_view value) {
    return Encoded([value](AvroEncoder* out) { out->WriteBytes(value); });
  };
  EXPECT_EQ(Decoded("\"string\"", Type::String(), bytes("é")), "\"é\"");
  EXPECT_THAT(Decoded("\"string\"", Type::String(), bytes("\xff")), HasSubstr("not valid UTF-8"));
  EXPECT_EQ(Decoded("\"bytes\"", Type::Binary(), bytes("\xff")), "\"ff\"");
  EXPECT_EQ(Decoded("\"bytes\"", Type::Fixed(2).ValueOrDie(), bytes("ab")), "\"6162\"");
  EXPECT_THAT(Decoded("\"bytes\"", Type::Fixed(2).ValueOrDie(), bytes("abc")),
              HasSubstr("not a value of"));
  EXPECT_EQ(Decoded(Logical("string", "uuid"), Type::Uuid(),
                    bytes("f79c3e09-677c-4bbd-a479-3f349cb785e7")),
            "\"f79c3e09-677c-4bbd-a479-3f349cb785e7\"");
  EXPECT_THAT(Decoded("\"string\"", Type::Uuid(), bytes("x")), HasSubstr("not a value of"));
  EXPECT_EQ(
      Decoded(R"({"type":"enum","name":"e","symbols":["a","b"]})", Type::String(), LongBody(1)),
      "\"b\"");
  EXPECT_THAT(
      Decoded(R"({"type":"enum","name":"e","symbols":["a","b"]})", Type::String(), LongBody(2)),
      StartsWith("InvalidData: "));
  const std::string money = R"({"type":"bytes","logicalType":"decimal","precision":9,"scale":2})";
  EXPECT_EQ(Decoded(money, Type::Decimal(12, 3).ValueOrDie(), bytes("\xff\x85")), "\"-1.230\"");
  EXPECT_THAT(Decoded(money, Type::Decimal(12, 1).ValueOrDie(), bytes("\x7b")),
              HasSubstr("can't be kept exactly"));
  EXPECT_THAT(Decoded(money, Type::Decimal(12, 2).ValueOrDie(), bytes("")),
              HasSubstr("out of range"));
}

TEST(AvroPayloadDecoder, NestedValues) {
  const Type ints = Type::List(OptionalField("", Type::Int()));
  EXPECT_EQ(
      Decoded(R"({"type":"array","items":["int","null"]})", ints, Encoded([](AvroEncoder* out) {
                out->WriteLong(2);
                out->WriteLong(0);
                out->WriteLong(7);
                out->WriteLong(1);
                out->WriteLong(0);
              })),
      "[7,null]");
  const Type map = Type::Map(RequiredField("", Type::String()), OptionalField("", Type::Int()));
  const auto entries = [](const std::vector<std::string>& keys) {
    return Encoded([&keys](AvroEncoder* out) {
      out->WriteLong(static_cast<int64_t>(keys.size()));
      for (const std::string& key : keys) {
        out->WriteBytes(key);
        out->WriteLong(1);
      }
      out->WriteLong(0);
    });
  };
  EXPECT_EQ(Decoded(R"({"type":"map","values":"int"})", map, entries({"a", "b"})),
            R"([["a",1],["b",1]])");
  EXPECT_THAT(Decoded(R"({"type":"map","values":"int"})", map, entries({"a", "a"})),
              HasSubstr("duplicate key"));
  const Type place =
      Type::Struct({OptionalField("b", Type::String()), OptionalField("a", Type::Int())});
  EXPECT_EQ(Decoded(R"({"type":"record","name":"p","fields":[{"name":"x","type":"string"},)"
                    R"({"name":"a","type":"int"}]})",
                    place, Encoded([](AvroEncoder* out) {
                      out->WriteBytes("passed over");
                      out->WriteLong(3);
                    })),
            R"({"b":null,"a":3})");
  EXPECT_EQ(Decoded(R"(["null","string","int"])", Type::Int(), Encoded([](AvroEncoder* out) {
                      out->WriteLong(2);
                      out->WriteLong(3);
                    })),
            "3");
  EXPECT_THAT(Decoded(R"(["null","string","int"])", Type::Int(), Encoded([](AvroEncoder* out) {
                        out->WriteLong(1);
                        out->WriteBytes("x");
                      })),
              HasSubstr("not a value of"));
}

TEST(AvroPayloadDecoder, DamageIsTheMessagesFault) {
  EXPECT_THAT(Decoded("\"long\"", Type::Long(), ""), StartsWith("InvalidData: Avro data"));
  EXPECT_THAT(Decoded("\"long\"", Type::Long(), LongBody(1) + "x"),
              StartsWith("InvalidData: Avro data goes on"));
  EXPECT_THAT(Decoded("[\"null\",\"long\"]", Type::Long(), LongBody(2)),
              StartsWith("InvalidData: "));
  EXPECT_THAT(Decoded("\"nonsense\"", Type::Long(), ""), StartsWith("InvalidData: "));
  // Items without a byte, again and again.
  const std::string nulls = Encoded([](AvroEncoder* out) {
    for (int i = 0; i < 5'000; ++i) out->WriteLong(4'096);
    out->WriteLong(0);
  });
  EXPECT_THAT(Decoded(R"({"type":"array","items":"null"})",
                      Type::List(OptionalField("", Type::Int())), nulls),
              HasSubstr("too many values"));
}

TEST(AvroPayloadDecoder, RecordsThatHoldThemselvesEndWithTheTable) {
  const std::string list = R"({"type":"record","name":"l","fields":[{"name":"a","type":"int"},)"
                           R"({"name":"next","type":["null","l"]}]})";
  const Type type =
      Type::Struct({OptionalField("a", Type::Int()),
                    OptionalField("next", Type::Struct({OptionalField("a", Type::Int())}))});
  EXPECT_EQ(Decoded(list, type, Encoded([](AvroEncoder* out) {
                      for (const int64_t value : {1, 1, 2, 1, 3, 0}) out->WriteLong(value);
                    })),
            R"({"a":1,"next":{"a":2}})");
}

TEST(RegistryPayloadDecoder, FindsEachSchemaOnce) {
  auto registry = std::make_shared<FakeRegistry>();
  registry->schemas[1] = {RegisteredSchema::Kind::kAvro, RecordOf("\"long\"")};
  registry->schemas[2] = {RegisteredSchema::Kind::kJson, "{}"};
  registry->schemas[3] = {RegisteredSchema::Kind::kProtobuf, ""};
  const auto decoder =
      MessageDecoder::Make(SchemaOf({OptionalField("v", Type::Long())}),
                           {.format = PayloadFormat::kRegistry, .registry = registry}, TestPool())
          .ValueOrDie();
  const std::vector<std::string> payloads = {
      Registered(1, LongBody(5)), Registered(2, R"({"v":6})"), Registered(1, LongBody(7)),
      Registered(3, ""),          Registered(9, ""),           "{\"v\":1}",
      std::string("\0\0\0", 3)};
  std::vector<Message> messages;
  for (const std::string& payload : payloads) messages.push_back(PayloadMessage(payload));
  EXPECT_THAT(
      Outcomes(decoder.get(), messages),
      ElementsAre(R"({"v":5})", R"({"v":6})", R"({"v":7})", HasSubstr("Protobuf"),
                  "InvalidData: the registry has no schema of that id: 9",
                  HasSubstr("begin with a zero byte"), HasSubstr("begin with a zero byte")));
  EXPECT_EQ(registry->num_calls, 4);
}

TEST(RegistryPayloadDecoder, AnOutageIsNoPoison) {
  auto registry = std::make_shared<FakeRegistry>();
  registry->schemas[1] = {RegisteredSchema::Kind::kAvro, RecordOf("\"long\"")};
  registry->is_down = true;
  const auto decoder =
      MessageDecoder::Make(SchemaOf({OptionalField("v", Type::Long())}),
                           {.format = PayloadFormat::kRegistry, .registry = registry}, TestPool())
          .ValueOrDie();
  const std::string payload = Registered(1, LongBody(5));
  const std::vector<Message> messages = {PayloadMessage("x"), PayloadMessage(payload)};
  std::vector<RejectedMessage> rejected;
  EXPECT_EQ(KindOf(decoder->Append(messages, &rejected).status()), ErrorKind::kUnavailable);
  EXPECT_TRUE(rejected.empty());
  registry->is_down = false;
  EXPECT_THAT(Outcomes(decoder.get(), messages),
              ElementsAre(StartsWith("InvalidData"), R"({"v":5})"));
}

TEST(RegistryPayloadDecoder, WantsARegistry) {
  EXPECT_EQ(
      KindOf(MessageDecoder::Make(SchemaOf({}), {.format = PayloadFormat::kRegistry}, TestPool())
                 .status()),
      ErrorKind::kInvalidArgument);
}

TEST(AvroPayloadDecoder, FieldsBecomeColumnsWhereTheSchemaMayEvolve) {
  auto registry = std::make_shared<FakeRegistry>();
  registry->schemas[1] = {RegisteredSchema::Kind::kAvro,
                          R"({"type":"record","name":"r","fields":[{"name":"v","type":"long"},)"
                          R"({"name":"w","type":["null","string"]},{"name":"k","type":"int"}]})"};
  const MessageDecoderOptions options = {.format = PayloadFormat::kRegistry,
                                         .message_columns = {{MessagePart::kKey, "k"}},
                                         .evolution = SchemaEvolution::kWiden,
                                         .registry = registry};
  const std::string payload = Registered(1, Encoded([](AvroEncoder* out) {
                                           out->WriteLong(3'000'000'000);
                                           out->WriteLong(0);
                                           out->WriteLong(1);
                                         }));
  const std::vector<Message> messages = {PayloadMessage(payload)};
  std::vector<RejectedMessage> rejected;
  const auto decoder =
      MessageDecoder::Make(
          SchemaOf({OptionalField("v", Type::Int()), OptionalField("k", Type::String())}), options,
          TestPool())
          .ValueOrDie();
  ASSERT_EQ(decoder->Append(messages, &rejected).ValueOrDie(), 0U);
  EXPECT_EQ(Type::Struct(decoder->wanted_fields()).ToString(),
            "struct<1: v: optional long, 2: k: optional string, 0: w: optional string>");
  const auto wider =
      MessageDecoder::Make(SchemaOf(decoder->wanted_fields()), options, TestPool()).ValueOrDie();
  EXPECT_THAT(Outcomes(wider.get(), messages),
              ElementsAre(R"({"v":3000000000,"k":null,"w":null})"));
}

TEST(AvroColumns, TypesOfSchemas) {
  const auto type_of = [](const std::string& avro) {
    const auto document = AvroSchemaDocument::Parse(avro).ValueOrDie();
    const std::optional<Type> type = TypeOfAvro(document->root());
    return type ? type->ToString() : "none";
  };
  EXPECT_EQ(type_of(Logical("long", "timestamp-millis")), "timestamptz");
  EXPECT_EQ(type_of(Logical("long", "local-timestamp-nanos")), "timestamp_ns");
  EXPECT_EQ(type_of(R"({"type":"array","items":{"type":"map","values":["null","int"]}})"),
            "list<map<string, int>>");
  EXPECT_EQ(type_of(R"({"type":"fixed","name":"f","size":16,"logicalType":"uuid"})"), "uuid");
  EXPECT_EQ(type_of(R"({"type":"bytes","logicalType":"decimal","precision":9,"scale":2})"),
            "decimal(9, 2)");
  EXPECT_EQ(type_of(R"(["null","int","string"])"), "none");
  EXPECT_EQ(type_of("\"null\""), "none");
  EXPECT_EQ(type_of(R"({"type":"record","name":"r","fields":[{"name":"r","type":["null","r"]}]})"),
            "none");
}

}  // namespace
}  // namespace iceframe
