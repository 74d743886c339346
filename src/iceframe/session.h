// SPDX-License-Identifier: Apache-2.0
// The front door: a catalog and everything one does with its tables.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/catalog/catalog.h"
#include "iceframe/execution/append.h"
#include "iceframe/execution/create_table.h"
#include "iceframe/execution/explanation.h"
#include "iceframe/execution/overwrite.h"
#include "iceframe/execution/scan_plan.h"
#include "iceframe/expression/expression.h"
#include "iceframe/prepared_query.h"
#include "iceframe/query/query.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/runtime/operation_observer.h"
#include "iceframe/services/data_skipper.h"
#include "iceframe/services/kept_rows.h"
#include "iceframe/services/parallel_reads.h"
#include "iceframe/services/query_advisor.h"
#include "iceframe/services/query_cache.h"
#include "iceframe/table/table.h"

namespace iceframe {

struct SessionOptions {
  /// The catalog's configuration; empty: the configured default, else an embedded SQLite catalog
  /// with a local warehouse (docs/settings.md says where).
  Properties catalog;
  /// Settings by name (docs/settings.md); an unknown one is refused.
  Properties settings;
  std::shared_ptr<LogSink> log;
  /// The session's budget is made below this one, whose limit several sessions may share; nullptr:
  /// below the process's.
  std::shared_ptr<MemoryBudget> memory;
  /// Ends opening, which may wait for a catalog.
  CancelToken cancel;
  /// Keeps the answers of queries that ask for it; nullptr: the process's does.
  std::shared_ptr<QueryCache> query_cache;
  /// The most connections to the catalog, which all sessions of its configuration share (see
  /// catalog/catalog_pool.h); nullopt: as it is, which is 5 at first.
  std::optional<int> pool_size;
  /// Whether the catalog is looked at now; else by its first use.
  bool connect = true;
};

/// A table among several that are read at once.
struct TableRead {
  std::string table;
  ScanOptions options = {};
};

/// One catalog and the engine over it. Thread-safe; make one and share it.
///
/// A name "a.b.t" is table t in namespace a.b; a bare "t" is "default.t". What a session does is
/// finding the table of a name and handing it on: the same functions take a Table without one.
class Session final {
 public:
  /// Opens the catalog that is meant. What the settings say of the process's threads is asked of
  /// ApplyExecutorSettings (runtime/configure_executor.h).
  static Result<std::shared_ptr<Session>> Open(SessionOptions options = {});
  /// As above, over a catalog that was made elsewhere; `options.catalog` says nothing then.
  static Result<std::shared_ptr<Session>> OpenOver(std::shared_ptr<Catalog> catalog,
                                                   SessionOptions options = {});
  /// A session over a catalog that was made elsewhere; reads no environment and no files.
  static Result<std::shared_ptr<Session>> Make(std::shared_ptr<Catalog> catalog,
                                               const Properties& settings = {},
                                               std::shared_ptr<LogSink> log = nullptr,
                                               std::shared_ptr<QueryCache> query_cache = nullptr);
  /// A session that shares this one's budget, settings, log, cache and observers, over a catalog
  /// that is the same seen otherwise, as through one connection (catalog/catalog_pool.h).
  std::shared_ptr<Session> Over(std::shared_ptr<Catalog> catalog) const;
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  /// "default.t" for "t"; what can't be a name is returned as it is.
  static std::string FullTableName(std::string_view name);

  /// A context of the session: its budget, settings and log, with a fresh cancel token.
  OperationContext NewOperation() const;
  /// What the session's operations hold now, with its limit (setting memory.limit).
  const std::shared_ptr<MemoryBudget>& memory() const;
  const std::shared_ptr<Catalog>& catalog() const;
  /// Its own, or the process's as it is now.
  std::shared_ptr<QueryCache> query_cache() const;
  /// Those who hear of the session's operations, each call below being one (operation_kinds.h), a
  /// reader's until it is read to its end or dropped. They may outlive the session.
  OperationObservers& observers() const;
  /// What the session's scans skipped; those of all sessions: DataSkipper::Process().
  const std::shared_ptr<DataSkipper>& data_skipper() const;
  std::string ToString() const;

