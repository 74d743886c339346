// SPDX-License-Identifier: Apache-2.0
// Results of queries, kept for the next query that asks the same of the same state of its tables.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "iceframe/runtime/memory_manager.h"

namespace iceframe {

/// How one query takes part in a cache of results.
struct ResultCaching {
  /// The most that an answer's age may be; nullopt: any. It never permits staleness: an answer is
  /// that of the tables as they are now.
  std::optional<std::chrono::nanoseconds> ttl;
  /// What answers depend on beside the query, its tables and the session, for instance a tenant or
  /// a time zone. Answers of different scopes are never shared.
  std::string scope;
};

struct QueryCacheOptions {
  int64_t max_entries = 100;
  int64_t max_bytes = int64_t{256} << 20;
  /// The cache's node is made below this one; nullptr: below the process's.
  std::shared_ptr<MemoryBudget> budget = nullptr;
};

/// A cache of results. Thread-safe; sessions may share one.
class QueryCache final {
 public:
  static std::shared_ptr<QueryCache> Make(QueryCacheOptions options = {});
  QueryCache(const QueryCache&) = delete;
  QueryCache& operator=(const QueryCache&) = delete;

  int64_t max_entries() const { return options_.max_entries; }
  int64_t max_bytes() const { return options_.max_bytes; }

 private:
  explicit QueryCache(QueryCacheOptions options);

  const QueryCacheOptions options_;
};

}  // namespace iceframe
