// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/message_decoder.h"

#include <arrow/memory_pool.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/types/arrow_schema.h"

#include "unit/streaming/decoder_testing.h"

namespace iceframe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::vector<NestedField> MessageFields() {
  return {OptionalField("v", Type::Int()),
          OptionalField("key", Type::String()),
          OptionalField("headers", Type::Map(RequiredField("", Type::String()),
                                             OptionalField("", Type::Binary()))),
          OptionalField("topic", Type::String()),
          OptionalField("partition", Type::Int()),
          OptionalField("offset", Type::Long()),
          OptionalField("at", Type::Timestamptz())};
}

std::vector<MessageColumn> MessageColumns() {
  return {{MessagePart::kKey, "key"},       {MessagePart::kHeaders, "headers"},
          {MessagePart::kTopic, "topic"},   {MessagePart::kPartition, "partition"},
          {MessagePart::kOffset, "offset"}, {MessagePart::kTimestamp, "at"}};
}

std::unique_ptr<MessageDecoder> MakeDecoder(std::vector<NestedField> fields,
                                            const MessageDecoderOptions& options) {
  return MessageDecoder::Make(SchemaOf(std::move(fields)), options, TestPool()).ValueOrDie();
}

Message FullMessage(const std::vector<MessageHeader>& headers) {
  Message message = PayloadMessage(R"({"v":1,"offset":"not looked at"})");
  message.key = "k";
  message.headers = headers;
  message.topic = "t";
  message.partition = 3;
  message.offset = 42;
  message.timestamp_ms = 1'700'000'000'123;
  return message;
}

TEST(MessageDecoder, FillsColumnsFromTheMessage) {
  const auto decoder = MakeDecoder(MessageFields(), {.message_columns = MessageColumns()});
  const std::vector<MessageHeader> headers = {{"h", "\x01"}, {"i", std::nullopt}};
  EXPECT_THAT(
      Outcomes(decoder.get(), {FullMessage(headers), PayloadMessage("{}")}),
      ElementsAre(R"({"v":1,"key":"k","headers":[["h","01"],["i",null]],"topic":"t","partition":3,)"
                  R"("offset":42,"at":"2023-11-14 22:13:20.123000Z"})",
                  R"({"v":null,"key":null,"headers":[],"topic":"","partition":0,"offset":0,)"
                  R"("at":null})"));
}

TEST(MessageDecoder, RefusesPartsThatDoNotFit) {
  const auto decoder = MakeDecoder(MessageFields(), {.message_columns = MessageColumns()});
  const std::vector<MessageHeader> twice = {{"h", "1"}, {"h", "2"}};
  const std::vector<MessageHeader> once = {{"h", "1"}};
  Message not_text = FullMessage(once);
  not_text.key = "\xff";
  Message far_away = FullMessage(once);
  far_away.timestamp_ms = std::numeric_limits<int64_t>::max();
  EXPECT_THAT(Outcomes(decoder.get(), {FullMessage(twice), not_text, far_away, FullMessage(once)}),
              ElementsAre(HasSubstr("header twice"), HasSubstr("not valid UTF-8"),
                          HasSubstr("timestamp is out of range"), StartsWith(R"({"v":1)")));
}

TEST(MessageDecoder, TombstonesAreRejected) {
  const auto decoder = MakeDecoder(MessageFields(), {});
  EXPECT_THAT(Outcomes(decoder.get(), {Message(), PayloadMessage(R"({"v":1})")}),
              ElementsAre(HasSubstr("no payload"), StartsWith(R"({"v":1)")));
}

TEST(MessageDecoder, RawPayloadsAreNotLookedAt) {
  const auto decoder = MakeDecoder(
      {OptionalField("body", Type::Binary()), OptionalField("other", Type::Int()),
       OptionalField("headers", Type::List(RequiredField(
                                    "", Type::Struct({RequiredField("k", Type::String()),
                                                      OptionalField("v", Type::String())}))))},
      {.format = PayloadFormat::kRaw,
       .message_columns = {{MessagePart::kPayload, "body"}, {MessagePart::kHeaders, "headers"}}});
  const std::vector<MessageHeader> headers = {{"h", "1"}, {"h", "2"}};
  Message message = PayloadMessage("\xff{");
  message.headers = headers;
  EXPECT_THAT(Outcomes(decoder.get(), {message, Message()}),
              ElementsAre(R"({"body":"ff7b","other":null,"headers":[{"k":"h","v":"1"},)"
                          R"({"k":"h","v":"2"}]})",
                          R"({"body":null,"other":null,"headers":[]})"));
}

TEST(MessageDecoder, RefusesColumnsThatDoNotFit) {
  const auto error = [](const std::vector<MessageColumn>& columns) {
    return MessageDecoder::Make(SchemaOf(MessageFields()), {.message_columns = columns}, TestPool())
        .status();
  };
  EXPECT_EQ(KindOf(error({{MessagePart::kKey, "nowhere"}})), ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(error({{MessagePart::kKey, "v"}})), ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(error({{MessagePart::kKey, "key"}, {MessagePart::kTopic, "key"}})),
            ErrorKind::kInvalidArgument);
}