  /// iceframe::CreateTable (execution/create_table.h).
  Result<std::shared_ptr<const Table>> CreateTable(const OperationContext& context,
                                                   std::string_view name,
                                                   std::shared_ptr<const Schema> schema,
                                                   const CreateTableOptions& options);
  Result<std::shared_ptr<const Table>> LoadTable(const OperationContext& context,
                                                 std::string_view name);
  Result<bool> TableExists(const OperationContext& context, std::string_view name);
  Status DropTable(const OperationContext& context, std::string_view name, bool purge);
  /// Errors: NotFound; AlreadyExists if `to` is taken. The files stay where they are.
  Status RenameTable(const OperationContext& context, std::string_view from, std::string_view to);
  /// Adds a table to the catalog by its metadata file; makes the namespace where it is missing.
  Result<std::shared_ptr<const Table>> RegisterTable(const OperationContext& context,
                                                     std::string_view name,
                                                     const std::string& metadata_location);
  /// "ns.table" names, sorted. Errors: NotFound for a namespace that is not there; "default", which
  /// comes with its first table, is empty then.
  Result<std::vector<std::string>> ListTables(const OperationContext& context,
                                              std::string_view name_space);

  /// AppendRows and OverwriteRows (execution/append.h, overwrite.h) on the table as it is now.
  Result<WriteReport> Append(const OperationContext& context, std::string_view name,
                             arrow::RecordBatchReader& batches, const CommitOptions& options);
  Result<WriteReport> Overwrite(const OperationContext& context, std::string_view name,
                                arrow::RecordBatchReader& batches, const Expression& filter,
                                const OverwriteOptions& options);

  /// Plans and reads. The reader's schema depends on the table's schema and the options alone;
  /// batches come as they are asked for. Dropping the reader stops the scan.
  Result<std::shared_ptr<arrow::RecordBatchReader>> Scan(const OperationContext& context,
                                                         std::string_view name,
                                                         const ScanOptions& options);
  Result<std::shared_ptr<arrow::RecordBatchReader>> Scan(const OperationContext& context,
                                                         const std::shared_ptr<const Table>& table,
                                                         const ScanOptions& options);

  /// Scans several tables at once (services/parallel_reads.h), each as a scan of its own; their
  /// rows or errors, which name the table, in the order given.
  Result<std::vector<ReadOutcome>> ReadTables(const OperationContext& context,
                                              const std::vector<TableRead>& reads,
                                              const ParallelReadOptions& options = {});

  /// Returns how many rows of a table match, from metadata as far as it tells; of other files only
  /// the filter's columns are read. Of `options`, version and rows count.
  /// Errors: those of Scan.
  Result<int64_t> CountRows(const OperationContext& context,
                            const std::shared_ptr<const Table>& table, const ScanOptions& options);

  /// Binds and plans a query. Its tables are loaded now, each once, so that all its parts see one
  /// state; batches are computed as they are asked for. Dropping the reader stops it.
  /// Errors: InvalidArgument naming the column or step; NotFound; while reading, those of Scan,
  /// ResourceExhausted when memory.limit is reached, and InvalidArgument (overflow, failed casts).
  Result<std::shared_ptr<arrow::RecordBatchReader>> Execute(const OperationContext& context,
                                                            const Query& query,
                                                            const QueryOptions& options = {});
  /// As above. A query that takes part in a cache is answered with what is kept for its tables'
  /// present states, or else computed by this call; an answer that was found is not bound and
  /// planned anew.
  Result<std::shared_ptr<arrow::RecordBatchReader>> Execute(const OperationContext& context,
                                                            const PreparedQuery& query);
  /// The answer if it is kept and the query was executed since its tables last changed; nullptr:
  /// Execute finds out. Asks the catalog where the tables are, and reads no file.
  Result<std::shared_ptr<const KeptRows>> FindKept(const OperationContext& context,
                                                   const PreparedQuery& query);
  /// What the query does: as planned, from manifests alone; with `analyze` it is run, its rows are
  /// dropped, and what happened is told.
  Result<Explanation> Explain(const OperationContext& context, const Query& query,
                              bool analyze = false, const QueryOptions& options = {});

  /// What the query reads of its tables and what would make it cheaper, from their manifests
  /// (services/query_advisor.h): nothing is executed, no data file is opened.
  Result<QueryAnalysis> Analyze(const OperationContext& context, const Query& query);
  /// The same for a query of one table that is given by its expressions.
  Result<QueryAnalysis> Analyze(const OperationContext& context, std::string_view table,
                                const QueryExpressions& query);

 private:
  class Impl;
  explicit Session(std::unique_ptr<const Impl> impl);
  // `context` has the budget that the session's is made below.
  static Result<std::shared_ptr<Session>> MakeWith(const OperationContext& context,
                                                   std::shared_ptr<Catalog> catalog,
                                                   std::shared_ptr<QueryCache> query_cache);

  const std::unique_ptr<const Impl> impl_;
};

}  // namespace iceframe
