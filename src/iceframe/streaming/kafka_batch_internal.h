// SPDX-License-Identifier: Apache-2.0
// The messages of one commit, on their way into data files.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/execution/table_writer.h"
#include "iceframe/execution/write_report.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/streaming/kafka_table_internal.h"

namespace iceframe::internal {

struct BatchCounts {
  int64_t num_messages = 0;
  int64_t num_rejected = 0;
  int64_t num_bytes = 0;
  /// The timestamp of the newest message, in milliseconds since the epoch.
  std::optional<int64_t> newest_ms;
  /// The registered schema of the last message that names one.
  std::optional<int32_t> schema_id;
};

/// Dropped without Commit, its files are deleted. Used by one thread at a time.
class StreamBatch {
 public:
  static Result<std::unique_ptr<StreamBatch>> Begin(const OperationContext& context,
                                                    const std::shared_ptr<const Table>& table);

  /// Counts a message of a partition in: `expected` is what the table must say of it for the commit
  /// if it is the partition's first one here.
  void Count(int32_t partition, std::optional<int64_t> expected, int64_t offset, int64_t num_bytes,
             int64_t timestamp_ms);
  Status Write(const arrow::RecordBatch& rows) { return writers_.back()->Write(rows); }
  /// Has the rows that come next be of the table's schema as it is now.
  Status GoOnWith(const std::shared_ptr<const Table>& table);

  /// Commits the rows to `table`. Errors: those of AppendFiles; nothing is left then, but after
  /// CommitStateUnknown.
  Result<WriteReport> Commit(const std::shared_ptr<const Table>& table,
                             const CommitOptions& options);

  BatchRange& range() { return range_; }
  BatchCounts& counts() { return counts_; }
  const BatchCounts& counts() const { return counts_; }
  /// When the first message came.
  std::chrono::steady_clock::time_point begun_at() const { return begun_at_; }

 private:
  explicit StreamBatch(OperationContext context);

  const OperationContext context_;
  /// One for each schema that the table had meanwhile.
  std::vector<std::unique_ptr<TableWriter>> writers_;
  const std::chrono::steady_clock::time_point begun_at_;
  BatchRange range_;
  BatchCounts counts_;
  /// The partition of the message before, since messages come partition by partition.
  PartitionRange* last_part_ = nullptr;
  int32_t last_partition_ = -1;
};

}  // namespace iceframe::internal
