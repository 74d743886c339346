// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/streaming/kafka_rows_internal.h"
#include "iceframe/table/schema_sync.h"
#include "iceframe/table/transaction.h"

namespace iceframe::internal {

namespace {

/// Messages are decoded when so many are held, or bytes of them.
constexpr size_t kMaxHeld = 1024;
constexpr int64_t kMaxHeldBytes = int64_t{4} << 20;
/// Rows go to their files when the decoder has so many, or bytes of messages.
constexpr int64_t kMaxDecodedRows = 1 << 16;
constexpr int64_t kMaxDecodedBytes = int64_t{16} << 20;

bool WantsHeaders(const MessageDecoderOptions& options) {
  return std::ranges::any_of(options.message_columns, [](const MessageColumn& column) {
    return column.part == MessagePart::kHeaders;
  });
}

}  // namespace

StreamRows::StreamRows(const OperationContext& context, const KafkaSourceOptions& options,
                       const StreamTable* letters, PoisonMessages poison)
    : context_(context),
      options_(options),
      letters_(letters),
      has_headers_(WantsHeaders(options.decoder)),
      poison_(std::move(poison)) {}

Result<std::unique_ptr<StreamRows>> StreamRows::Make(const OperationContext& context,
                                                     const KafkaSourceOptions& options,
                                                     const StreamTable* letters) {
  ICEFRAME_ASSIGN_OR_RETURN(
      PoisonMessages poison,
      PoisonMessages::Make(options.poison, options.stream_id, context.pool()));
  return std::unique_ptr<StreamRows>(new StreamRows(context, options, letters, std::move(poison)));
}

void StreamRows::Hold(KafkaMessage message) {
  held_bytes_ += static_cast<int64_t>(message->len + message->key_len);
  held_.push_back(std::move(message));
}

bool StreamRows::is_full() const {
  return held_.size() >= kMaxHeld || held_bytes_ >= kMaxHeldBytes;
}

void StreamRows::View(const KafkaLibrary& library, const KafkaMessage& held, Message* message) {
  if (held->payload != nullptr) {
    message->payload = std::string_view(static_cast<const char*>(held->payload), held->len);
  }
  if (held->key != nullptr) {
    message->key = std::string_view(static_cast<const char*>(held->key), held->key_len);
  }
  message->topic = options_.topic;
  message->partition = held->partition;
  message->offset = held->offset;
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const int64_t timestamp = library.message_timestamp(held.get(), &type);
  if (timestamp >= 0) message->timestamp_ms = timestamp;
  if (has_headers_) ViewHeaders(library, held, message);
}

void StreamRows::ViewHeaders(const KafkaLibrary& library, const KafkaMessage& held,
                             Message* message) {
  rd_kafka_headers_t* headers = nullptr;
  if (library.message_headers(held.get(), &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  std::vector<MessageHeader>& views = headers_.emplace_back();
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0;
       library.header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    MessageHeader& header = views.emplace_back();
    header.key = name;
    if (value != nullptr) header.value = std::string_view(static_cast<const char*>(value), size);
  }
  message->headers = views;
}

Status StreamRows::Decode(const KafkaLibrary& library, StreamTable* table, StreamBatch* batch) {
  if (held_.empty()) return Status::OK();
  ICEFRAME_RETURN_NOT_OK(EnsureDecoder(*table));
  std::vector<Message> messages(held_.size());
  headers_.clear();
  headers_.reserve(has_headers_ ? held_.size() : 0);
  for (size_t i = 0; i < held_.size(); ++i) View(library, held_[i], &messages[i]);
  ICEFRAME_RETURN_NOT_OK(Append(std::move(messages), table, batch));
  held_.clear();
  held_bytes_ = 0;
  return Status::OK();
}

Status StreamRows::EnsureDecoder(const StreamTable& table) {
  if (decoder_ != nullptr) return Status::OK();
  return MessageDecoder::Make(table.table()->metadata()->current_schema(), options_.decoder,
                              context_.pool())
      .Value(&decoder_);
}

Status StreamRows::Append(std::vector<Message> messages, StreamTable* table, StreamBatch* batch) {
  std::span<const Message> rest = messages;
  while (!rest.empty()) {
    std::vector<RejectedMessage> rejected;
    ICEFRAME_ASSIGN_OR_RETURN(const size_t num_taken, decoder_->Append(rest, &rejected));
    ICEFRAME_RETURN_NOT_OK(TakeRejected(rest.first(num_taken), std::move(rejected), batch));
    rest = rest.subspan(num_taken);
    const bool is_many =
        decoder_->num_rows() >= kMaxDecodedRows || decoder_->num_bytes() >= kMaxDecodedBytes;
    if (!is_many && rest.empty()) continue;
    ICEFRAME_RETURN_NOT_OK(Flush(batch));
    if (!decoder_->wanted_fields().empty()) ICEFRAME_RETURN_NOT_OK(Evolve(table, batch));
  }
  return Status::OK();
}

Status StreamRows::TakeRejected(std::span<const Message> taken,
                                std::vector<RejectedMessage> rejected, StreamBatch* batch) {
  batch->counts().num_rejected += static_cast<int64_t>(rejected.size());
  if (letters_ != nullptr) {
    // Committed before, when the rows were not.
    std::erase_if(rejected, [&](const RejectedMessage& one) {
      const Message& message = taken[one.index];
      return message.offset < letters_->Next(message.partition).value_or(0);
    });
  }
  return poison_.Take(taken, rejected);
}

Status StreamRows::Evolve(StreamTable* table, StreamBatch* batch) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto now, table->table()->Refresh(context_));
  const TableMetadata& metadata = *now->metadata();
  ICEFRAME_ASSIGN_OR_RETURN(SchemaSync sync,
                            SyncSchema(*metadata.current_schema(), decoder_->wanted_fields(),
                                       metadata.format_version, /*drops_columns=*/false));
  Transaction transaction(context_, now);
  if (!sync.changes.empty()) {
    ICEFRAME_RETURN_NOT_OK(transaction.UpdateSchema(context_, std::move(sync.changes)));
  }
  ICEFRAME_ASSIGN_OR_RETURN(const CommitReport report, transaction.Commit(context_));
  table->SetTable(report.table);
  ICEFRAME_RETURN_NOT_OK(batch->GoOnWith(table->table()));
  decoder_.reset();
  return EnsureDecoder(*table);
}

Status StreamRows::Flush(StreamBatch* batch) {
  if (decoder_ == nullptr || decoder_->num_rows() == 0) return Status::OK();
  ICEFRAME_ASSIGN_OR_RETURN(const auto rows, decoder_->Finish());
  return batch->Write(*rows);
}

Result<std::shared_ptr<arrow::RecordBatch>> StreamRows::TakeLetters() {
  DeadLetters* letters = poison_.dead_letters();
  if (letters == nullptr || letters->num_rows() == 0) return nullptr;
  return letters->Finish();
}

Status StreamRows::Drop() {
  held_.clear();
  held_bytes_ = 0;
  decoder_.reset();
  return TakeLetters().status();
}

}  // namespace iceframe::internal
