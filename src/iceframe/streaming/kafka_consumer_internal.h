// SPDX-License-Identifier: Apache-2.0
// A member of a consumer group that reads one topic, over librdkafka.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/streaming/kafka_config.h"
#include "iceframe/streaming/kafka_fetch_watch_internal.h"
#include "iceframe/streaming/kafka_library_internal.h"
#include "iceframe/streaming/kafka_offsets.h"

namespace iceframe::internal {

/// The offsets of a partition's first message that is kept and of the one that comes next.
struct Watermarks {
  int64_t low = 0;
  int64_t high = 0;
};

struct MessageDeleter {
  const KafkaLibrary* library;
  void operator()(rd_kafka_message_t* message) const { library->message_destroy(message); }
};
/// A message as librdkafka holds it; to be dropped before its consumer.
using KafkaMessage = std::unique_ptr<rd_kafka_message_t, MessageDeleter>;

/// Told of what the group gives to this member and takes from it; called by Poll, on its thread.
class AssignmentListener {
 public:
  virtual ~AssignmentListener() = default;
  /// Returns where to begin in each of the partitions that are now this member's, beside those it
  /// has. An error comes out of Poll, and nothing is read from them.
  virtual Result<PartitionOffsets> OnAssigned(const std::vector<int32_t>& partitions) = 0;
  /// The partitions are about to be another member's; `are_lost`: they are already.
  virtual void OnRevoked(const std::vector<int32_t>& partitions, bool are_lost) = 0;
};

/// Reads messages of a topic's partitions, as the group gives them. Used by one thread at a time.
class KafkaConsumer {
 public:
  /// Connects, and joins the group `config.client` names. `listener` must outlive it. Errors:
  /// InvalidArgument for a configuration that librdkafka refuses; Unavailable if no broker answers
  /// in time; NotFound for a topic that is not there; Unauthorized; Unsupported without librdkafka.
  static Result<std::unique_ptr<KafkaConsumer>> Make(const OperationContext& context,
                                                     const Properties& config,
                                                     const std::string& topic,
                                                     AssignmentListener* listener);
  /// Leaves without saying good-bye, unless Close did.
  ~KafkaConsumer();
  KafkaConsumer(const KafkaConsumer&) = delete;
  KafkaConsumer& operator=(const KafkaConsumer&) = delete;

  /// Returns the next message, or nullptr if none came within `timeout`. Serves the group, too: it
  /// is to be called more often than max.poll.interval.ms. Errors: NotFound for messages or a topic
  /// that are gone; Unauthorized; Unavailable for what does not mend itself; those of the listener.
  Result<KafkaMessage> Poll(std::chrono::milliseconds timeout);

  /// Has the next messages of these partitions be those from the offsets on.
  Status Seek(const PartitionOffsets& offsets);
  /// Stops the flow of messages from the assigned partitions, and lets it go on.
  void Pause();
  void Resume();

  /// The topic's partitions. Errors: Unavailable; NotFound.
  Result<std::vector<int32_t>> ListPartitions(const OperationContext& context);
  /// Asks the broker. Errors: Unavailable; Timeout.
  Result<Watermarks> QueryWatermarks(const OperationContext& context, int32_t partition);
  /// The end of the partition as the last answers told; nullopt: not told yet.
  std::optional<int64_t> KnownEnd(int32_t partition) const;
  /// Where the partition was read to its end, transactions' marks passed over; nullopt: it was not
  /// since the last message.
  std::optional<int64_t> EndReached(int32_t partition) const;

  /// Returns how many messages wait for Poll if fetching seems to have stopped; nullopt: it goes
  /// on.
  std::optional<int64_t> FindStoppedFetching();
  /// Has messages of that partition's broker fetched at once.
  void WakeFetching(int32_t partition) const;

  /// Tells the group's coordinator how far the table is: for lag tools, nothing rests on it.
  void PublishOffsets(const PartitionOffsets& offsets) const;

  /// Leaves the group, waiting at most `timeout` for the broker's answer.
  void Close(std::chrono::milliseconds timeout);

  const KafkaLibrary& library() const { return library_; }
  /// The headers, timestamp and so on of a message are asked of the library.
  const std::string& topic() const { return topic_; }
  /// What went wrong last and mends itself, such as a broker that is away; empty: nothing.
  const std::string& trouble() const { return trouble_; }

 private:
  KafkaConsumer(const OperationContext& context, const KafkaLibrary& library, std::string topic,
                AssignmentListener* listener);

  static void OnRebalance(rd_kafka_t* client, rd_kafka_resp_err_t error,
                          rd_kafka_topic_partition_list_t* partitions, void* opaque);
  static void OnError(rd_kafka_t* client, int error, const char* reason, void* opaque);
  static void OnLog(const rd_kafka_t* client, int level, const char* facility, const char* line);

  void Leave(std::chrono::steady_clock::time_point until);
  Status Connect(const OperationContext& context, const Properties& config);
  /// Returns whether the library can be told to look soon whether a full queue has room again.
  bool SetQueueBackoff(const Properties& config, rd_kafka_conf_t* conf) const;
  Status Subscribe();
  /// Waits at most so many milliseconds for the broker.
  using AskBroker = std::function<rd_kafka_resp_err_t(int timeout_ms)>;
  /// Calls `ask` until it is answered, within a time; returns its last error.
  Result<rd_kafka_resp_err_t> Ask(const OperationContext& context, const AskBroker& ask);
  void Assign(rd_kafka_topic_partition_list_t* partitions);
  void Unassign(rd_kafka_topic_partition_list_t* partitions);
  bool IsCooperative() const;
  Status TakeMessageError(const rd_kafka_message_t& message);

  const KafkaLibrary& library_;
  const std::string topic_;
  AssignmentListener* const listener_;
  const std::shared_ptr<LogSink> log_;
  rd_kafka_t* client_ = nullptr;
  /// Where messages wait; nullptr where the library goes on fetching by itself.
  rd_kafka_queue_t* queue_ = nullptr;
  FetchWatch fetch_watch_;
  bool is_subscribed_ = false;
  bool is_closed_ = false;
  bool is_closing_ = false;
  std::string servers_;
  std::string trouble_;
  PartitionOffsets ends_reached_;
  /// What a callback found, for the call of Poll that it came with.
  Status callback_status_;
};

}  // namespace iceframe::internal
