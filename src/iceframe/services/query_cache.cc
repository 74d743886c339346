// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/query_cache.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "iceframe/execution/execution_counters.h"
#include "iceframe/runtime/fork.h"
#include "iceframe/runtime/memory_budgets.h"
#include "iceframe/services/known_catalogs.h"

namespace iceframe {

namespace {

constexpr int64_t kMostOfCapacity = 8;
// Answers of single files always get this part, however many results there are.
constexpr int64_t kLeastOfFiles = 4;
constexpr char kResultsName[] = "query_results";
constexpr char kFilesName[] = "file_answers";

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;
using Reader = std::shared_ptr<arrow::RecordBatchReader>;
/// By the catalog's identity: where its table's metadata was.
using Locations = std::map<std::string, std::string>;

/// Batches that were read already, then those of the reader.
class ResumedReader final : public arrow::RecordBatchReader {
 public:
  ResumedReader(arrow::RecordBatchVector first, Reader rest)
      : first_(std::move(first)), rest_(std::move(rest)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return rest_->schema(); }
  Status ReadNext(BatchPtr* batch) override {
    if (next_ == first_.size()) return rest_->ReadNext(batch);
    *batch = std::move(first_[next_++]);
    return Status::OK();
  }
  Status Close() override { return rest_->Close(); }

 private:
  arrow::RecordBatchVector first_;
  size_t next_ = 0;
  Reader rest_;
};

/// Computes an answer, as far as it may be kept.
struct Computed {
  arrow::RecordBatchVector batches;
  int64_t num_bytes = 0;
  Reader reader;
  bool is_whole = false;
};

Result<Computed> ComputeUpTo(const QueryCache::Compute& compute, int64_t max_bytes) {
  Computed computed;
  ICEFRAME_ASSIGN_OR_RETURN(computed.reader, compute());
  while (computed.num_bytes <= max_bytes) {
    BatchPtr batch;
    ICEFRAME_RETURN_NOT_OK(computed.reader->ReadNext(&batch));
    if (batch == nullptr) {
      computed.is_whole = true;
      return computed;
    }
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t batch_bytes, BytesOf(*batch));
    computed.num_bytes += batch_bytes;
    computed.batches.push_back(std::move(batch));
  }
  return computed;
}

/// A copy of the rows in `pool`, where the limits over `memory`, of who asked, leave room for one.
Result<KeptRows> KeepWithin(MemoryBudget* memory, int64_t num_bytes,
                            const std::shared_ptr<arrow::Schema>& schema,
                            const arrow::RecordBatchVector& batches, arrow::MemoryPool* pool) {
  // Taken and given back at once: what the cache holds counts in those limits by itself.
  ICEFRAME_RETURN_NOT_OK(memory->Reserve(num_bytes));
  memory->Release(num_bytes);
  return KeepRows(schema, batches, pool);
}

/// Where the catalogs that the process knows have the table, empty where they have none; one that
/// can't be asked is left out.
Locations LocationsOf(const OperationContext& context, const TableIdentifier& table) {
  Locations locations;
  for (const auto& catalog : KnownCatalogs()) {
    const auto location = catalog->FindMetadataLocation(context, table);
    if (location.ok()) locations.insert_or_assign(catalog->identity(), location->value_or(""));
  }
  return locations;
}

/// Whether a catalog has another state of the table than it had, or can't tell. Catalogs that came
/// later have nothing to compare with.
bool HaveChanged(const Locations& kept, const OperationContext& context,
                 const TableIdentifier& table) {
  for (const auto& catalog : KnownCatalogs()) {
    const auto found = kept.find(catalog->identity());
    if (found == kept.end()) continue;
    const auto location = catalog->FindMetadataLocation(context, table);
    if (!location.ok() || location->value_or("") != found->second) return true;
  }
  return false;
}

std::string CallersKey(const TableIdentifier& table, const std::string& parameters) {
  const std::string name = table.ToString();
  return "put " + std::to_string(name.size()) + ":" + name + parameters;
}

std::vector<EntryTable> EntryTables(const std::vector<TableState>& tables) {
  std::vector<EntryTable> described;
  for (const TableState& state : tables) {
    EntryTable table{state.table->identifier().ToString(), state.table->metadata()->table_uuid,
                     std::nullopt};
    if (state.snapshot != nullptr) table.snapshot_id = state.snapshot->snapshot_id;
    described.push_back(std::move(table));
  }
  return described;
}

// Never destroyed: sessions may outlast static objects.
struct ProcessCache {
  static ProcessCache& Instance() {
    static auto* instance = new ProcessCache;
    return *instance;
  }
  internal::ForkSafeMutex mutex;
  std::shared_ptr<QueryCache> cache;
};

}  // namespace

struct QueryCache::Entry {
  KeptRows rows;
  std::vector<EntryTable> tables;
  /// Of a caller's own rows.
  bool is_callers = false;
  Locations locations;
  Clock::SteadyTime made_at;
};

