// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "iceframe/execution/append.h"
#include "iceframe/execution/commit_written_files_internal.h"
#include "iceframe/streaming/kafka_batch_internal.h"

namespace iceframe::internal {

StreamBatch::StreamBatch(OperationContext context)
    : context_(std::move(context)), begun_at_(std::chrono::steady_clock::now()) {}

Result<std::unique_ptr<StreamBatch>> StreamBatch::Begin(const OperationContext& context,
                                                        const std::shared_ptr<const Table>& table) {
  std::unique_ptr<StreamBatch> batch(new StreamBatch(WithDeferredSyncs(context)));
  ICEFRAME_RETURN_NOT_OK(batch->GoOnWith(table));
  return batch;
}

Status StreamBatch::GoOnWith(const std::shared_ptr<const Table>& table) {
  ICEFRAME_ASSIGN_OR_RETURN(auto writer,
                            TableWriter::Make(context_, table->io(), *table->metadata()));
  writers_.push_back(std::move(writer));
  return Status::OK();
}

void StreamBatch::Count(int32_t partition, std::optional<int64_t> expected, int64_t offset,
                        int64_t num_bytes, int64_t timestamp_ms) {
  if (partition != last_partition_) {
    last_part_ = &range_.emplace(partition, PartitionRange{expected, offset}).first->second;
    last_partition_ = partition;
  }
  last_part_->next = offset + 1;
  ++counts_.num_messages;
  counts_.num_bytes += num_bytes;
  if (timestamp_ms >= 0) {
    counts_.newest_ms = std::max(counts_.newest_ms.value_or(timestamp_ms), timestamp_ms);
  }
}

Result<WriteReport> StreamBatch::Commit(const std::shared_ptr<const Table>& table,
                                        const CommitOptions& options) {
  std::vector<DataFile> files;
  for (const auto& writer : writers_) {
    Result<std::vector<DataFile>> written = writer->Finish();
    if (!written.ok()) {
      DeleteDataFiles(context_, *table->io(), files);
      return written.status();
    }
    std::ranges::move(*written, std::back_inserter(files));
  }
  return AppendFiles(context_, table, files, options);
}

}  // namespace iceframe::internal
