// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/kafka_config.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "iceframe/base/nearest_name.h"
#include "iceframe/runtime/settings.h"

namespace iceframe {

namespace {

/// What becomes of a key of kafka-python's.
enum class Meaning : uint8_t {
  /// librdkafka has it under the other name.
  kRenamed,
  /// The same, true and false being "https" and "none".
  kHostCheck,
  /// The same, but librdkafka's greatest value is five minutes.
  kAtMostFiveMinutes,
  /// This file's.
  kOurs,
  /// How kafka-python works inside, or what the table makes needless: taken, without effect.
  kNoEffect,
  /// Python code, which librdkafka can't call.
  kRefused,
};

struct KnownKey {
  std::string_view name;
  Meaning meaning;
  /// librdkafka's name; of what is refused, what to do in its place.
  std::string_view target;
};

constexpr std::string_view kDecode =
    "messages are decoded by the engine; say format='json' or another";
constexpr auto kKnownKeys = std::to_array<KnownKey>({
    {"allow_auto_create_topics", Meaning::kRenamed, "allow.auto.create.topics"},
    {"api_version", Meaning::kNoEffect, ""},
    {"api_version_auto_timeout_ms", Meaning::kNoEffect, ""},
    {"auto_commit_interval_ms", Meaning::kNoEffect, ""},
    {"auto_offset_reset", Meaning::kOurs, "auto.offset.reset"},
    {"bootstrap_servers", Meaning::kRenamed, "bootstrap.servers"},
    {"bootstrap_timeout_ms", Meaning::kNoEffect, ""},
    {"check_crcs", Meaning::kRenamed, "check.crcs"},
    {"client_dns_lookup", Meaning::kRenamed, "client.dns.lookup"},
    {"client_id", Meaning::kRenamed, "client.id"},
    {"client_rack", Meaning::kRenamed, "client.rack"},
    {"connections_max_idle_ms", Meaning::kRenamed, "connections.max.idle.ms"},
    {"consumer_timeout_ms", Meaning::kOurs, "consumer_timeout_ms"},
    {"default_offset_commit_callback", Meaning::kRefused, "positions are kept in the table"},
    {"enable_auto_commit", Meaning::kNoEffect, ""},
    {"enable_incremental_fetch_sessions", Meaning::kNoEffect, ""},
    {"exclude_internal_topics", Meaning::kNoEffect, ""},
    {"fetch_max_bytes", Meaning::kRenamed, "fetch.max.bytes"},
    {"fetch_max_wait_ms", Meaning::kRenamed, "fetch.wait.max.ms"},
    {"fetch_min_bytes", Meaning::kRenamed, "fetch.min.bytes"},
    {"group_id", Meaning::kRenamed, "group.id"},
    {"group_instance_id", Meaning::kRenamed, "group.instance.id"},
    {"heartbeat_interval_ms", Meaning::kRenamed, "heartbeat.interval.ms"},
    {"isolation_level", Meaning::kRenamed, "isolation.level"},
    {"kafka_client", Meaning::kRefused, "the engine has a client of its own"},
    {"key_deserializer", Meaning::kRefused, kDecode},
    {"max_in_flight_requests_per_connection", Meaning::kRenamed,
     "max.in.flight.requests.per.connection"},
    {"max_partition_fetch_bytes", Meaning::kRenamed, "max.partition.fetch.bytes"},
    {"max_poll_interval_ms", Meaning::kRenamed, "max.poll.interval.ms"},
    {"max_poll_records", Meaning::kNoEffect, ""},
    {"metadata_max_age_ms", Meaning::kRenamed, "topic.metadata.refresh.interval.ms"},
    {"metric_group_prefix", Meaning::kNoEffect, ""},
    {"metric_reporters", Meaning::kRefused, "the stream's stats() tell of it"},
    {"metrics_enabled", Meaning::kNoEffect, ""},
    {"metrics_num_samples", Meaning::kNoEffect, ""},
    {"metrics_sample_window_ms", Meaning::kNoEffect, ""},
    {"partition_assignment_strategy", Meaning::kRefused,
     "partition.assignment.strategy takes librdkafka's names, such as 'cooperative-sticky'"},
    {"proxy_url", Meaning::kRefused, "librdkafka knows no proxies"},
    {"receive_buffer_bytes", Meaning::kRenamed, "socket.receive.buffer.bytes"},
    {"receive_message_max_bytes", Meaning::kRenamed, "receive.message.max.bytes"},
    {"reconnect_backoff_max_ms", Meaning::kRenamed, "reconnect.backoff.max.ms"},
    {"reconnect_backoff_ms", Meaning::kRenamed, "reconnect.backoff.ms"},
    {"request_timeout_ms", Meaning::kAtMostFiveMinutes, "socket.timeout.ms"},
    {"retry_backoff_ms", Meaning::kRenamed, "retry.backoff.ms"},
    {"sasl_kerberos_domain_name", Meaning::kRefused, "librdkafka takes it from the brokers' names"},
    {"sasl_kerberos_name", Meaning::kRefused, "sasl.kerberos.principal names the client"},
    {"sasl_kerberos_service_name", Meaning::kRenamed, "sasl.kerberos.service.name"},
    {"sasl_mechanism", Meaning::kRenamed, "sasl.mechanism"},
    {"sasl_oauth_token_provider", Meaning::kRefused,
     "the keys sasl.oauthbearer.… say where tokens come from"},
    {"sasl_plain_password", Meaning::kRenamed, "sasl.password"},
    {"sasl_plain_username", Meaning::kRenamed, "sasl.username"},
    {"security_protocol", Meaning::kRenamed, "security.protocol"},
    {"selector", Meaning::kRefused, "the engine has a client of its own"},
    {"send_buffer_bytes", Meaning::kRenamed, "socket.send.buffer.bytes"},
    {"session_timeout_ms", Meaning::kRenamed, "session.timeout.ms"},
    {"socket_options", Meaning::kRefused, "the keys socket.… set what can be set"},
    {"socks5_proxy", Meaning::kRefused, "librdkafka knows no proxies"},
    {"ssl_cafile", Meaning::kRenamed, "ssl.ca.location"},
    {"ssl_certfile", Meaning::kRenamed, "ssl.certificate.location"},
    {"ssl_check_hostname", Meaning::kHostCheck, "ssl.endpoint.identification.algorithm"},
    {"ssl_ciphers", Meaning::kRenamed, "ssl.cipher.suites"},
    {"ssl_context", Meaning::kRefused, "ssl_cafile, ssl_certfile and ssl_keyfile name files"},
    {"ssl_crlfile", Meaning::kRenamed, "ssl.crl.location"},
    {"ssl_keyfile", Meaning::kRenamed, "ssl.key.location"},
    {"ssl_password", Meaning::kRenamed, "ssl.key.password"},
    {"value_deserializer", Meaning::kRefused, kDecode},
});

/// Keys of librdkafka's that are the stream's to set.
constexpr auto kOwnKeys = std::to_array<KnownKey>({
    {"auto.commit.enable", Meaning::kNoEffect, ""},
    {"auto.commit.interval.ms", Meaning::kNoEffect, ""},
    {"auto.offset.reset", Meaning::kOurs, "auto.offset.reset"},
    {"enable.auto.commit", Meaning::kNoEffect, ""},
    {"enable.auto.offset.store", Meaning::kNoEffect, ""},
    {"enable.partition.eof", Meaning::kNoEffect, ""},
    {"plugin.library.paths", Meaning::kRefused, "code from other files is not loaded"},
});

const KnownKey* FindKey(std::string_view name) {
  for (const KnownKey& key : kKnownKeys) {
    if (key.name == name) return &key;
  }
  for (const KnownKey& key : kOwnKeys) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

Status UnknownKey(std::string_view name) {
  std::vector<std::string_view> names;
  for (const KnownKey& key : kKnownKeys) names.push_back(key.name);
  return Error(ErrorKind::kInvalidArgument, "unknown key in the Kafka configuration: ", name,
               "; did you mean ", NearestName(name, names), "?");
}

Status BadValue(std::string_view name, std::string_view value, std::string_view wanted) {
  return Error(ErrorKind::kInvalidArgument, "the Kafka configuration's ", name, " must be ", wanted,
               ", got '", value, "'");
}

class Translation {
 public:
  Status Add(const std::string& name, const std::string& value) {
    const KnownKey* key = FindKey(name);
    if (key == nullptr) {
      // Of the names with dots, librdkafka itself knows best which there are.
      if (name.find('.') == std::string::npos) return UnknownKey(name);
      return Set(name, name, value);
    }
    switch (key->meaning) {
      case Meaning::kRenamed:
        return Set(name, key->target, value);
      case Meaning::kHostCheck:
        return AddHostCheck(name, key->target, value);
      case Meaning::kAtMostFiveMinutes:
        return AddTimeout(name, key->target, value);
      case Meaning::kOurs:
        return key->target == "auto.offset.reset" ? AddStart(name, value) : AddIdle(name, value);
      case Meaning::kNoEffect:
        return Status::OK();
      case Meaning::kRefused:
        break;
    }
    return Error(ErrorKind::kInvalidArgument, "the Kafka configuration's ", name,
                 " can't be used: ", key->target);
  }

  Result<KafkaConfig> Finish() {
    Properties& client = config_.client;
    if (client["bootstrap.servers"].empty()) {
      return Error(ErrorKind::kInvalidArgument,
                   "the Kafka configuration names no servers: give bootstrap_servers, for example "
                   "'localhost:9092'");
    }
    client.emplace("isolation.level", "read_committed");
    client.emplace("partition.assignment.strategy", "cooperative-sticky");
    client.emplace("client.id", "iceframe");
    client["enable.auto.commit"] = "false";
    client["enable.auto.offset.store"] = "false";
    client["auto.offset.reset"] = "error";
    client["enable.partition.eof"] = "true";
    if (auto group = client.find("group.id"); group != client.end()) {
      config_.group_id = group->second;
    }
    return std::move(config_);
  }

 private:
  Status Set(const std::string& name, std::string_view target, const std::string& value) {
    const auto [entry, is_new] = config_.client.emplace(target, value);
    if (is_new) return Status::OK();
    return Error(ErrorKind::kInvalidArgument,
                 "the Kafka configuration has the same thing twice: ", name, " and ", target);
  }

  Status AddHostCheck(const std::string& name, std::string_view target, const std::string& value) {
    const Result<bool> is_checked = ParseBool(value);
    if (!is_checked.ok()) return BadValue(name, value, "true or false");
    return Set(name, target, *is_checked ? "https" : "none");
  }

  Status AddTimeout(const std::string& name, std::string_view target, const std::string& value) {
    const Result<int64_t> milliseconds = ParseInteger(value);
    if (!milliseconds.ok()) return BadValue(name, value, "a number of milliseconds");
    return Set(name, target, std::to_string(std::min<int64_t>(*milliseconds, 300'000)));
  }

  Status AddIdle(const std::string& name, const std::string& value) {
    // kafka-python's default, which waits for ever.
    if (value == "inf") return Status::OK();
    const Result<int64_t> milliseconds = ParseInteger(value);
    if (!milliseconds.ok() || *milliseconds < 0) {
      return BadValue(name, value, "a number of milliseconds");
    }
    config_.idle_timeout = std::chrono::milliseconds(*milliseconds);
    return Status::OK();
  }

  Status AddStart(const std::string& name, const std::string& value) {
    if (value == "earliest" || value == "smallest" || value == "beginning") {
      config_.start = KafkaStart::kEarliest;
    } else if (value == "latest" || value == "largest" || value == "end") {
      config_.start = KafkaStart::kLatest;
    } else {
      return BadValue(name, value, "'earliest' or 'latest'");
    }
    return Status::OK();
  }

  KafkaConfig config_;
};

}  // namespace

Result<KafkaConfig> TranslateKafkaConfig(const Properties& given) {
  Translation translation;
  for (const auto& [name, value] : given) {
    ICEFRAME_RETURN_NOT_OK(translation.Add(name, value));
  }
  return translation.Finish();
}

}  // namespace iceframe
