// SPDX-License-Identifier: Apache-2.0
// The front door: a catalog and everything one does with its tables.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/catalog/catalog.h"
#include "iceframe/execution/append.h"
#include "iceframe/execution/explanation.h"
#include "iceframe/execution/overwrite.h"
#include "iceframe/execution/scan_plan.h"
#include "iceframe/expression/expression.h"
#include "iceframe/query/query.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/runtime/operation_observer.h"
#include "iceframe/table/partition_by.h"
#include "iceframe/table/sort_by.h"
#include "iceframe/table/table.h"

namespace iceframe {

struct SessionOptions {
  /// The catalog's configuration; empty: the configured default, else an embedded SQLite catalog
  /// with a local warehouse (docs/settings.md says where).
  Properties catalog;
  /// Settings by name (docs/settings.md); an unknown one is refused.
  Properties settings;
  std::shared_ptr<LogSink> log;
  /// Ends opening, which may wait for a catalog.
  CancelToken cancel;
};

struct QueryOptions {
  /// Rules of the optimizer that are left out, by name (docs/queries.md); for looking into plans.
  std::set<std::string> disabled_rules;
};

struct CreateTableOptions {
  std::vector<PartitionBy> partition_by;
  std::vector<SortBy> sort_by;
  Properties properties;
  std::string location;
  int32_t format_version = 2;
  /// The namespace is made where it is missing.
  bool create_namespace = true;
  /// A table that is there, or that another makes meanwhile, is returned as it is.
  bool exist_ok = false;
};

/// One catalog and the engine over it. Thread-safe; make one and share it.
///
/// A name "a.b.t" is table t in namespace a.b; a bare "t" is "default.t".
class Session : public std::enable_shared_from_this<Session> {
 public:
  static Result<std::shared_ptr<Session>> Open(SessionOptions options = {});
  /// A session over a catalog that was made elsewhere; reads no environment and no files.
  static Result<std::shared_ptr<Session>> Make(std::shared_ptr<Catalog> catalog,
                                               const Properties& settings = {},
                                               std::shared_ptr<LogSink> log = nullptr);
  virtual ~Session() = default;
  /// "default.t" for "t"; what can't be a name is returned as it is.
  static std::string FullTableName(std::string_view name);

  /// A context of the session: its budget, settings and log, with a fresh cancel token.
  virtual OperationContext NewOperation() const = 0;
  /// What the session's operations hold now, with its limit (setting memory.limit).
  virtual const std::shared_ptr<MemoryBudget>& memory() const = 0;
  virtual const std::shared_ptr<Catalog>& catalog() const = 0;
  /// Those who hear of the session's operations, each call below being one (operation_kinds.h), a
  /// reader's until it is read to its end or dropped. They may outlive the session.
  virtual OperationObservers& observers() const = 0;
  virtual std::string ToString() const = 0;

  /// Errors: AlreadyExists unless `exist_ok`; InvalidArgument naming the column or transform.
  virtual Result<std::shared_ptr<const Table>> CreateTable(const OperationContext& context,
                                                           std::string_view name,
                                                           std::shared_ptr<const Schema> schema,
                                                           const CreateTableOptions& options) = 0;
  virtual Result<std::shared_ptr<const Table>> LoadTable(const OperationContext& context,
                                                         std::string_view name) = 0;
  virtual Result<bool> TableExists(const OperationContext& context, std::string_view name) = 0;
  virtual Status DropTable(const OperationContext& context, std::string_view name, bool purge) = 0;
  /// Errors: NotFound; AlreadyExists if `to` is taken. The files stay where they are.
  virtual Status RenameTable(const OperationContext& context, std::string_view from,
                             std::string_view to) = 0;
  /// Adds a table to the catalog by its metadata file; makes the namespace where it is missing.
  virtual Result<std::shared_ptr<const Table>> RegisterTable(
      const OperationContext& context, std::string_view name,
      const std::string& metadata_location) = 0;
  /// "ns.table" names, sorted. Errors: NotFound for a namespace that is not there; "default", which
  /// comes with its first table, is empty then.
  virtual Result<std::vector<std::string>> ListTables(const OperationContext& context,
                                                      std::string_view name_space) = 0;

  /// AppendRows and OverwriteRows (execution/append.h, overwrite.h) on the table as it is now.
  virtual Result<WriteReport> Append(const OperationContext& context, std::string_view name,
                                     arrow::RecordBatchReader& batches,
                                     const CommitOptions& options) = 0;
  virtual Result<WriteReport> Overwrite(const OperationContext& context, std::string_view name,
                                        arrow::RecordBatchReader& batches, const Expression& filter,
                                        const OverwriteOptions& options) = 0;

  /// Plans and reads. The reader's schema depends on the table's schema and the options alone;
  /// batches come as they are asked for. Dropping the reader stops the scan.
  virtual Result<std::shared_ptr<arrow::RecordBatchReader>> Scan(const OperationContext& context,
                                                                 std::string_view name,
                                                                 const ScanOptions& options) = 0;
  virtual Result<std::shared_ptr<arrow::RecordBatchReader>> Scan(
      const OperationContext& context, const std::shared_ptr<const Table>& table,
      const ScanOptions& options) = 0;

  /// Returns how many rows of a table match, from metadata as far as it tells; of other files only
  /// the filter's columns are read. Of `options`, version and rows count.
  /// Errors: those of Scan.
  virtual Result<int64_t> CountRows(const OperationContext& context,
                                    const std::shared_ptr<const Table>& table,
                                    const ScanOptions& options) = 0;

  /// Binds and plans a query. Its tables are loaded now, each once, so that all its parts see one
  /// state; batches are computed as they are asked for. Dropping the reader stops it.
  /// Errors: InvalidArgument naming the column or step; NotFound; while reading, those of Scan,
  /// ResourceExhausted when memory.limit is reached, and InvalidArgument (overflow, failed casts).
  virtual Result<std::shared_ptr<arrow::RecordBatchReader>> Execute(
      const OperationContext& context, const Query& query, const QueryOptions& options = {}) = 0;
  /// What the query does: as planned, from manifests alone; with `analyze` it is run, its rows are
  /// dropped, and what happened is told.
  virtual Result<Explanation> Explain(const OperationContext& context, const Query& query,
                                      bool analyze = false, const QueryOptions& options = {}) = 0;
};

}  // namespace iceframe
