// SPDX-License-Identifier: Apache-2.0
// One piece of advice: what to do, why, and what it would save.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/json.h"

namespace iceframe {

enum class SuggestionKind : uint8_t {
  /// Read the columns that are needed, not all.
  kReadColumns,
  /// The query takes all columns of a wide table.
  kSelectAll,
  /// Columns are read that change nothing.
  kUnusedColumns,
  /// A predicate is computed row by row and could be answered by statistics.
  kRewriteFilter,
  kPartition,
  kSort,
  kCompactFiles,
  kBloomFilter,
  kSkewedPartitions,
  kCompactDeletes,
  kCacheQuery,
};
/// "read_columns", "select_all", "unused_columns", "rewrite_filter", "partition", "sort",
/// "compact_files", "bloom_filter", "skewed_partitions", "compact_deletes", "cache_query".
std::string_view ToString(SuggestionKind kind);

/// What the query reads now, and what it would read once the advice is followed.
struct ReadEstimate {
  int64_t files = 0;
  int64_t files_after = 0;
  /// Of the columns that it reads, in those files.
  int64_t bytes = 0;
  int64_t bytes_after = 0;
};

struct Suggestion {
  SuggestionKind kind = SuggestionKind::kReadColumns;
  /// The whole of it in one or two sentences.
  std::string text;
  /// Those that it is about.
  std::vector<std::string> columns;
  /// Figures by name, on which it stands.
  Json evidence = Json::Object();
  /// Absent where nothing is known of the table.
  std::optional<ReadEstimate> estimate;
  /// What carries it out, in Python, over `ice`, the IceFrame, and `query`, the query; empty where
  /// it takes more than a call.
  std::string call;
};

Json ToJson(const Suggestion& suggestion);

}  // namespace iceframe
