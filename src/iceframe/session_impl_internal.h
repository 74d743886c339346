// SPDX-License-Identifier: Apache-2.0
// The session behind session.h: its calls as operations in session_operations.cc; what they do to
// tables in session.cc, writes in session_write.cc, reads in session_read.cc.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/session.h"

namespace iceframe::internal {

class SessionImpl final : public Session {
 public:
  SessionImpl(std::shared_ptr<Catalog> catalog, std::shared_ptr<MemoryBudget> memory,
              std::shared_ptr<const Properties> settings, std::shared_ptr<LogSink> log)
      : catalog_(std::move(catalog)),
        memory_(std::move(memory)),
        settings_(std::move(settings)),
        log_(std::move(log)) {}

  OperationContext NewOperation() const override;
  const std::shared_ptr<MemoryBudget>& memory() const override { return memory_; }
  const std::shared_ptr<Catalog>& catalog() const override { return catalog_; }
  OperationObservers& observers() const override { return *observers_; }
  std::string ToString() const override;

  Result<std::shared_ptr<const Table>> CreateTable(const OperationContext& context,
                                                   std::string_view name,
                                                   std::shared_ptr<const Schema> schema,
                                                   const CreateTableOptions& options) override;
  Result<std::shared_ptr<const Table>> LoadTable(const OperationContext& context,
                                                 std::string_view name) override;
  Result<bool> TableExists(const OperationContext& context, std::string_view name) override;
  Status DropTable(const OperationContext& context, std::string_view name, bool purge) override;
  Status RenameTable(const OperationContext& context, std::string_view from,
                     std::string_view to) override;
  Result<std::shared_ptr<const Table>> RegisterTable(const OperationContext& context,
                                                     std::string_view name,
                                                     const std::string& metadata_location) override;
  Result<std::vector<std::string>> ListTables(const OperationContext& context,
                                              std::string_view name_space) override;

  Result<WriteReport> Append(const OperationContext& context, std::string_view name,
                             arrow::RecordBatchReader& batches,
                             const CommitOptions& options) override;
  Result<WriteReport> Overwrite(const OperationContext& context, std::string_view name,
                                arrow::RecordBatchReader& batches, const Expression& filter,
                                const OverwriteOptions& options) override;

  Result<std::shared_ptr<arrow::RecordBatchReader>> Scan(const OperationContext& context,
                                                         std::string_view name,
                                                         const ScanOptions& options) override;
  Result<std::shared_ptr<arrow::RecordBatchReader>> Scan(const OperationContext& context,
                                                         const std::shared_ptr<const Table>& table,
                                                         const ScanOptions& options) override;

  Result<int64_t> CountRows(const OperationContext& context,
                            const std::shared_ptr<const Table>& table,
                            const ScanOptions& options) override;

  Result<std::shared_ptr<arrow::RecordBatchReader>> Execute(const OperationContext& context,
                                                            const Query& query,
                                                            const QueryOptions& options) override;
  Result<Explanation> Explain(const OperationContext& context, const Query& query, bool analyze,
                              const QueryOptions& options) override;

 private:
  // What the calls above do, as part of the operation that each of them is.
  Result<std::shared_ptr<const Table>> DoCreateTable(const OperationContext& context,
                                                     std::string_view name,
                                                     std::shared_ptr<const Schema> schema,
                                                     const CreateTableOptions& options);
  Result<std::shared_ptr<const Table>> DoLoadTable(const OperationContext& context,
                                                   std::string_view name);
  Result<bool> DoTableExists(const OperationContext& context, std::string_view name);
  Status DoDropTable(const OperationContext& context, std::string_view name, bool purge);
  Status DoRenameTable(const OperationContext& context, std::string_view from, std::string_view to);
  Result<std::shared_ptr<const Table>> DoRegisterTable(const OperationContext& context,
                                                       std::string_view name,
                                                       const std::string& metadata_location);
  Result<std::vector<std::string>> DoListTables(const OperationContext& context,
                                                std::string_view name_space);

  Result<WriteReport> DoAppend(const OperationContext& context, std::string_view name,
                               arrow::RecordBatchReader& batches, const CommitOptions& options);
  Result<WriteReport> DoOverwrite(const OperationContext& context, std::string_view name,
                                  arrow::RecordBatchReader& batches, const Expression& filter,
                                  const OverwriteOptions& options);

  Result<std::shared_ptr<arrow::RecordBatchReader>> DoScan(const OperationContext& context,
                                                           std::string_view name,
                                                           const ScanOptions& options);
  Result<std::shared_ptr<arrow::RecordBatchReader>> DoScan(
      const OperationContext& context, const std::shared_ptr<const Table>& table,
      const ScanOptions& options);

  Result<int64_t> DoCountRows(const OperationContext& context,
                              const std::shared_ptr<const Table>& table,
                              const ScanOptions& options);

  Result<std::shared_ptr<arrow::RecordBatchReader>> DoExecute(const OperationContext& context,
                                                              const Query& query,
                                                              const QueryOptions& options);
  Result<Explanation> DoExplain(const OperationContext& context, const Query& query, bool analyze,
                                const QueryOptions& options);

  Result<PlanPtr> Plan(const OperationContext& context, const Query& query,
                       const QueryOptions& options);

  const std::shared_ptr<Catalog> catalog_;
  const std::shared_ptr<MemoryBudget> memory_;
  const std::shared_ptr<const Properties> settings_;
  const std::shared_ptr<LogSink> log_;
  const std::shared_ptr<OperationObservers> observers_ = std::make_shared<OperationObservers>();
};

/// "t" is "default.t"; "a.b.t" is t in a.b. Errors: InvalidArgument.
Result<TableIdentifier> ResolveTableName(std::string_view name);

}  // namespace iceframe::internal
