// SPDX-License-Identifier: Apache-2.0
// The table's side of a Kafka stream: where it is, and the condition of every commit.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/streaming/kafka_offsets.h"
#include "iceframe/streaming/kafka_source.h"
#include "iceframe/table/commit_options.h"
#include "iceframe/table/stream_positions.h"
#include "iceframe/table/table.h"

namespace iceframe::internal {

/// One partition's part in a batch.
struct PartitionRange {
  /// What the table must say for the batch to be committed; nullopt: nothing at all.
  std::optional<int64_t> expected;
  /// What it says then.
  int64_t next = 0;
};
using BatchRange = std::map<int32_t, PartitionRange>;

/// What a commit says of a stream.
struct BatchPosition {
  BatchRange range;
  /// The newest timestamp of the batch's messages, in milliseconds since the epoch.
  std::optional<int64_t> newest_ms;
  /// The registered schema of the last message that names one.
  std::optional<int32_t> schema_id;
};

/// A table's word on a stream. Used by one thread at a time.
class StreamTable {
 public:
  StreamTable(std::shared_ptr<const Table> table, PositionKey key, std::string topic,
              OnRollback on_rollback);

  /// Loads the table as it is now, reads the position, and takes over: this process's epoch becomes
  /// greater than any that committed before.
  /// Errors: CommitRejected if the table was set back and nobody said what to do.
  Status Refresh(const OperationContext& context);
  /// The table that a commit of ours has led to.
  void Advance(std::shared_ptr<const Table> table, const BatchRange& range);

  /// The same table after a commit that moved no position.
  void SetTable(std::shared_ptr<const Table> table) { table_ = std::move(table); }

  const std::shared_ptr<const Table>& table() const { return table_; }
  /// Whether any partition has a position.
  bool has_position() const { return !known_.empty(); }
  /// What the table says of a partition: `expected` of the next batch.
  std::optional<int64_t> Known(int32_t partition) const;
  /// Where to go on: the same, but where the table was set back and OnRollback says to skip, or
  /// where MoveTo said.
  std::optional<int64_t> Next(int32_t partition) const;

  /// Has the partition go on there, back or forth, in place of where the table is: until its
  /// position has changed.
  void MoveTo(int32_t partition, int64_t offset);

  /// A commit's condition and the position that it sets. `refused` becomes true if the table was
  /// found to be elsewhere, in the hands of somebody who took a partition over later, or set back.
  CommitOptions CommitOf(BatchPosition batch, std::shared_ptr<std::atomic<bool>> refused) const;

 private:
  Status ReadPosition();

  std::shared_ptr<const Table> table_;
  const PositionKey key_;
  const std::string topic_;
  const OnRollback on_rollback_;
  PartitionOffsets known_;
  /// Of what was rolled back, where it is to be skipped.
  PartitionOffsets skipped_to_;
  /// By MoveTo: where to, and what the table said then.
  struct Moved {
    int64_t to = 0;
    std::optional<int64_t> known;
  };
  std::map<int32_t, Moved> moved_;
  int64_t epoch_ = 0;
  /// A rollback that is known and accepted: its snapshot.
  std::optional<SnapshotId> accepted_rollback_;
};

}  // namespace iceframe::internal
