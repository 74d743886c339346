// SPDX-License-Identifier: Apache-2.0
// What data files answered to parts of plans, kept for later runs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <arrow/type_fwd.h>

#include "iceframe/runtime/shared_cache.h"

namespace iceframe {

/// A data file's rows that pass a filter, or its aggregates: a row per group, of the keys and of
/// the states that merge with other files'. No batches: the file has none of them.
struct FileAnswer {
  arrow::RecordBatchVector batches;
};

/// Answers of single data files. A table that grew, was compacted or lost files has the other
/// files' answers still, since a key names the file, what deletes from it and what was asked of it,
/// never the snapshot. Made by a query cache, or by whoever runs plans (plan_resources.h).
/// Thread-safe.
class FileAnswers {
 public:
  /// Names, sizes and charges the store as any other cache.
  explicit FileAnswers(SharedCacheOptions options);

  /// nullptr: not here.
  std::shared_ptr<const FileAnswer> Find(const std::string& key) { return answers_.Get(key); }
  /// Keeps a copy, which shares no memory with what `batches` point into. An answer of more than
  /// max_answer_bytes(), or for which the budget has no room, is not kept.
  void Put(const std::string& key, const arrow::RecordBatchVector& batches);
  /// What one file's answer may take at most: a 64th of the capacity.
  int64_t max_answer_bytes() const { return max_answer_bytes_; }

  void Clear() { answers_.Clear(); }
  /// Evicts until no more than so many bytes are here.
  void ShrinkTo(int64_t num_bytes) { answers_.ShrinkTo(num_bytes); }
  SharedCacheStats stats() const { return answers_.stats(); }

 private:
  SharedCache<FileAnswer> answers_;
  int64_t max_answer_bytes_;
};

}  // namespace iceframe
