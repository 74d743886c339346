// SPDX-License-Identifier: Apache-2.0
// A Kafka topic that flows into a table, every message once.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/streaming/kafka_offsets.h"
#include "iceframe/streaming/message_decoder.h"
#include "iceframe/streaming/poison_messages.h"
#include "iceframe/table/table.h"

namespace iceframe {

/// What happens where the table was set back behind rows that the stream had committed.
enum class OnRollback : uint8_t {
  kFail,
  /// The rows that are gone are written again.
  kReplay,
  /// The stream goes on behind them.
  kSkip,
};

/// What happens where messages that the table waits for are no longer in the topic: kept too
/// short, or a topic of the same name made anew.
enum class OnLostMessages : uint8_t {
  kFail,
  /// The stream goes on with the first message that there is.
  kEarliest,
  /// The stream goes on with what comes from now on.
  kLatest,
};

struct KafkaSourceOptions {
  std::string topic;
  /// The consumer's configuration (kafka_config.h).
  Properties config;
  /// CA certificates for TLS where neither the configuration nor the system has any
  /// (kafka_config.h).
  std::string fallback_ca_file;
  /// Under which the table keeps the position. Empty: the configuration's group, else "kafka".
  /// Where the configuration has no group, the group is of this name.
  std::string stream_id;
  MessageDecoderOptions decoder;

  /// A commit is made as soon as so many rows wait and none is under way; rows that come meanwhile
  /// go with the next one.
  int64_t batch_size = 1000;
  /// … or so many bytes of messages,
  int64_t max_batch_bytes = int64_t{128} << 20;
  /// … or the first of them came so long ago.
  std::chrono::milliseconds max_latency{10'000};

  /// Joins the table's small files after every so many commits (EnableAutoCompaction); nullopt: no.
  std::optional<int64_t> compact_every_n_commits;

  /// The stream ends after so many messages; nullopt: it does not.
  std::optional<int64_t> max_messages;
  /// The stream ends when no message came for so long; nullopt: what the configuration says.
  std::optional<std::chrono::milliseconds> idle_timeout;

  /// What happens to messages that make no row.
  PoisonOptions poison;
  /// Where they go with OnPoison::kDeadLetter: a table of DeadLetterSchema (dead_letters.h). Each
  /// is in it once, too.
  std::shared_ptr<const Table> dead_letter_table;
  OnRollback on_rollback = OnRollback::kFail;
  OnLostMessages on_lost_messages = OnLostMessages::kFail;
};

/// What a stream did since it was made.
struct KafkaStreamReport {
  /// Committed: messages, those of them that are rows, and that were rejected; commits; the
  /// messages' bytes.
  int64_t num_messages = 0;
  int64_t num_rows = 0;
  int64_t num_rejected = 0;
  int64_t num_commits = 0;
  int64_t num_bytes = 0;
  /// Compactions that ended well (EnableAutoCompaction).
  int64_t num_compactions = 0;
  /// Messages that wait for their commit.
  int64_t num_pending = 0;
  /// Batches that were dropped and read again: another member was first, a commit failed for a
  /// time, or partitions went to another member.
  int64_t num_rewinds = 0;
  /// The next offset of each partition of this member, as the table has it.
  PartitionOffsets offsets;
  /// Messages in this member's partitions behind those offsets, as far as is known.
  int64_t lag = 0;
  /// From a message's timestamp to its commit, at the last one; nullopt: nothing was committed, or
  /// without timestamps.
  std::optional<std::chrono::milliseconds> freshness;
  /// Why it ended: "stopped", "max_messages", "idle", "cancelled"; empty while it runs.
  std::string ended_by;
  /// What goes wrong and is tried again; empty: nothing.
  std::string trouble;
  std::chrono::milliseconds elapsed{0};
};

/// Reads a topic as a member of a consumer group and commits its messages as rows of a table. Each
/// snapshot's summary says how far the stream is, so that every message is in the table once,
/// whatever ends a process and whenever: the table is the only thing asked where to go on.
/// docs/kafka.md has the guarantees.
///
/// Several sources, in processes anywhere, share a topic's partitions if they have the same stream
/// id and group. A commit lands only where the table is as far as its batch began; a member that
/// was away reads again.
///
/// Thread-safe; Run is called once.
class KafkaSource {
 public:
  /// Checks what can be checked without a broker. `context` is kept: its token ends the stream.
  /// Errors: InvalidArgument naming what can't be meant; those of MessageDecoder::Make.
  static Result<std::shared_ptr<KafkaSource>> Make(const OperationContext& context,
                                                   std::shared_ptr<const Table> table,
                                                   KafkaSourceOptions options);
  ~KafkaSource();
  KafkaSource(const KafkaSource&) = delete;
  KafkaSource& operator=(const KafkaSource&) = delete;

  /// Reads and commits on the calling thread until Stop, or what the options say. A broker or
  /// catalog that is away for a time is waited for. Cancelled, it ends without a commit; what was
  /// not committed will be read again.
  /// Errors: Unavailable if no broker answers at the start; Unauthorized; NotFound for a topic or
  /// messages that are gone; CommitRejected where the table was set back; what a rejected message
  /// was rejected for; Io and others of writing.
  Result<KafkaStreamReport> Run();
  /// Has Run commit what was read and come back. Any thread; also before Run.
  void Stop();
  /// Joins the table's small files after every so many commits, beside the stream. A compaction
  /// that meets other writers gives way; one that fails is logged. Where the stream ends by itself,
  /// the last one is waited for; Stop cancels it. Any thread, at any time.
  /// Errors: InvalidArgument below 1.
  Status EnableAutoCompaction(int64_t every_n_commits = 10);
  KafkaStreamReport report() const;

 private:
  class Impl;
  explicit KafkaSource(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

/// Says which librdkafka is in use, and loads it: "librdkafka 2.0.2 at /usr/lib/…".
/// Errors: Unsupported without one.
Result<std::string> DescribeKafkaLibrary();

}  // namespace iceframe
