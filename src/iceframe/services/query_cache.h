// SPDX-License-Identifier: Apache-2.0
// Results of queries, kept for the next query that asks the same of the same state of its tables.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/catalog/identifier.h"
#include "iceframe/execution/file_answers.h"
#include "iceframe/runtime/memory_manager.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/runtime/shared_cache.h"
#include "iceframe/services/kept_rows.h"
#include "iceframe/services/result_key.h"
#include "iceframe/table/table.h"

namespace iceframe {

/// How one query takes part in a cache of results.
struct ResultCaching {
  /// The most that an answer's age may be; nullopt: any. It never permits staleness: an answer is
  /// that of the tables as they are now.
  std::optional<std::chrono::nanoseconds> ttl;
  /// What answers depend on beside the query, its tables and the session, for instance a tenant or
  /// a time zone. Answers of different scopes are never shared.
  std::string scope;
  /// Text and bytes of what is kept come as Arrow views, the form it is kept in, so that nothing is
  /// copied; false: as they come without a cache.
  bool as_views = false;
};

struct QueryCacheOptions {
  int64_t max_entries = 100;
  /// For results and for the answers of single data files together.
  int64_t max_bytes = int64_t{256} << 20;
  /// The cache's node is made below this one; nullptr: below CachesBudget.
  std::shared_ptr<MemoryBudget> budget = nullptr;
  /// Tells the age of entries. Not owned.
  const Clock* clock = &Clock::System();
};

/// A table whose rows an entry was made of.
struct EntryTable {
  /// "ns.table".
  std::string name;
  std::string uuid;
  std::optional<SnapshotId> snapshot_id;
};

/// What a cache says of one entry.
struct QueryCacheEntry {
  std::vector<EntryTable> tables;
  /// Whether a caller put it there.
  bool is_callers = false;
  int64_t num_rows = 0;
  int64_t num_bytes = 0;
  /// Milliseconds since 1970 in UTC.
  int64_t created_at_ms = 0;
  std::optional<int64_t> expires_at_ms;
};

struct QueryCacheStats {
  /// Results, and what callers put.
  SharedCacheStats results;
  /// Answers of single data files.
  SharedCacheStats files;
  /// Queries whose answers were not kept, by ResultRefusal.
  std::array<int64_t, kNumResultRefusals> refusals{};
  /// Most recently used first.
  std::vector<QueryCacheEntry> entries;

  int64_t of(ResultRefusal refusal) const { return refusals.at(static_cast<size_t>(refusal)); }
};

/// A query's answer as a cache looks for it.
struct ResultRequest {
  /// Of ResultKey.
  std::string key;
  ResultCaching caching;
  /// The tables, in the states that the key tells of.
  std::vector<TableState> tables;
};

/// A cache of results. Thread-safe; sessions may share one.
///
/// Every answer lies under the states of the tables that it was made of, so none is ever stale: who
/// asks finds out these states first, from the catalog. Callers may keep rows of their own beside
/// the results; queries never see those.
class QueryCache final {
 public:
  static std::shared_ptr<QueryCache> Make(QueryCacheOptions options = {});
  /// The one of sessions that were given none.
  static std::shared_ptr<QueryCache> Process();
  static void SetProcess(std::shared_ptr<QueryCache> cache);
  QueryCache(const QueryCache&) = delete;
  QueryCache& operator=(const QueryCache&) = delete;

  using Compute = std::function<Result<std::shared_ptr<arrow::RecordBatchReader>>()>;

  /// The answer from here, or from `compute` under `context`, which is then kept. Of many that ask
  /// at once one computes and the others wait, each as long as its own context lets it; a leader
  /// that fails or is cancelled sinks nobody else: another one takes its place. An answer too large
  /// to be kept comes batch by batch, as from `compute`. `was_kept`: it was here.
  Result<std::shared_ptr<arrow::RecordBatchReader>> GetOrCompute(const OperationContext& context,
                                                                 const ResultRequest& request,
                                                                 const Compute& compute,
                                                                 bool* was_kept = nullptr);
  /// The rows if they are here and young enough: then it is a hit, else nothing is counted.
  std::shared_ptr<const KeptRows> Find(const std::string& key, const ResultCaching& caching);
  /// What Find would find, without a use of it being counted.
  std::optional<QueryCacheEntry> Look(const std::string& key, const ResultCaching& caching) const;
  /// Counts a query that did not take part after all.
  void Refuse(ResultRefusal refusal);

  /// Keeps a caller's own rows for a table, under any text. They go by `ttl`, by Invalidate, and on
  /// the first Get after a commit to the table, where a session of the process knows it.
  Status Put(const OperationContext& context, const TableIdentifier& table,
             const std::string& parameters, const std::shared_ptr<arrow::Schema>& schema,
             const arrow::RecordBatchVector& batches,
             std::optional<std::chrono::nanoseconds> ttl = std::nullopt);
  /// nullptr: not here.
  std::shared_ptr<const KeptRows> Get(const OperationContext& context, const TableIdentifier& table,
                                      const std::string& parameters);

  /// Drops what was made of a table of that full name, and all answers of single files.
  void Invalidate(const TableIdentifier& table);
  void Clear();

  QueryCacheStats stats() const;
  int64_t max_entries() const { return options_.max_entries; }
  int64_t max_bytes() const { return options_.max_bytes; }
  /// Plans of queries that take part are run with it.
  const std::shared_ptr<FileAnswers>& file_answers() const { return file_answers_; }

 private:
  struct Entry;
  explicit QueryCache(const QueryCacheOptions& options);
  /// Keeps results and file answers together within max_bytes.
  void ShareBytes();
  void DropExpiredSnapshots(const std::vector<TableState>& tables);
  static QueryCacheEntry Describe(const CacheEntry<Entry>& entry);

  const QueryCacheOptions options_;
  const std::shared_ptr<MemoryBudget> budget_;
  SharedCache<Entry> results_;
  const std::shared_ptr<FileAnswers> file_answers_;
  std::array<std::atomic<int64_t>, kNumResultRefusals> refusals_{};
};

}  // namespace iceframe
