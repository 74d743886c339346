// SPDX-License-Identifier: Apache-2.0
// The loop of a Kafka stream: messages to batches to commits.
//
//   Poll ─▶ rows (held, decoded) ─▶ open batch ─▶ commit under way
//   (this thread)                   (files)       (another thread; one at a time)
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <arrow/util/future.h>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/streaming/auto_compaction_internal.h"
#include "iceframe/streaming/kafka_batch_internal.h"
#include "iceframe/streaming/kafka_consumer_internal.h"
#include "iceframe/streaming/kafka_rows_internal.h"
#include "iceframe/streaming/kafka_source.h"
#include "iceframe/streaming/kafka_table_internal.h"
#include "iceframe/streaming/stream_metrics_internal.h"

namespace iceframe::internal {

/// What the thread of a stream tells the others.
class StreamBoard {
 public:
  void Put(const KafkaStreamReport& report);
  KafkaStreamReport Get() const;
  void Stop() { is_stopped_ = true; }
  bool is_stopped() const { return is_stopped_; }

  /// Takes the place of the one before, which ends.
  void SetCompaction(std::shared_ptr<AutoCompaction> compaction);
  /// nullptr: there is none.
  std::shared_ptr<AutoCompaction> compaction() const;

 private:
  mutable std::mutex mutex_;
  KafkaStreamReport report_;
  std::shared_ptr<AutoCompaction> compaction_;
  std::atomic<bool> is_stopped_ = false;
};

/// Where a stream's messages go: rows, and dead letters where there is a table for them.
struct StreamTables {
  StreamTable rows;
  std::optional<StreamTable> letters;
};

class KafkaStream final : public AssignmentListener {
 public:
  KafkaStream(const OperationContext& context, const KafkaSourceOptions& options,
              const KafkaConfig& config, StreamTables tables, StreamBoard* board);
  ~KafkaStream() override;

  /// KafkaSource::Run.
  Status Run();

  Result<PartitionOffsets> OnAssigned(const std::vector<int32_t>& partitions) override;
  void OnRevoked(const std::vector<int32_t>& partitions, bool are_lost) override;

 private:
  using Clock = std::chrono::steady_clock;

  /// A partition that is ours now.
  struct Owned {
    /// Where it begins while the table has no position for it; may be librdkafka's word for
    /// "the beginning".
    int64_t start = 0;
    /// What the table must say when the next batch is committed.
    std::optional<int64_t> expected;
    /// The next offset that is not yet taken; not known: none.
    std::optional<int64_t> next;
  };
  struct CommitUnderWay {
    std::unique_ptr<StreamBatch> batch;
    /// Dead letters, or nullptr.
    std::unique_ptr<StreamBatch> letters;
    std::shared_ptr<const Table> table;
    CommitOptions options;
    /// The letters' table, from their commit on with them in it.
    std::shared_ptr<const Table> letters_table;
    CommitOptions letters_options;
    std::shared_ptr<std::atomic<bool>> was_refused;
    arrow::Future<WriteReport> report;
  };

  Status RunLoop();
  Status Step();
  /// Why the stream is to end now; nullptr: it goes on.
  const char* FindEnd() const;
  bool IsIdle() const;
  Status CommitTheRest();

  std::chrono::milliseconds WaitTime() const;
  Status Take(KafkaMessage message);
  Status Decode();
  /// Sees to it that messages come in while those that wait become rows.
  void KeepFetching();
  Status EnsureBatch();

  bool IsDue() const;
  bool IsFull() const;
  Status StartCommit();
  /// The dead letters of the open batch on their way to their table; nullptr: none.
  Result<std::unique_ptr<StreamBatch>> MakeLetters();
  /// What the task of a commit does.
  static Result<WriteReport> CommitBatch(CommitUnderWay* commit);
  /// Waits for the commit under way, and takes part in the group meanwhile.
  Status WaitForCommit();
  Status FinishCommit();
  void CountCommit(const StreamBatch& batch);
  /// Decides what an error of a commit means: OK where the batch is read again.
  Status TakeCommitError(const Status& error, bool was_refused);
  Status Rewind();
  void DropBatch();
  Status RefreshTable();
  /// Waits a moment that grows with the failures in a row.
  Status BackOff();

  Result<int64_t> StartOf(int32_t partition);
  Result<int64_t> StartAfterLoss(int32_t partition, int64_t wanted, const Watermarks& marks) const;
  Status PlanFirstStart();
  void UpdateReport(bool is_final);
  /// Messages behind the table's position in each partition of this member, where it is known.
  PartitionLags Lags() const;

  const OperationContext context_;
  const KafkaSourceOptions& options_;
  const KafkaConfig& config_;
  StreamBoard& board_;
  StreamTable table_;
  /// Of dead letters; nullptr: there is none.
  std::unique_ptr<StreamTable> letters_table_;
  std::unique_ptr<KafkaConsumer> consumer_;
  /// Messages in it are the consumer's, so it goes first.
  std::unique_ptr<StreamRows> rows_;

  std::map<int32_t, Owned> owned_;
  /// Ends of all partitions where a stream that begins with what comes then began.
  PartitionOffsets first_ends_;
  std::unique_ptr<StreamBatch> open_;
  std::unique_ptr<CommitUnderWay> under_way_;
  bool needs_rewind_ = false;
  int num_failures_ = 0;

  const Clock::time_point begun_at_ = Clock::now();
  std::optional<Clock::time_point> last_message_at_;
  int64_t num_taken_ = 0;
  KafkaStreamReport report_;
  StreamMetrics metrics_;
  Clock::time_point reported_at_{};
};

}  // namespace iceframe::internal
