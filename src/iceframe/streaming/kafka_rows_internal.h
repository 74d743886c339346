// SPDX-License-Identifier: Apache-2.0
// Messages of a Kafka stream on their way to rows: held, decoded, told apart from poison.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/streaming/kafka_batch_internal.h"
#include "iceframe/streaming/kafka_consumer_internal.h"
#include "iceframe/streaming/kafka_source.h"
#include "iceframe/streaming/kafka_table_internal.h"

namespace iceframe::internal {

/// Used by one thread at a time. What it holds goes to one batch at a time.
class StreamRows {
 public:
  /// `letters`: the dead-letter table, or nullptr. All must outlive it.
  static Result<std::unique_ptr<StreamRows>> Make(const OperationContext& context,
                                                  const KafkaSourceOptions& options,
                                                  const StreamTable* letters);

  /// Keeps the message until it is decoded.
  void Hold(KafkaMessage message);
  bool is_empty() const { return held_.empty(); }
  /// Whether so much is held that it should be decoded now.
  bool is_full() const;

  /// Makes rows of what is held, and writes them to the batch as they get many. `table` may get
  /// more and wider columns meanwhile, where the options allow it; nobody else may commit to it
  /// then. Errors: what a message was rejected for; those of writing and of commits.
  Status Decode(const KafkaLibrary& library, StreamTable* table, StreamBatch* batch);
  /// Writes the rows that are left to the batch.
  Status Flush(StreamBatch* batch);
  /// The dead letters of the batch, to be committed before its rows; nullptr: none.
  Result<std::shared_ptr<arrow::RecordBatch>> TakeLetters();
  /// Forgets all, messages and rows.
  Status Drop();

 private:
  StreamRows(const OperationContext& context, const KafkaSourceOptions& options,
             const StreamTable* letters, PoisonMessages poison);

  void View(const KafkaLibrary& library, const KafkaMessage& held, Message* message);
  void ViewHeaders(const KafkaLibrary& library, const KafkaMessage& held, Message* message);
  Status EnsureDecoder(const StreamTable& table);
  Status Append(std::vector<Message> messages, StreamTable* table, StreamBatch* batch);
  Status TakeRejected(std::span<const Message> taken, std::vector<RejectedMessage> rejected,
                      StreamBatch* batch);
  /// Brings the table's schema to what the decoder wants, and goes on with it.
  Status Evolve(StreamTable* table, StreamBatch* batch);

  const OperationContext& context_;
  const KafkaSourceOptions& options_;
  const StreamTable* const letters_;
  const bool has_headers_;
  PoisonMessages poison_;
  std::unique_ptr<MessageDecoder> decoder_;
  std::vector<KafkaMessage> held_;
  int64_t held_bytes_ = 0;
  /// The headers of the messages that are being decoded.
  std::vector<std::vector<MessageHeader>> headers_;
};

}  // namespace iceframe::internal
