// SPDX-License-Identifier: Apache-2.0
// The table's side of a Kafka stream: where it is, and the condition of every commit.
#pragma once

#include <atomic>
#include <cstdint>
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

/// A table's word on a stream. Used by one thread at a time.
class StreamTable {
 public:
  StreamTable(std::shared_ptr<const Table> table, PositionKey key, std::string topic,
              OnRollback on_rollback);

  /// Loads the table as it is now, and reads the position. With `takes_over`, this process's
  /// epoch becomes greater than any that committed before.
  /// Errors: CommitRejected if the table was set back and nobody said what to do.
  Status Refresh(const OperationContext& context, bool takes_over);
  /// The table that a commit of ours has led to.
  void Advance(std::shared_ptr<const Table> table, const BatchRange& range);

  /// The same table after a commit that moved no position.
  void SetTable(std::shared_ptr<const Table> table) { table_ = std::move(table); }

  const std::shared_ptr<const Table>& table() const { return table_; }
  /// Whether any partition has a position.
  bool has_position() const { return !known_.empty(); }
  /// What the table says of a partition: `expected` of the next batch.
  std::optional<int64_t> Known(int32_t partition) const;
  /// Where to go on: the same, but where the table was set back and OnRollback says to skip.
  std::optional<int64_t> Next(int32_t partition) const;

  /// A commit's condition and the position that it sets. `refused` becomes true if the table was
  /// found to be further, or set back.
  CommitOptions CommitOf(const BatchRange& range, std::shared_ptr<std::atomic<bool>> refused) const;

 private:
  Status ReadPosition();

  std::shared_ptr<const Table> table_;
  const PositionKey key_;
  const std::string topic_;
  const OnRollback on_rollback_;
  PartitionOffsets known_;
  /// Of what was rolled back, where it is to be skipped.
  PartitionOffsets skipped_to_;
  int64_t epoch_ = 0;
  /// A rollback that is known and accepted: its snapshot.
  std::optional<SnapshotId> accepted_rollback_;
};

}  // namespace iceframe::internal
