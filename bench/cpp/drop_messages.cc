// SPDX-License-Identifier: Apache-2.0
// iceframe_drop_messages BROKERS TOPIC COUNT: how fast librdkafka alone gets a topic's messages.
// Prints the seconds from start to the last one, and the CPU seconds of the process.
#include <librdkafka/rdkafka.h>

#include <array>
#include <chrono>
#include <ctime>
#include <iostream>
#include <string>

namespace {

constexpr size_t kBatch = 1'000;
constexpr int kPollMs = 1'000;
constexpr int kPatienceMs = 60'000;

void Set(rd_kafka_conf_t* conf, const char* key, const char* value) {
  std::array<char, 512> reason = {};
  if (rd_kafka_conf_set(conf, key, value, reason.data(), reason.size()) == RD_KAFKA_CONF_OK) return;
  std::cerr << key << ": " << reason.data() << "\n";
}

rd_kafka_t* Subscribed(const char* brokers, const char* topic) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  Set(conf, "bootstrap.servers", brokers);
  Set(conf, "group.id", "drop-messages");
  Set(conf, "auto.offset.reset", "earliest");
  Set(conf, "enable.auto.commit", "false");
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, nullptr, 0);
  if (client == nullptr) return nullptr;
  rd_kafka_poll_set_consumer(client);
  rd_kafka_topic_partition_list_t* topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
  rd_kafka_subscribe(client, topics);
  rd_kafka_topic_partition_list_destroy(topics);
  return client;
}

/// Returns how many are missing in the end, because none came for a while.
long DropAll(rd_kafka_t* client, long count) {
  rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(client);
  std::array<rd_kafka_message_t*, kBatch> messages = {};
  for (int waited_ms = 0; count > 0 && waited_ms < kPatienceMs;) {
    const ssize_t got = rd_kafka_consume_batch_queue(queue, kPollMs, messages.data(), kBatch);
    waited_ms = got > 0 ? 0 : waited_ms + kPollMs;
    for (ssize_t i = 0; i < got; ++i) {
      rd_kafka_message_t* message = messages[static_cast<size_t>(i)];
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) --count;
      rd_kafka_message_destroy(message);
    }
  }
  rd_kafka_queue_destroy(queue);
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: iceframe_drop_messages BROKERS TOPIC COUNT\n";
    return 2;
  }
  const auto begun_at = std::chrono::steady_clock::now();
  rd_kafka_t* client = Subscribed(argv[1], argv[2]);
  if (client == nullptr) return 1;
  const long missing = DropAll(client, std::stol(argv[3]));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun_at;
  std::cout << took.count() << " " << static_cast<double>(std::clock()) / CLOCKS_PER_SEC << "\n";
  rd_kafka_consumer_close(client);
  rd_kafka_destroy(client);
  return missing <= 0 ? 0 : 1;
}
