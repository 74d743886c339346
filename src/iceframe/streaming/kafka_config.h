// SPDX-License-Identifier: Apache-2.0
// The configuration of a Kafka consumer, in kafka-python's spelling or librdkafka's.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"

namespace iceframe {

/// Where a stream begins in partitions of which the table has no position.
enum class KafkaStart : uint8_t { kEarliest, kLatest };

/// A configuration in librdkafka's words, and what of it is ours to do.
struct KafkaConfig {
  /// librdkafka's keys, those that exactly-once needs among them.
  Properties client;
  std::string group_id;
  KafkaStart start = KafkaStart::kEarliest;
  /// kafka-python's consumer_timeout_ms: the stream ends when no message came for so long.
  std::optional<std::chrono::milliseconds> idle_timeout;
};

/// Translates `given`, whose keys may be of both spellings ("bootstrap_servers",
/// "bootstrap.servers") in one; values are texts, lists joined by commas.
///
/// What exactly-once rests on is set here: nothing is committed to Kafka by itself, offsets are
/// never reset silently, and aborted transactions are not read unless isolation_level says so.
/// Keys that only say how kafka-python works inside are taken and have no effect (docs/kafka.md).
///
/// Errors: InvalidArgument naming the key: unknown (with the nearest one), given in both spellings,
/// a value that can't be meant, or something that only kafka-python can do; no bootstrap servers.
Result<KafkaConfig> TranslateKafkaConfig(const Properties& given);

}  // namespace iceframe
