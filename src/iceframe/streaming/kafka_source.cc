// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/kafka_source.h"

#include <atomic>
#include <utility>

#include "iceframe/net/ca_certificates.h"
#include "iceframe/streaming/auto_compaction_internal.h"
#include "iceframe/streaming/kafka_config.h"
#include "iceframe/streaming/kafka_stream_internal.h"
#include "iceframe/streaming/writer_slot.h"

namespace iceframe {

namespace {

constexpr std::string_view kDefaultStreamId = "kafka";
constexpr const char* kInstanceId = "group.instance.id";

/// A name by which the group knows this process's member again when it comes back after a crash,
/// so that it gets its partitions at once; each process of a machine has another one. nullptr where
/// there is no place to keep it.
std::unique_ptr<WriterSlot> TakeMemberSlot(const OperationContext& context, const Table& table) {
  const Result<std::string> folder = StateFolder(context);
  if (!folder.ok()) return nullptr;
  auto slot = WriterSlot::Take(*folder + ".members", table.metadata()->table_uuid, std::nullopt);
  if (slot.ok()) return std::move(slot).ValueUnsafe();
  context.Log(LogLevel::kInfo, "kafka",
              "a crashed stream will have to wait for its group: ", slot.status().message());
  return nullptr;
}

Status CheckPositive(std::string_view name, int64_t value) {
  if (value >= 1) return Status::OK();
  return Error(ErrorKind::kInvalidArgument, name, " must be at least 1, got ", value);
}

Status CheckOptions(const KafkaSourceOptions& options) {
  if (options.topic.empty()) {
    return Error(ErrorKind::kInvalidArgument, "a Kafka stream needs the name of its topic");
  }
  if (options.poison.action == OnPoison::kDeadLetter && options.dead_letter_table == nullptr) {
    return Error(ErrorKind::kInvalidArgument,
                 "messages that make no row are to go to a table, and none is given: name a "
                 "dead_letter_table");
  }
  ICEFRAME_RETURN_NOT_OK(CheckPositive("batch_size", options.batch_size));
  ICEFRAME_RETURN_NOT_OK(CheckPositive("max_batch_bytes", options.max_batch_bytes));
  ICEFRAME_RETURN_NOT_OK(CheckPositive("max_latency in milliseconds", options.max_latency.count()));
  ICEFRAME_RETURN_NOT_OK(
      CheckPositive("compact_every_n_commits", options.compact_every_n_commits.value_or(1)));
  return CheckPositive("max_messages", options.max_messages.value_or(1));
}

}  // namespace

class KafkaSource::Impl {
 public:
  Impl(OperationContext context, KafkaSourceOptions options, KafkaConfig config,
       std::shared_ptr<const Table> table, PositionKey key)
      : context_(std::move(context)),
        options_(std::move(options)),
        config_(std::move(config)),
        table_(std::move(table), key, options_.topic, options_.on_rollback) {
    if (options_.dead_letter_table == nullptr) return;
    letters_.emplace(options_.dead_letter_table, std::move(key), options_.topic,
                     options_.on_rollback);
  }

  Result<KafkaStreamReport> Run() {
    if (has_run_.exchange(true)) {
      return Error(ErrorKind::kInvalidArgument, "a Kafka source runs once; make another one");
    }
    KafkaConfig config = config_;
    std::unique_ptr<WriterSlot> member;
    if (!config.client.contains(kInstanceId)) {
      member = TakeMemberSlot(context_, *table_.table());
      if (member != nullptr) config.client[kInstanceId] = "iceframe-" + member->writer_id();
    }
    internal::KafkaStream stream(context_, options_, config, {table_, letters_}, &board_);
    const Status status = stream.Run();
    EndCompaction(status.ok() && !board_.is_stopped());
    ICEFRAME_RETURN_NOT_OK(status);
    return board_.Get();
  }

  Status EnableAutoCompaction(int64_t every_n_commits) {
    ICEFRAME_RETURN_NOT_OK(CheckPositive("every_n_commits", every_n_commits));
    OperationContext context = context_;
    // Cancelled by itself.
    context.cancel = CancelToken();
    context.deadline.reset();
    board_.SetCompaction(std::make_shared<internal::AutoCompaction>(
        std::move(context), every_n_commits, internal::CompactSmallFiles));
    return Status::OK();
  }

  void Stop() { board_.Stop(); }
  KafkaStreamReport report() const { return board_.Get(); }

 private:
  void EndCompaction(bool is_waited_for) {
    const auto compaction = board_.compaction();
    if (compaction == nullptr) return;
    if (is_waited_for) compaction->Finish(context_.cancel);
    compaction->Stop();
  }

  const OperationContext context_;
  const KafkaSourceOptions options_;
  const KafkaConfig config_;
  const internal::StreamTable table_;
  std::optional<internal::StreamTable> letters_;
  internal::StreamBoard board_;
  std::atomic<bool> has_run_ = false;
};

KafkaSource::KafkaSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
KafkaSource::~KafkaSource() = default;

Result<std::shared_ptr<KafkaSource>> KafkaSource::Make(const OperationContext& context,
                                                       std::shared_ptr<const Table> table,
                                                       KafkaSourceOptions options) {
  ICEFRAME_RETURN_NOT_OK(CheckOptions(options));
  ICEFRAME_ASSIGN_OR_RETURN(KafkaConfig config, TranslateKafkaConfig(options.config));
  if (options.idle_timeout) config.idle_timeout = options.idle_timeout;
  if (options.stream_id.empty()) {
    options.stream_id = config.group_id.empty() ? kDefaultStreamId : config.group_id;
  }
  if (config.group_id.empty()) {
    config.group_id = "iceframe." + table->metadata()->table_uuid + "." + options.stream_id;
    config.client["group.id"] = config.group_id;
  }
  if (const std::string file = FindCaCertificates(options.fallback_ca_file); !file.empty()) {
    config.client.emplace("ssl.ca.location", file);
  }
  ICEFRAME_ASSIGN_OR_RETURN(PositionKey key, PositionKey::OfStream(options.stream_id));
  ICEFRAME_RETURN_NOT_OK(
      MessageDecoder::Make(table->metadata()->current_schema(), options.decoder, context.pool())
          .status());
  ICEFRAME_RETURN_NOT_OK(
      PoisonMessages::Make(options.poison, options.stream_id, context.pool()).status());
  const std::optional<int64_t> compact_every = options.compact_every_n_commits;
  auto impl = std::make_unique<Impl>(context, std::move(options), std::move(config),
                                     std::move(table), std::move(key));
  if (compact_every) ICEFRAME_RETURN_NOT_OK(impl->EnableAutoCompaction(*compact_every));
  return std::shared_ptr<KafkaSource>(new KafkaSource(std::move(impl)));
}

Result<KafkaStreamReport> KafkaSource::Run() { return impl_->Run(); }
void KafkaSource::Stop() { impl_->Stop(); }
Status KafkaSource::EnableAutoCompaction(int64_t every_n_commits) {
  return impl_->EnableAutoCompaction(every_n_commits);
}
KafkaStreamReport KafkaSource::report() const { return impl_->report(); }

Result<std::string> DescribeKafkaLibrary() {
  ICEFRAME_ASSIGN_OR_RETURN(const internal::KafkaLibrary* library, internal::KafkaLibrary::Load());
  return std::string("librdkafka ") + library->version_str() + " at " + library->path;
}

}  // namespace iceframe