std::shared_ptr<QueryCache> QueryCache::Make(QueryCacheOptions options) {
  return std::shared_ptr<QueryCache>(new QueryCache(options));
}

std::shared_ptr<QueryCache> QueryCache::Process() {
  ProcessCache& process = ProcessCache::Instance();
  {
    std::lock_guard lock(process.mutex);
    if (process.cache != nullptr) return process.cache;
  }
  // Made without the lock: a cache has locks of its own.
  std::shared_ptr<QueryCache> made = Make();
  std::lock_guard lock(process.mutex);
  if (process.cache == nullptr) process.cache = std::move(made);
  return process.cache;
}

void QueryCache::SetProcess(std::shared_ptr<QueryCache> cache) {
  ProcessCache& process = ProcessCache::Instance();
  std::lock_guard lock(process.mutex);
  process.cache.swap(cache);
}

QueryCache::QueryCache(const QueryCacheOptions& options)
    : options_(options),
      budget_((options.budget ? options.budget : CachesBudget())->MakeChild("query_cache")),
      results_({.name = kResultsName,
                .capacity_bytes = options.max_bytes,
                .max_entries = options.max_entries,
                .budget = budget_,
                .clock = options.clock}),
      file_answers_(std::make_shared<FileAnswers>(SharedCacheOptions{
          .name = kFilesName, .capacity_bytes = options.max_bytes, .budget = budget_})) {}

Result<Reader> QueryCache::GetOrCompute(const OperationContext& context,
                                        const ResultRequest& request, const Compute& compute,
                                        bool* was_kept) {
  bool found = false;
  if (was_kept == nullptr) was_kept = &found;
  *was_kept = false;
  // Its waiting for cpu threads would be for itself.
  if (context.executor->cpu()->OwnsThisThread()) return compute();
  Reader own;
  bool is_refused = false;
  const auto load = [&]() -> Result<CacheValue<Entry>> {
    ICEFRAME_ASSIGN_OR_RETURN(Computed computed,
                              ComputeUpTo(compute, options_.max_bytes / kMostOfCapacity));
    const std::shared_ptr<arrow::Schema> schema = computed.reader->schema();
    CacheValue<Entry> value;
    auto rows = Result<KeptRows>(Status::CapacityError("too large to be kept"));
    if (computed.is_whole) {
      rows = KeepWithin(context.memory.get(), computed.num_bytes, schema, computed.batches,
                        results_.budget()->pool());
    }
    if (!rows.ok()) {
      const bool no_memory = rows.status().IsOutOfMemory();
      Refuse(no_memory ? ResultRefusal::kNoMemory : ResultRefusal::kTooLarge);
      own = std::make_shared<ResumedReader>(std::move(computed.batches), computed.reader);
      is_refused = true;
      return value;
    }
    auto entry = std::make_shared<Entry>();
    entry->rows = *std::move(rows);
    entry->tables = EntryTables(request.tables);
    entry->made_at = options_.clock->SteadyNow();
    value.weight_bytes = value.charged_bytes = entry->rows.num_bytes;
    value.value = std::move(entry);
    value.max_age = request.caching.ttl;
    return value;
  };
  ICEFRAME_ASSIGN_OR_RETURN(
      const std::shared_ptr<const Entry> entry,
      results_.GetOrLoad(context, request.key, load, was_kept, request.caching.ttl));
  if (is_refused) {
    ShareBytes();
    return own;
  }
  // What another one computed was too large to be handed on.
  if (entry == nullptr) {
    *was_kept = false;
    return compute();
  }
  if (*was_kept) {
    context.counters->Add(ExecutionCount::kAnswerBytesFromCache, entry->rows.num_bytes);
  } else {
    DropExpiredSnapshots(request.tables);
    ShareBytes();
  }
  return ReadKeptRows(context, std::shared_ptr<const KeptRows>(entry, &entry->rows),
                      request.caching.as_views);
}

std::shared_ptr<const KeptRows> QueryCache::Find(const std::string& key,
                                                 const ResultCaching& caching) {
  std::shared_ptr<const Entry> entry = results_.Find(key);
  if (entry == nullptr) return nullptr;
  if (caching.ttl && options_.clock->SteadyNow() - entry->made_at >= *caching.ttl) return nullptr;
  entry = results_.Get(key);
  if (entry == nullptr) return nullptr;
  return {entry, &entry->rows};
}

std::optional<QueryCacheEntry> QueryCache::Look(const std::string& key,
                                                const ResultCaching& caching) const {
  for (const CacheEntry<Entry>& entry : results_.Entries()) {
    if (entry.key != key) continue;
    const auto age = options_.clock->SteadyNow() - entry.value->made_at;
    if (caching.ttl && age >= *caching.ttl) return std::nullopt;
    return Describe(entry);
  }
  return std::nullopt;
}

void QueryCache::Refuse(ResultRefusal refusal) {
  refusals_.at(static_cast<size_t>(refusal)).fetch_add(1, std::memory_order_relaxed);
}

