// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/kafka_config.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace iceframe {
namespace {

using testing::HasSubstr;

Properties With(const std::string& key, const std::string& value) {
  return {{"bootstrap_servers", "localhost:9092"}, {key, value}};
}

std::string MessageOf(const Properties& given) {
  const auto config = TranslateKafkaConfig(given);
  EXPECT_EQ(KindOf(config.status()), ErrorKind::kInvalidArgument) << config.status();
  return config.status().message();
}

TEST(KafkaConfig, TakesBothSpellings) {
  const KafkaConfig config = TranslateKafkaConfig({{"bootstrap_servers", "a:1,b:2"},
                                                   {"group_id", "g"},
                                                   {"session_timeout_ms", "6000"},
                                                   {"security.protocol", "SASL_SSL"},
                                                   {"sasl_plain_username", "u"},
                                                   {"fetch.error.backoff.ms", "10"}})
                                 .ValueOrDie();
  EXPECT_EQ(config.client.at("bootstrap.servers"), "a:1,b:2");
  EXPECT_EQ(config.client.at("group.id"), "g");
  EXPECT_EQ(config.group_id, "g");
  EXPECT_EQ(config.client.at("session.timeout.ms"), "6000");
  EXPECT_EQ(config.client.at("security.protocol"), "SASL_SSL");
  EXPECT_EQ(config.client.at("sasl.username"), "u");
  EXPECT_EQ(config.client.at("fetch.error.backoff.ms"), "10");
}

TEST(KafkaConfig, SetsWhatExactlyOnceRestsOn) {
  Properties given = With("enable_auto_commit", "true");
  given.emplace("enable.auto.offset.store", "true");
  given.emplace("auto_offset_reset", "latest");
  const KafkaConfig config = TranslateKafkaConfig(given).ValueOrDie();
  EXPECT_EQ(config.client.at("enable.auto.commit"), "false");
  EXPECT_EQ(config.client.at("enable.auto.offset.store"), "false");
  EXPECT_EQ(config.client.at("auto.offset.reset"), "error");
  EXPECT_EQ(config.client.at("isolation.level"), "read_committed");
  EXPECT_EQ(config.client.at("partition.assignment.strategy"), "cooperative-sticky");
  EXPECT_EQ(config.start, KafkaStart::kLatest);
}

TEST(KafkaConfig, KeepsAnIsolationLevelThatIsAskedFor) {
  const auto config = TranslateKafkaConfig(With("isolation_level", "read_uncommitted"));
  EXPECT_EQ(config.ValueOrDie().client.at("isolation.level"), "read_uncommitted");
}

TEST(KafkaConfig, TranslatesValuesThatDiffer) {
  EXPECT_EQ(TranslateKafkaConfig(With("ssl_check_hostname", "False"))
                .ValueOrDie()
                .client.at("ssl.endpoint.identification.algorithm"),
            "none");
  EXPECT_EQ(TranslateKafkaConfig(With("request_timeout_ms", "305000"))
                .ValueOrDie()
                .client.at("socket.timeout.ms"),
            "300000");
  EXPECT_EQ(TranslateKafkaConfig(With("consumer_timeout_ms", "1500")).ValueOrDie().idle_timeout,
            std::chrono::milliseconds(1500));
  EXPECT_EQ(TranslateKafkaConfig(With("consumer_timeout_ms", "inf")).ValueOrDie().idle_timeout,
            std::nullopt);
}

TEST(KafkaConfig, TakesKeysThatHaveNoEffect) {
  const auto config = TranslateKafkaConfig(With("max_poll_records", "500"));
  EXPECT_EQ(config.ValueOrDie().client.count("max_poll_records"), 0);
}

TEST(KafkaConfig, RefusesByName) {
  EXPECT_THAT(MessageOf(With("groupid", "g")), HasSubstr("groupid; did you mean group_id?"));
  EXPECT_THAT(MessageOf(With("value_deserializer", "f")),
              HasSubstr("value_deserializer can't be used: messages are decoded by the engine"));
  EXPECT_THAT(MessageOf(With("plugin.library.paths", "x")), HasSubstr("plugin.library.paths"));
  EXPECT_THAT(MessageOf(With("bootstrap.servers", "other")), HasSubstr("same thing twice"));
  EXPECT_THAT(MessageOf(With("auto_offset_reset", "none")),
              HasSubstr("must be 'earliest' or 'latest', got 'none'"));
  EXPECT_THAT(MessageOf(With("consumer_timeout_ms", "-1")), HasSubstr("consumer_timeout_ms"));
  EXPECT_THAT(MessageOf({{"group_id", "g"}}), HasSubstr("names no servers"));
}

}  // namespace
}  // namespace iceframe
