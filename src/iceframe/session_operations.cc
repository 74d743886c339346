// SPDX-License-Identifier: Apache-2.0
// Each call of a session is an operation, which begins and ends here.
#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/operation_kinds.h"
#include "iceframe/runtime/running_operation.h"
#include "iceframe/runtime/runtime_counters.h"
#include "iceframe/session_impl_internal.h"

namespace iceframe {

namespace {

std::string NameOf(const std::shared_ptr<const Table>& table) {
  return table->identifier().ToString();
}

}  // namespace

Result<std::shared_ptr<const Table>> Session::CreateTable(const OperationContext& context,
                                                          std::string_view name,
                                                          std::shared_ptr<const Schema> schema,
                                                          const CreateTableOptions& options) {
  return RunOperation(context, kCreateTableOperation, {FullTableName(name)},
                      [&](const OperationContext& own) {
                        return impl_->CreateTable(own, name, std::move(schema), options);
                      });
}

Result<std::shared_ptr<const Table>> Session::LoadTable(const OperationContext& context,
                                                        std::string_view name) {
  return RunOperation(context, kLoadTableOperation, {FullTableName(name)},
                      [&](const OperationContext& own) { return impl_->LoadTable(own, name); });
}

Result<bool> Session::TableExists(const OperationContext& context, std::string_view name) {
  return RunOperation(context, kTableExistsOperation, {FullTableName(name)},
                      [&](const OperationContext& own) { return impl_->TableExists(own, name); });
}

Status Session::DropTable(const OperationContext& context, std::string_view name, bool purge) {
  return RunOperation(
      context, kDropTableOperation, {FullTableName(name)},
      [&](const OperationContext& own) { return impl_->DropTable(own, name, purge); });
}

Status Session::RenameTable(const OperationContext& context, std::string_view from,
                            std::string_view to) {
  return RunOperation(
      context, kRenameTableOperation, {FullTableName(from), FullTableName(to)},
      [&](const OperationContext& own) { return impl_->RenameTable(own, from, to); });
}

Result<std::shared_ptr<const Table>> Session::RegisterTable(const OperationContext& context,
                                                            std::string_view name,
                                                            const std::string& metadata_location) {
  return RunOperation(context, kRegisterTableOperation, {FullTableName(name)},
                      [&](const OperationContext& own) {
                        return impl_->RegisterTable(own, name, metadata_location);
                      });
}

Result<std::vector<std::string>> Session::ListTables(const OperationContext& context,
                                                     std::string_view name_space) {
  return RunOperation(context, kListTablesOperation, {}, [&](const OperationContext& own) {
    return impl_->ListTables(own, name_space);
  });
}

Result<WriteReport> Session::Append(const OperationContext& context, std::string_view name,
                                    arrow::RecordBatchReader& batches,
                                    const CommitOptions& options) {
  return RunOperation(
      context, kAppendOperation, {FullTableName(name)},
      [&](const OperationContext& own) { return impl_->Append(own, name, batches, options); });
}

Result<WriteReport> Session::Overwrite(const OperationContext& context, std::string_view name,
                                       arrow::RecordBatchReader& batches, const Expression& filter,
                                       const OverwriteOptions& options) {
  return RunOperation(context, kOverwriteOperation, {FullTableName(name)},
                      [&](const OperationContext& own) {
                        return impl_->Overwrite(own, name, batches, filter, options);
                      });
}

Result<std::shared_ptr<arrow::RecordBatchReader>> Session::Scan(const OperationContext& context,
                                                                std::string_view name,
                                                                const ScanOptions& options) {
  return StreamOperation(
      context, kScanOperation, {FullTableName(name)},
      [&](const OperationContext& own) { return impl_->Scan(own, name, options); });
}

Result<std::shared_ptr<arrow::RecordBatchReader>> Session::Scan(
    const OperationContext& context, const std::shared_ptr<const Table>& table,
    const ScanOptions& options) {
  return StreamOperation(
      context, kScanOperation, {NameOf(table)},
      [&](const OperationContext& own) { return impl_->Scan(own, table, options); });
}

Result<std::vector<ReadOutcome>> Session::ReadTables(const OperationContext& context,
                                                     const std::vector<TableRead>& reads,
                                                     const ParallelReadOptions& options) {
  std::vector<ParallelRead> scans;
  scans.reserve(reads.size());
  for (const TableRead& read : reads) {
    scans.push_back(
        {{"table", FullTableName(read.table)}, [this, &read](const OperationContext& own) {
           return Scan(own, read.table, read.options);
         }});
  }
  return ReadInParallel(context, scans, options);
}

Result<int64_t> Session::CountRows(const OperationContext& context,
                                   const std::shared_ptr<const Table>& table,
                                   const ScanOptions& options) {
  return RunOperation(
      context, kCountRowsOperation, {NameOf(table)},
      [&](const OperationContext& own) { return impl_->CountRows(own, table, options); });
}

Result<std::shared_ptr<arrow::RecordBatchReader>> Session::Execute(const OperationContext& context,
                                                                   const Query& query,
                                                                   const QueryOptions& options) {
  return StreamOperation(context, kQueryOperation, {}, [&](const OperationContext& own) {
    return impl_->Execute(own, query, options);
  });
}

Result<std::shared_ptr<arrow::RecordBatchReader>> Session::Execute(const OperationContext& context,
                                                                   const PreparedQuery& query) {
  return StreamOperation(context, kQueryOperation, {},
                         [&](const OperationContext& own) { return impl_->Execute(own, query); });
}

Result<std::shared_ptr<const KeptRows>> Session::FindKept(const OperationContext& context,
                                                          const PreparedQuery& query) {
  ICEFRAME_ASSIGN_OR_RETURN(auto kept, impl_->FindKept(context, query));
  // Else there was no operation.
  if (kept != nullptr) {
    ICEFRAME_RETURN_NOT_OK(
        RunOperation(context, kQueryOperation, {}, [&](const OperationContext& own) {
          impl_->NoteKept(own, query, *kept);
          own.counters->Add(RuntimeCount::kRowsReturned, kept->num_rows);
          return Status::OK();
        }));
  }
  return kept;
}

Result<Explanation> Session::Explain(const OperationContext& context, const Query& query,
                                     bool analyze, const QueryOptions& options) {
  return RunOperation(context, kExplainOperation, {}, [&](const OperationContext& own) {
    return impl_->Explain(own, query, analyze, options);
  });
}

Result<QueryAnalysis> Session::Analyze(const OperationContext& context, const Query& query) {
  return RunOperation(context, kExplainOperation, {},
                      [&](const OperationContext& own) { return impl_->Analyze(own, query); });
}

Result<QueryAnalysis> Session::Analyze(const OperationContext& context, std::string_view table,
                                       const QueryExpressions& query) {
  return RunOperation(
      context, kExplainOperation, {FullTableName(table)},
      [&](const OperationContext& own) { return impl_->Analyze(own, table, query); });
}

}  // namespace iceframe
