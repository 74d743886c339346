// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "iceframe/base/secret.h"
#include "iceframe/streaming/kafka_consumer_internal.h"
#include "iceframe/streaming/kafka_errors_internal.h"

namespace iceframe::internal {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::string_view kConsumerComponent = "kafka";
/// How long the first answer of a broker, and any later one, may take.
constexpr milliseconds kConnectTimeout{15'000};
/// A call that waits is made anew so often, to see whether it is still wanted.
constexpr milliseconds kSlice{100};
constexpr milliseconds kLongestSlice{400};
/// How soon a full queue is looked at again, of librdkafka 2.2 on.
constexpr const char* kQueueBackoffKey = "fetch.queue.backoff.ms";
constexpr const char* kQueueBackoff = "10";
/// How long the answer that wakes fetching may hold up the stream.
constexpr milliseconds kWakeTimeout{50};

class PartitionList {
 public:
  PartitionList(const KafkaLibrary& library, int size)
      : library_(library), list_(library.topic_partition_list_new(size)) {}
  ~PartitionList() { library_.topic_partition_list_destroy(list_); }
  PartitionList(const PartitionList&) = delete;
  PartitionList& operator=(const PartitionList&) = delete;

  void Add(const std::string& topic, const PartitionOffsets& offsets) {
    for (const auto& [partition, offset] : offsets) {
      library_.topic_partition_list_add(list_, topic.c_str(), partition)->offset = offset;
    }
  }
  rd_kafka_topic_partition_list_t* get() const { return list_; }

 private:
  const KafkaLibrary& library_;
  rd_kafka_topic_partition_list_t* list_;
};

std::vector<int32_t> NumbersOf(const rd_kafka_topic_partition_list_t* list) {
  std::vector<int32_t> numbers;
  for (int i = 0; list != nullptr && i < list->cnt; ++i)
    numbers.push_back(list->elems[i].partition);
  return numbers;
}

LogLevel LevelOf(int syslog_level) {
  if (syslog_level <= 3) return LogLevel::kError;
  if (syslog_level == 4) return LogLevel::kWarning;
  return syslog_level <= 6 ? LogLevel::kInfo : LogLevel::kDebug;
}

Status SetAll(const KafkaLibrary& library, const Properties& config, rd_kafka_conf_t* conf) {
  for (const auto& [name, value] : config) {
    std::array<char, 512> reason = {};
    const auto result =
        library.conf_set(conf, name.c_str(), value.c_str(), reason.data(), reason.size());
    if (result == RD_KAFKA_CONF_OK) continue;
    return Error(ErrorKind::kInvalidArgument, "the Kafka configuration's ", name,
                 " is refused: ", IsSecretKey(name) ? "its value can't be used" : reason.data());
  }
  return Status::OK();
}

}  // namespace

KafkaConsumer::KafkaConsumer(const OperationContext& context, const KafkaLibrary& library,
                             std::string topic, AssignmentListener* listener)
    : library_(library), topic_(std::move(topic)), listener_(listener), log_(context.log) {}

Result<std::unique_ptr<KafkaConsumer>> KafkaConsumer::Make(const OperationContext& context,
                                                           const Properties& config,
                                                           const std::string& topic,
                                                           AssignmentListener* listener) {
  ICEFRAME_ASSIGN_OR_RETURN(const KafkaLibrary* library, KafkaLibrary::Load());
  std::unique_ptr<KafkaConsumer> consumer(new KafkaConsumer(context, *library, topic, listener));
  ICEFRAME_RETURN_NOT_OK(consumer->Connect(context, config));
  ICEFRAME_RETURN_NOT_OK(consumer->Subscribe());
  return consumer;
}

KafkaConsumer::~KafkaConsumer() {
  if (client_ == nullptr) return;
  is_closing_ = true;
  if (queue_ != nullptr) library_.queue_destroy(queue_);
  library_.destroy_flags(client_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

Status KafkaConsumer::Connect(const OperationContext& context, const Properties& config) {
  if (auto servers = config.find("bootstrap.servers"); servers != config.end()) {
    servers_ = servers->second;
  }
  rd_kafka_conf_t* conf = library_.conf_new();
  Status status = SetAll(library_, config, conf);
  if (!status.ok()) {
    library_.conf_destroy(conf);
    return status;
  }
  const bool keeps_fetching = SetQueueBackoff(config, conf);
  library_.conf_set_opaque(conf, this);
  library_.conf_set_rebalance_cb(conf, &OnRebalance);
  library_.conf_set_error_cb(conf, &OnError);
  library_.conf_set_log_cb(conf, &OnLog);
  std::array<char, 512> reason = {};
  client_ = library_.new_client(RD_KAFKA_CONSUMER, conf, reason.data(), reason.size());
  if (client_ == nullptr) {
    library_.conf_destroy(conf);
    return Error(ErrorKind::kInvalidArgument,
                 "the Kafka configuration can't be used: ", reason.data());
  }
  library_.poll_set_consumer(client_);
  if (!keeps_fetching) queue_ = library_.queue_get_consumer(client_);
  return ListPartitions(context).status();
}

bool KafkaConsumer::SetQueueBackoff(const Properties& config, rd_kafka_conf_t* conf) const {
  // Taken already.
  if (config.contains(kQueueBackoffKey)) return true;
  return library_.conf_set(conf, kQueueBackoffKey, kQueueBackoff, nullptr, 0) == RD_KAFKA_CONF_OK;
}

Result<rd_kafka_resp_err_t> KafkaConsumer::Ask(const OperationContext& context,
                                               const AskBroker& ask) {
  const auto until = steady_clock::now() + kConnectTimeout;
  // A slow broker gets more time with each call.
  for (auto slice = kSlice;; slice = std::min(slice * 2, kLongestSlice)) {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    const rd_kafka_resp_err_t error = ask(static_cast<int>(slice.count()));
    if (!IsPassing(error) || steady_clock::now() >= until) return error;
    if (error != RD_KAFKA_RESP_ERR__TIMED_OUT) ICEFRAME_RETURN_NOT_OK(context.Sleep(kSlice));
    if (is_subscribed_) continue;
    // Nothing but the client's own events can come yet: why nobody answers.
    const KafkaMessage event(library_.consumer_poll(client_, 0), MessageDeleter{&library_});
    if (!callback_status_.ok()) return std::exchange(callback_status_, Status::OK());
  }
}

Status KafkaConsumer::Subscribe() {
  const PartitionList topics(library_, 1);
  library_.topic_partition_list_add(topics.get(), topic_.c_str(), RD_KAFKA_PARTITION_UA);
  is_subscribed_ = true;
  return KafkaError(library_, library_.subscribe(client_, topics.get()), topic_);
}

Result<std::vector<int32_t>> KafkaConsumer::ListPartitions(const OperationContext& context) {
  rd_kafka_topic_t* topic = library_.topic_new(client_, topic_.c_str(), nullptr);
  if (topic == nullptr) {
    return Error(ErrorKind::kInvalidArgument, "this can't be a topic's name: ", topic_);
  }
  std::vector<int32_t> partitions;
  auto asked = Ask(context, [&](int timeout_ms) {
    partitions.clear();
    const rd_kafka_metadata_t* metadata = nullptr;
    rd_kafka_resp_err_t error = library_.metadata(client_, 0, topic, &metadata, timeout_ms);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
    if (metadata->topic_cnt == 1) {
      error = metadata->topics[0].err;
      for (int i = 0; i < metadata->topics[0].partition_cnt; ++i) {
        partitions.push_back(metadata->topics[0].partitions[i].id);
      }
    }
    library_.metadata_destroy(metadata);
    return error;
  });
  library_.topic_destroy(topic);
  ICEFRAME_ASSIGN_OR_RETURN(const rd_kafka_resp_err_t error, std::move(asked));
  if (IsPassing(error)) {
    return Error(ErrorKind::kUnavailable, "no Kafka broker answered at ", RedactUri(servers_), ": ",
                 trouble_.empty() ? library_.err2str(error) : trouble_);
  }
  ICEFRAME_RETURN_NOT_OK(KafkaError(library_, error, topic_));
  std::sort(partitions.begin(), partitions.end());
  return partitions;
}

Result<Watermarks> KafkaConsumer::QueryWatermarks(const OperationContext& context,
                                                  int32_t partition) {
  Watermarks marks;
  ICEFRAME_ASSIGN_OR_RETURN(const rd_kafka_resp_err_t error, Ask(context, [&](int timeout_ms) {
                              return library_.query_watermark_offsets(client_, topic_.c_str(),
                                                                      partition, &marks.low,
                                                                      &marks.high, timeout_ms);
                            }));
  ICEFRAME_RETURN_NOT_OK(KafkaError(library_, error, topic_));
  return marks;
}

std::optional<int64_t> KafkaConsumer::KnownEnd(int32_t partition) const {
  int64_t low = 0;
  int64_t high = 0;
  const auto error =
      library_.get_watermark_offsets(client_, topic_.c_str(), partition, &low, &high);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR || high < 0) return std::nullopt;
  return high;
}

std::optional<int64_t> KafkaConsumer::EndReached(int32_t partition) const {
  auto end = ends_reached_.find(partition);
  if (end == ends_reached_.end()) return std::nullopt;
  return end->second;
}

Result<KafkaMessage> KafkaConsumer::Poll(milliseconds timeout) {
  KafkaMessage message(library_.consumer_poll(client_, static_cast<int>(timeout.count())),
                       MessageDeleter{&library_});
  if (!callback_status_.ok()) return std::exchange(callback_status_, Status::OK());
  if (message == nullptr) return message;
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (!ends_reached_.empty()) ends_reached_.erase(message->partition);
    trouble_.clear();
    return message;
  }
  ICEFRAME_RETURN_NOT_OK(TakeMessageError(*message));
  return KafkaMessage(nullptr, MessageDeleter{&library_});
}

Status KafkaConsumer::TakeMessageError(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    ends_reached_[message.partition] = message.offset;
    return Status::OK();
  }
  trouble_ = library_.message_errstr(&message);
  if (IsPassing(message.err)) return Status::OK();
  return WithContext(KafkaError(library_, message.err, trouble_), "topic", topic_);
}