void QueryCache::ShareBytes() {
  const int64_t left = options_.max_bytes - results_.stats().num_bytes;
  file_answers_->ShrinkTo(std::max(left, options_.max_bytes / kLeastOfFiles));
  results_.ShrinkTo(options_.max_bytes - file_answers_->stats().num_bytes);
}

void QueryCache::DropExpiredSnapshots(const std::vector<TableState>& tables) {
  const auto has_expired = [&tables](const EntryTable& made_of) {
    return made_of.snapshot_id && std::ranges::any_of(tables, [&](const TableState& now) {
             const TableMetadata& metadata = *now.table->metadata();
             if (metadata.table_uuid != made_of.uuid) return false;
             const auto snapshot = metadata.FindSnapshot(*made_of.snapshot_id);
             return snapshot.ok() && *snapshot == nullptr;
           });
  };
  (void)results_.EraseIf([&](const CacheEntry<Entry>& entry) {
    return std::ranges::any_of(entry.value->tables, has_expired);
  });
}

Status QueryCache::Put(const OperationContext& context, const TableIdentifier& table,
                       const std::string& parameters, const std::shared_ptr<arrow::Schema>& schema,
                       const arrow::RecordBatchVector& batches,
                       std::optional<std::chrono::nanoseconds> ttl) {
  auto entry = std::make_shared<Entry>();
  entry->is_callers = true;
  entry->tables.push_back({table.ToString(), {}, std::nullopt});
  // Before the rows are taken: a commit from now on makes them old.
  entry->locations = LocationsOf(context, table);
  entry->made_at = options_.clock->SteadyNow();
  int64_t num_bytes = 0;
  for (const BatchPtr& batch : batches) {
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t batch_bytes, BytesOf(*batch));
    num_bytes += batch_bytes;
  }
  const std::string key = CallersKey(table, parameters);
  results_.Erase(key);
  if (num_bytes > options_.max_bytes / kMostOfCapacity) {
    Refuse(ResultRefusal::kTooLarge);
    return Status::OK();
  }
  auto rows =
      KeepWithin(context.memory.get(), num_bytes, schema, batches, results_.budget()->pool());
  if (!rows.ok() && rows.status().IsOutOfMemory()) {
    Refuse(ResultRefusal::kNoMemory);
    return Status::OK();
  }
  ICEFRAME_ASSIGN_OR_RETURN(entry->rows, std::move(rows));
  num_bytes = entry->rows.num_bytes;
  results_.Put(key, {std::move(entry), num_bytes, num_bytes, ttl});
  ShareBytes();
  return Status::OK();
}

std::shared_ptr<const KeptRows> QueryCache::Get(const OperationContext& context,
                                                const TableIdentifier& table,
                                                const std::string& parameters) {
  const std::string key = CallersKey(table, parameters);
  std::shared_ptr<const Entry> entry = results_.Find(key);
  if (entry != nullptr && HaveChanged(entry->locations, context, table)) results_.Erase(key);
  entry = results_.Get(key);
  if (entry == nullptr) return nullptr;
  internal::BytesGivenBack("memory").Increment(entry->rows.num_bytes);
  return {entry, &entry->rows};
}

void QueryCache::Invalidate(const TableIdentifier& table) {
  const std::string name = table.ToString();
  (void)results_.EraseIf([&name](const CacheEntry<Entry>& entry) {
    return std::ranges::any_of(entry.value->tables,
                               [&](const EntryTable& made_of) { return made_of.name == name; });
  });
  file_answers_->Clear();
}

void QueryCache::Clear() {
  results_.Clear();
  file_answers_->Clear();
}

QueryCacheEntry QueryCache::Describe(const CacheEntry<Entry>& entry) {
  QueryCacheEntry described;
  described.tables = entry.value->tables;
  described.is_callers = entry.value->is_callers;
  described.num_rows = entry.value->rows.num_rows;
  described.num_bytes = entry.weight_bytes;
  described.created_at_ms = entry.created_at_ms;
  described.expires_at_ms = entry.expires_at_ms;
  return described;
}

QueryCacheStats QueryCache::stats() const {
  QueryCacheStats stats;
  for (const CacheEntry<Entry>& entry : results_.Entries()) {
    stats.entries.push_back(Describe(entry));
  }
  stats.results = results_.stats();
  stats.files = file_answers_->stats();
  for (size_t i = 0; i < stats.refusals.size(); ++i) {
    stats.refusals[i] = refusals_[i].load(std::memory_order_relaxed);
  }
  // The store's own refusals: the budget shrank after the rows were made.
  stats.refusals[static_cast<size_t>(ResultRefusal::kTooLarge)] += stats.results.refusals.too_large;
  stats.refusals[static_cast<size_t>(ResultRefusal::kNoMemory)] += stats.results.refusals.no_memory;
  return stats;
}

}  // namespace iceframe
