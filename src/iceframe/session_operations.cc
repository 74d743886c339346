// SPDX-License-Identifier: Apache-2.0
// Each call of a session is an operation, which begins and ends here.
#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/operation_kinds.h"
#include "iceframe/runtime/running_operation.h"
#include "iceframe/session_impl_internal.h"

namespace iceframe::internal {

namespace {

std::string NameOf(const std::shared_ptr<const Table>& table) {
  return table->identifier().ToString();
}

}  // namespace

Result<std::shared_ptr<const Table>> SessionImpl::CreateTable(const OperationContext& context,
                                                              std::string_view name,
                                                              std::shared_ptr<const Schema> schema,
                                                              const CreateTableOptions& options) {
  return RunOperation(context, kCreateTableOperation, {FullTableName(name)},
                      [&](const OperationContext& own) {
                        return DoCreateTable(own, name, std::move(schema), options);
                      });
}

Result<std::shared_ptr<const Table>> SessionImpl::LoadTable(const OperationContext& context,
                                                            std::string_view name) {
  return RunOperation(context, kLoadTableOperation, {FullTableName(name)},
                      [&](const OperationContext& own) { return DoLoadTable(own, name); });
}

Result<bool> SessionImpl::TableExists(const OperationContext& context, std::string_view name) {
  return RunOperation(context, kTableExistsOperation, {FullTableName(name)},
                      [&](const OperationContext& own) { return DoTableExists(own, name); });
}

Status SessionImpl::DropTable(const OperationContext& context, std::string_view name, bool purge) {
  return RunOperation(context, kDropTableOperation, {FullTableName(name)},
                      [&](const OperationContext& own) { return DoDropTable(own, name, purge); });
}

Status SessionImpl::RenameTable(const OperationContext& context, std::string_view from,
                                std::string_view to) {
  return RunOperation(context, kRenameTableOperation, {FullTableName(from), FullTableName(to)},
                      [&](const OperationContext& own) { return DoRenameTable(own, from, to); });
}

Result<std::shared_ptr<const Table>> SessionImpl::RegisterTable(
    const OperationContext& context, std::string_view name, const std::string& metadata_location) {
  return RunOperation(
      context, kRegisterTableOperation, {FullTableName(name)},
      [&](const OperationContext& own) { return DoRegisterTable(own, name, metadata_location); });
}

Result<std::vector<std::string>> SessionImpl::ListTables(const OperationContext& context,
                                                         std::string_view name_space) {
  return RunOperation(context, kListTablesOperation, {},
                      [&](const OperationContext& own) { return DoListTables(own, name_space); });
}

Result<WriteReport> SessionImpl::Append(const OperationContext& context, std::string_view name,
                                        arrow::RecordBatchReader& batches,
                                        const CommitOptions& options) {
  return RunOperation(
      context, kAppendOperation, {FullTableName(name)},
      [&](const OperationContext& own) { return DoAppend(own, name, batches, options); });
}

Result<WriteReport> SessionImpl::Overwrite(const OperationContext& context, std::string_view name,
                                           arrow::RecordBatchReader& batches,
                                           const Expression& filter,
                                           const OverwriteOptions& options) {
  return RunOperation(context, kOverwriteOperation, {FullTableName(name)},
                      [&](const OperationContext& own) {
                        return DoOverwrite(own, name, batches, filter, options);
                      });
}

Result<std::shared_ptr<arrow::RecordBatchReader>> SessionImpl::Scan(const OperationContext& context,
                                                                    std::string_view name,
                                                                    const ScanOptions& options) {
  return StreamOperation(context, kScanOperation, {FullTableName(name)},
                         [&](const OperationContext& own) { return DoScan(own, name, options); });
}

Result<std::shared_ptr<arrow::RecordBatchReader>> SessionImpl::Scan(
    const OperationContext& context, const std::shared_ptr<const Table>& table,
    const ScanOptions& options) {
  return StreamOperation(context, kScanOperation, {NameOf(table)},
                         [&](const OperationContext& own) { return DoScan(own, table, options); });
}

Result<int64_t> SessionImpl::CountRows(const OperationContext& context,
                                       const std::shared_ptr<const Table>& table,
                                       const ScanOptions& options) {
  return RunOperation(
      context, kCountRowsOperation, {NameOf(table)},
      [&](const OperationContext& own) { return DoCountRows(own, table, options); });
}

Result<std::shared_ptr<arrow::RecordBatchReader>> SessionImpl::Execute(
    const OperationContext& context, const Query& query, const QueryOptions& options) {
  return StreamOperation(context, kQueryOperation, {}, [&](const OperationContext& own) {
    return DoExecute(own, query, options);
  });
}

Result<Explanation> SessionImpl::Explain(const OperationContext& context, const Query& query,
                                         bool analyze, const QueryOptions& options) {
  return RunOperation(context, kExplainOperation, {}, [&](const OperationContext& own) {
    return DoExplain(own, query, analyze, options);
  });
}

}  // namespace iceframe::internal