Status KafkaConsumer::Seek(const PartitionOffsets& offsets) {
  if (offsets.empty()) return Status::OK();
  PartitionList list(library_, static_cast<int>(offsets.size()));
  list.Add(topic_, offsets);
  for (const auto& [partition, offset] : offsets) ends_reached_.erase(partition);
  rd_kafka_error_t* error =
      library_.seek_partitions(client_, list.get(), static_cast<int>(kConnectTimeout.count()));
  if (error != nullptr) {
    const std::string reason = library_.error_string(error);
    library_.error_destroy(error);
    return Error(ErrorKind::kUnavailable, "the stream could not go back in its topic: ", reason);
  }
  for (int i = 0; i < list.get()->cnt; ++i) {
    ICEFRAME_RETURN_NOT_OK(KafkaError(library_, list.get()->elems[i].err, "going back"));
  }
  return Status::OK();
}

void KafkaConsumer::Pause() {
  rd_kafka_topic_partition_list_t* list = nullptr;
  if (library_.assignment(client_, &list) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  (void)library_.pause_partitions(client_, list);
  library_.topic_partition_list_destroy(list);
}

void KafkaConsumer::Resume() {
  rd_kafka_topic_partition_list_t* list = nullptr;
  if (library_.assignment(client_, &list) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  (void)library_.resume_partitions(client_, list);
  library_.topic_partition_list_destroy(list);
}

std::optional<int64_t> KafkaConsumer::FindStoppedFetching() {
  if (queue_ == nullptr) return std::nullopt;
  const size_t num_queued = library_.queue_length(queue_);
  if (!fetch_watch_.IsRunningDry(num_queued)) return std::nullopt;
  return static_cast<int64_t>(num_queued);
}

void KafkaConsumer::WakeFetching(int32_t partition) const {
  int64_t low = 0;
  int64_t high = 0;
  // What it answers is no matter: that the thread of this broker hears of something is.
  (void)library_.query_watermark_offsets(client_, topic_.c_str(), partition, &low, &high,
                                         static_cast<int>(kWakeTimeout.count()));
}

void KafkaConsumer::PublishOffsets(const PartitionOffsets& offsets) const {
  PartitionList list(library_, static_cast<int>(offsets.size()));
  list.Add(topic_, offsets);
  // Not waited for: should it be lost, the next one tells the same and more.
  (void)library_.commit(client_, list.get(), /*async=*/1);
}

void KafkaConsumer::Close(milliseconds timeout) {
  if (client_ == nullptr || is_closed_) return;
  is_closing_ = true;
  const auto until = steady_clock::now() + timeout;
  Leave(until);
  rd_kafka_queue_t* queue = library_.queue_get_consumer(client_);
  rd_kafka_error_t* error = library_.consumer_close_queue(client_, queue);
  if (error != nullptr) {
    library_.error_destroy(error);
  } else {
    while (library_.consumer_closed(client_) == 0 && steady_clock::now() < until) {
      const KafkaMessage dropped(library_.consumer_poll(client_, 20), MessageDeleter{&library_});
    }
  }
  if (queue != nullptr) library_.queue_destroy(queue);
  is_closed_ = true;
}

void KafkaConsumer::Leave(steady_clock::time_point until) {
  // A member with a name of its own does not leave when it closes, and others would wait for it:
  // it does when it wants no topic any more.
  (void)library_.unsubscribe(client_);
  while (steady_clock::now() < until) {
    const KafkaMessage dropped(library_.consumer_poll(client_, 10), MessageDeleter{&library_});
    rd_kafka_topic_partition_list_t* list = nullptr;
    if (library_.assignment(client_, &list) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
    const bool has_left = list->cnt == 0;
    library_.topic_partition_list_destroy(list);
    if (has_left) return;
  }
}

bool KafkaConsumer::IsCooperative() const {
  const char* protocol = library_.rebalance_protocol(client_);
  return protocol != nullptr && std::string_view(protocol) == "COOPERATIVE";
}

void KafkaConsumer::OnRebalance(rd_kafka_t*, rd_kafka_resp_err_t error,
                                rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  auto* self = static_cast<KafkaConsumer*>(opaque);
  if (error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !self->is_closing_) {
    self->Assign(partitions);
  } else {
    self->Unassign(partitions);
  }
}

void KafkaConsumer::Assign(rd_kafka_topic_partition_list_t* partitions) {
  Result<PartitionOffsets> starts = listener_->OnAssigned(NumbersOf(partitions));
  if (!starts.ok()) {
    callback_status_ = starts.status();
    return;
  }
  PartitionList list(library_, static_cast<int>(starts->size()));
  list.Add(topic_, *starts);
  if (IsCooperative()) {
    rd_kafka_error_t* error = library_.incremental_assign(client_, list.get());
    if (error == nullptr) return;
    callback_status_ =
        Error(ErrorKind::kUnavailable,
              "the group's partitions can't be taken: ", library_.error_string(error));
    library_.error_destroy(error);
  } else {
    callback_status_ = KafkaError(library_, library_.assign(client_, list.get()), topic_);
  }
}

void KafkaConsumer::Unassign(rd_kafka_topic_partition_list_t* partitions) {
  const std::vector<int32_t> numbers = NumbersOf(partitions);
  if (!is_closing_) listener_->OnRevoked(numbers, library_.assignment_lost(client_) != 0);
  for (const int32_t number : numbers) ends_reached_.erase(number);
  if (!IsCooperative()) {
    (void)library_.assign(client_, nullptr);
    return;
  }
  rd_kafka_error_t* error = library_.incremental_unassign(client_, partitions);
  if (error != nullptr) library_.error_destroy(error);
}

void KafkaConsumer::OnError(rd_kafka_t* client, int error, const char* reason, void* opaque) {
  auto* self = static_cast<KafkaConsumer*>(opaque);
  auto code = static_cast<rd_kafka_resp_err_t>(error);
  std::array<char, 512> fatal = {};
  std::string text = reason == nullptr ? "" : reason;
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    code = self->library_.fatal_error(client, fatal.data(), fatal.size());
    text = fatal.data();
  }
  self->trouble_ = text;
  if (IsPassing(code) || self->is_closing_) return;
  self->callback_status_ = KafkaError(self->library_, code, text);
}

void KafkaConsumer::OnLog(const rd_kafka_t* client, int level, const char* facility,
                          const char* line) {
  // The library's own threads log, maybe before `new` came back: our object is all they need.
  const auto* self =
      static_cast<const KafkaConsumer*>(KafkaLibrary::Load().ValueUnsafe()->opaque(client));
  if (self == nullptr || self->log_ == nullptr) return;
  const LogLevel log_level = LevelOf(level);
  if (!self->log_->IsEnabled(log_level)) return;
  self->log_->Log(log_level, kConsumerComponent, std::string(facility) + ": " + line);
}

}  // namespace iceframe::internal