TEST(MessageDecoder, GrowsOverSeveralAppendsAndBeginsAnew) {
  const auto decoder = MakeDecoder({OptionalField("v", Type::String())}, {});
  std::vector<RejectedMessage> rejected;
  const std::vector<Message> first = {PayloadMessage(R"({"v":"a"})"), PayloadMessage("x")};
  const std::vector<Message> second = {PayloadMessage(R"({"v":"b"})")};
  ASSERT_EQ(decoder->Append(first, &rejected).ValueOrDie(), 2U);
  ASSERT_EQ(decoder->Append(second, &rejected).ValueOrDie(), 1U);
  ASSERT_EQ(rejected.size(), 1U);
  EXPECT_EQ(rejected[0].index, 1U);
  EXPECT_EQ(decoder->num_rows(), 2);
  EXPECT_EQ(decoder->num_bytes(), 18);
  EXPECT_THAT(RowsOf(*decoder->Finish().ValueOrDie()), ElementsAre(R"({"v":"a"})", R"({"v":"b"})"));
  EXPECT_EQ(decoder->num_rows(), 0);
  EXPECT_EQ(decoder->num_bytes(), 0);
  ASSERT_TRUE(decoder->Append(second, &rejected).ok());
  EXPECT_THAT(RowsOf(*decoder->Finish().ValueOrDie()), ElementsAre(R"({"v":"b"})"));
  EXPECT_EQ(decoder->Finish().ValueOrDie()->num_rows(), 0);
}

TEST(MessageDecoder, TakesItsMemoryFromThePool) {
  arrow::ProxyMemoryPool pool(TestPool());
  const auto schema =
      SchemaOf({OptionalField("v", Type::String()), OptionalField("w", Type::Int())});
  const auto decoder = MessageDecoder::Make(schema, {}, &pool).ValueOrDie();
  const std::string payload = R"({"v":")" + std::string(100, 'x') + "\"}";
  const std::vector<Message> messages(1'000, PayloadMessage(payload));
  std::vector<RejectedMessage> rejected;
  ASSERT_EQ(decoder->Append(messages, &rejected).ValueOrDie(), messages.size());
  // Texts, their offsets, and a value and a null a row.
  EXPECT_GE(pool.bytes_allocated(), 1'000 * (100 + 4 + 4 + 8));
  ASSERT_TRUE(decoder->Finish().ok());
  EXPECT_LT(pool.bytes_allocated(), 1'000);
}

TEST(MessageDecoder, RowsAreInTheTablesForm) {
  const auto schema = SchemaOf(MessageFields());
  const auto decoder = MessageDecoder::Make(schema, {}, TestPool()).ValueOrDie();
  EXPECT_TRUE(
      decoder->Finish().ValueOrDie()->schema()->Equals(*ToArrowSchema(*schema).ValueOrDie()));
}

std::vector<Message> Payloads(const std::vector<std::string_view>& payloads) {
  std::vector<Message> messages;
  for (const std::string_view payload : payloads) messages.push_back(PayloadMessage(payload));
  return messages;
}

TEST(MessageDecoder, StopsWhereOtherColumnsAreNeeded) {
  const auto decoder =
      MakeDecoder({OptionalField("v", Type::Int())}, {.evolution = SchemaEvolution::kWiden});
  std::vector<RejectedMessage> rejected;
  const std::vector<Message> messages =
      Payloads({R"({"v":1,"n":null,"e":[]})", R"({"v":2,"w":"x"})", R"({"v":"poison","y":1})",
                R"({"v":3000000000})", R"({"z":{"a":1}})"});
  ASSERT_EQ(decoder->Append(messages, &rejected).ValueOrDie(), 1U);
  EXPECT_TRUE(rejected.empty());
  const std::vector<NestedField> wanted = decoder->wanted_fields();
  EXPECT_EQ(Type::Struct(wanted).ToString(),
            "struct<1: v: optional long, 0: w: optional string, 0: z: optional struct<0: a: "
            "optional long>>");
  EXPECT_EQ(decoder->Append(std::span(messages).subspan(1), &rejected).ValueOrDie(), 0U);
  EXPECT_THAT(RowsOf(*decoder->Finish().ValueOrDie()), ElementsAre(R"({"v":1})"));

  const auto wider = MakeDecoder(wanted, {.evolution = SchemaEvolution::kWiden});
  EXPECT_THAT(
      Outcomes(wider.get(), {messages.begin() + 1, messages.end()}),
      ElementsAre(R"({"v":2,"w":"x","z":null})", StartsWith("SchemaMismatch: "),
                  R"({"v":3000000000,"w":null,"z":null})", R"({"v":null,"w":null,"z":{"a":1}})"));
  EXPECT_TRUE(wider->wanted_fields().empty());
}

TEST(MessageDecoder, PoisonChangesNoColumns) {
  const auto decoder = MakeDecoder(
      {OptionalField("v", Type::Int()), OptionalField("key", Type::String())},
      {.message_columns = {{MessagePart::kKey, "key"}}, .evolution = SchemaEvolution::kAddColumns});
  EXPECT_THAT(
      Outcomes(decoder.get(),
               Payloads({R"({"v":"x","w":1})", R"({"w":[1,"x"]})", R"({"v":3000000000})",
                         R"({"":1})", R"({"w":99999999999999999999})", R"({"key":1,"v":2})"})),
      ElementsAre(
          StartsWith("SchemaMismatch: "), "SchemaMismatch: the table has no column for a field: w",
          StartsWith("SchemaMismatch: value can't be kept exactly"),
          "SchemaMismatch: the table has no column for a field: ",
          "SchemaMismatch: the table has no column for a field: w", R"({"v":2,"key":null})"));
  EXPECT_TRUE(decoder->wanted_fields().empty());
}

TEST(MessageDecoder, ColumnsAreNotAddedWithoutEnd) {
  const auto decoder =
      MakeDecoder({OptionalField("v", Type::Int())}, {.evolution = SchemaEvolution::kAddColumns});
  std::string payload = "{\"v\":1";
  for (int i = 0; i < 2'000; ++i) payload += ",\"k" + std::to_string(i) + "\":1";
  payload += "}";
  EXPECT_THAT(Outcomes(decoder.get(), {PayloadMessage(payload)}),
              ElementsAre(StartsWith("SchemaMismatch: the table has no column")));
}

}  // namespace
}  // namespace iceframe
