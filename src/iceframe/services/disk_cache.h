// SPDX-License-Identifier: Apache-2.0
// Rows kept in files, for other processes and later runs.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/runtime/clock.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

struct DiskCacheOptions {
  /// A folder of its own; made if it is not there, together with those above it.
  std::string folder = ".iceframe_cache";
  /// All files together; nothing larger is kept.
  int64_t max_bytes = int64_t{1} << 30;
  /// Tells the age of entries. Not owned.
  const Clock* clock = &Clock::System();
};

/// What an entry is found by.
struct DiskCacheKey {
  /// What it can be dropped by, for instance a table.
  std::string group;
  std::string text;
};

struct DiskCacheStats {
  /// Of this object, since it was made.
  int64_t hits = 0;
  int64_t misses = 0;  ///< Those of damaged and of expired entries too.
  int64_t damaged = 0;
  int64_t expired = 0;
  int64_t evictions = 0;  ///< For their size.
  int64_t refused = 0;    ///< Larger than the cache.
  /// Of the folder now, whoever wrote it.
  int64_t num_entries = 0;
  int64_t num_bytes = 0;
};

/// A cache in a folder of files: one per entry, named by the digests of group and key, with the key
/// itself and checksums of everything in it, around the rows as an Arrow IPC stream.
///
/// Any number of processes may share a folder, and any of them may be killed at any time: a file is
/// there as a whole or not at all. One that is damaged is a miss and is deleted. What was used
/// longest ago goes first. The folder is the user's alone (0700). Thread-safe.
class DiskCache {
 public:
  /// Errors: Unauthorized if the folder is another user's; InvalidArgument if it holds something
  /// else, or max_bytes is negative; Io.
  static Result<std::shared_ptr<DiskCache>> Open(DiskCacheOptions options);

  /// The rows, or nullptr: not here, expired, damaged, or too much for the context's memory, which
  /// they are charged to. Errors: Cancelled, Timeout.
  Result<std::shared_ptr<arrow::Table>> Get(const OperationContext& context,
                                            const DiskCacheKey& key);
  /// Keeps the rows, in place of what was there. Not kept are those that are larger than the cache.
  /// Errors: InvalidArgument if `ttl` is negative; Io, as of a disk that is full; Cancelled.
  Status Put(const OperationContext& context, const DiskCacheKey& key, const arrow::Table& rows,
             std::optional<std::chrono::nanoseconds> ttl = std::nullopt);
  /// Drops all entries of a group; returns how many there were.
  int64_t EraseGroup(const std::string& group);
  void Clear();
  /// Lists the folder.
  DiskCacheStats stats() const;

  /// Absolute.
  const std::string& folder() const { return folder_; }
  int64_t max_bytes() const { return max_bytes_; }

 private:
  explicit DiskCache(const DiskCacheOptions& options);
  bool MayOverflow(int64_t num_bytes);
  void EvictOverflow(const OperationContext& context);
  std::shared_ptr<arrow::Table> Missed(std::atomic<int64_t>* also, const std::string& delete_path);

  const std::string folder_;
  const int64_t max_bytes_;
  const Clock& clock_;
  std::atomic<int64_t> hits_{0};
  std::atomic<int64_t> misses_{0};
  std::atomic<int64_t> damaged_{0};
  std::atomic<int64_t> expired_{0};
  std::atomic<int64_t> evictions_{0};
  std::atomic<int64_t> refused_{0};
  // What the folder held when it was last listed, and what was put since; others put, too.
  std::atomic<int64_t> known_bytes_{0};
  std::atomic<int64_t> known_entries_{0};
  std::atomic<int64_t> num_put_{0};
};

}  // namespace iceframe
