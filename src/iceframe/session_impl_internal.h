// SPDX-License-Identifier: Apache-2.0
// The session behind session.h: its calls as operations in session_operations.cc; what they do to
// tables in session.cc, writes in session_write.cc, reads in session_read.cc, of those what caches
// answer in session_cache.cc.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "iceframe/execution/plan_resources.h"
#include "iceframe/query/optimizer.h"
#include "iceframe/session.h"

namespace iceframe {

/// What the calls of a session do, each as part of the operation that it is: a name becomes a
/// table, and a function below takes that.
class Session::Impl {
 public:
  Impl(std::shared_ptr<Catalog> catalog, std::shared_ptr<MemoryBudget> memory,
       std::shared_ptr<const Properties> settings, std::shared_ptr<LogSink> log,
       std::shared_ptr<QueryCache> query_cache)
      : catalog_(std::move(catalog)),
        memory_(std::move(memory)),
        settings_(std::move(settings)),
        log_(std::move(log)),
        query_cache_(std::move(query_cache)) {
    observers_->Add(data_skipper_);
  }
  /// The same session over another catalog.
  Impl(const Impl& other, std::shared_ptr<Catalog> catalog)
      : catalog_(std::move(catalog)),
        memory_(other.memory_),
        settings_(other.settings_),
        log_(other.log_),
        query_cache_(other.query_cache_),
        data_skipper_(other.data_skipper_),
        observers_(other.observers_) {}

  std::unique_ptr<const Impl> Over(std::shared_ptr<Catalog> catalog) const {
    return std::make_unique<const Impl>(*this, std::move(catalog));
  }

  OperationContext NewOperation() const;
  const std::shared_ptr<MemoryBudget>& memory() const { return memory_; }
  const std::shared_ptr<Catalog>& catalog() const { return catalog_; }
  std::shared_ptr<QueryCache> query_cache() const {
    return query_cache_ != nullptr ? query_cache_ : QueryCache::Process();
  }
  OperationObservers& observers() const { return *observers_; }
  const std::shared_ptr<DataSkipper>& data_skipper() const { return data_skipper_; }

  Result<std::shared_ptr<const Table>> CreateTable(const OperationContext& context,
                                                   std::string_view name,
                                                   std::shared_ptr<const Schema> schema,
                                                   const CreateTableOptions& options) const;
  Result<std::shared_ptr<const Table>> LoadTable(const OperationContext& context,
                                                 std::string_view name) const;
  Result<bool> TableExists(const OperationContext& context, std::string_view name) const;
  Status DropTable(const OperationContext& context, std::string_view name, bool purge) const;
  Status RenameTable(const OperationContext& context, std::string_view from,
                     std::string_view to) const;
  Result<std::shared_ptr<const Table>> RegisterTable(const OperationContext& context,
                                                     std::string_view name,
                                                     const std::string& metadata_location) const;
  Result<std::vector<std::string>> ListTables(const OperationContext& context,
                                              std::string_view name_space) const;

  Result<WriteReport> Append(const OperationContext& context, std::string_view name,
                             arrow::RecordBatchReader& batches, const CommitOptions& options) const;
  Result<WriteReport> Overwrite(const OperationContext& context, std::string_view name,
                                arrow::RecordBatchReader& batches, const Expression& filter,
                                const OverwriteOptions& options) const;

  Result<std::shared_ptr<arrow::RecordBatchReader>> Scan(const OperationContext& context,
                                                         std::string_view name,
                                                         const ScanOptions& options) const;
  Result<std::shared_ptr<arrow::RecordBatchReader>> Scan(const OperationContext& context,
                                                         const std::shared_ptr<const Table>& table,
                                                         const ScanOptions& options) const;

  Result<int64_t> CountRows(const OperationContext& context,
                            const std::shared_ptr<const Table>& table,
                            const ScanOptions& options) const;

  Result<std::shared_ptr<arrow::RecordBatchReader>> Execute(const OperationContext& context,
                                                            const Query& query,
                                                            const QueryOptions& options) const;
  Result<std::shared_ptr<arrow::RecordBatchReader>> Execute(const OperationContext& context,
                                                            const PreparedQuery& prepared) const;
  Result<std::shared_ptr<const KeptRows>> FindKept(const OperationContext& context,
                                                   const PreparedQuery& prepared) const;
  /// Tells the operation what FindKept found.
  void NoteKept(const OperationContext& context, const PreparedQuery& prepared,
                const KeptRows& kept) const;
  Result<Explanation> Explain(const OperationContext& context, const Query& query, bool analyze,
                              const QueryOptions& options) const;
  Result<QueryAnalysis> Analyze(const OperationContext& context, const Query& query) const;
  Result<QueryAnalysis> Analyze(const OperationContext& context, std::string_view table,
                                const QueryExpressions& query) const;

 private:
  /// A query's meaning and the tables' states that it has it in.
  struct Bound {
    PlanPtr plan;
    std::vector<TableState> states;
  };
  /// A query as it asks a cache.
  struct Asked {
    PlanPtr plan;
    ResultRequest request;
    PlanResources resources;
    /// Set: it does not take part.
    std::optional<ResultRefusal> refusal;
  };
  Result<Bound> Bind(const OperationContext& context, const Query& query) const;
  Result<PlanPtr> Plan(const OperationContext& context, const Query& query,
                       const QueryOptions& options) const;
  /// `effects`: gets what the optimizer's rules changed; nullptr: nobody asks.
  Result<Asked> Ask(const OperationContext& context, const Query& query,
                    const QueryOptions& options, std::vector<RuleEffect>* effects = nullptr) const;
  Result<std::shared_ptr<arrow::RecordBatchReader>> Answer(const OperationContext& context,
                                                           const Asked& asked) const;
  void Remember(const Asked& asked, const PreparedQuery& prepared) const;
  Result<Explanation> ExplainCached(const OperationContext& context, const Query& query,
                                    bool analyze, const QueryOptions& options) const;

  const std::shared_ptr<Catalog> catalog_;
  const std::shared_ptr<MemoryBudget> memory_;
  const std::shared_ptr<const Properties> settings_;
  const std::shared_ptr<LogSink> log_;
  // nullptr: the process's.
  const std::shared_ptr<QueryCache> query_cache_;
  const std::shared_ptr<DataSkipper> data_skipper_ = std::make_shared<DataSkipper>();
  const std::shared_ptr<OperationObservers> observers_ = std::make_shared<OperationObservers>();
};

}  // namespace iceframe
