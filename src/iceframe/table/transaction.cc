// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/transaction.h"

#include <utility>

#include "iceframe/table/action_sequence_internal.h"
#include "iceframe/table/update_properties_action.h"

namespace iceframe {

// One call's turn: refused while another one runs, and once the transaction has ended.
class Transaction::Use {
 public:
  explicit Use(Transaction& transaction)
      : transaction_(transaction), has_turn_(!transaction.is_in_use_.exchange(true)) {}
  ~Use() {
    if (has_turn_) transaction_.is_in_use_.store(false);
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

  bool has_turn() const { return has_turn_; }
  Status Check() const {
    if (!has_turn_) {
      return Error(ErrorKind::kInvalidArgument,
                   "a transaction is used by one thread at a time, and another call runs: ",
                   transaction_.table_->identifier().ToString());
    }
    return transaction_.CheckOpen();
  }

 private:
  Transaction& transaction_;
  const bool has_turn_;
};

Transaction::Transaction(const OperationContext& context, std::shared_ptr<const Table> table)
    : cleanup_(context.ForCleanup()),
      started_from_(std::move(table)),
      table_(started_from_),
      actions_(std::make_unique<internal::ActionSequence>(LoadedTable{
          table_->identifier(), table_->metadata_location(), table_->metadata(), {}})) {}

Transaction::~Transaction() { Abort(); }

const std::vector<SnapshotId>& Transaction::snapshot_ids() const {
  return actions_->snapshot_ids();
}

namespace {

constexpr std::string_view kTransactionComponent = "table";

std::vector<std::string> LocationsOf(const std::vector<DataFile>& files) {
  std::vector<std::string> locations;
  locations.reserve(files.size());
  for (const DataFile& file : files) locations.push_back(file.file_path);
  return locations;
}

}  // namespace

Status Transaction::CheckOpen() const {
  if (!is_over_) return Status::OK();
  return Error(ErrorKind::kInvalidArgument,
               "the transaction has ended and can't be used again; begin another: ",
               started_from_->identifier().ToString());
}

OperationContext Transaction::ForWriting(const OperationContext& context) const {
  OperationContext writing = context;
  writing.deferred_syncs = syncs_;
  return writing;
}

Status Transaction::Refuse(Status status, const std::vector<DataFile>& written_files) const {
  DeleteFiles(LocationsOf(written_files));
  return status;
}

Status Transaction::Add(const OperationContext& context, std::unique_ptr<TableAction> action,
                        const std::vector<DataFile>& written_files) {
  const Use use(*this);
  Status status = use.Check();
  if (status.ok()) status = actions_->Add(ForWriting(context), *table_->io(), &action);
  if (!status.ok()) {
    DeleteFiles(action->UnusedFiles(nullptr));
    return Refuse(std::move(status), written_files);
  }
  for (const DataFile& file : written_files) data_files_.push_back(file.file_path);
  has_changes_ = true;
  table_ = started_from_->With(actions_->now());
  return Status::OK();
}

Status Transaction::AppendFiles(const OperationContext& context, std::vector<DataFile> files,
                                AppendFilesOptions options) {
  const std::vector<DataFile> written = files;
  auto action = AppendFilesAction::Make(*table_, std::move(files), std::move(options));
  if (!action.ok()) return Refuse(action.status(), written);
  return Add(context, *std::move(action), written);
}

Status Transaction::OverwriteFiles(const OperationContext& context, std::vector<DataFile> files,
                                   OverwriteFilesOptions options) {
  const std::vector<DataFile> written = files;
  auto action = OverwriteFilesAction::Make(*table_, std::move(files), std::move(options));
  if (!action.ok()) return Refuse(action.status(), written);
  return Add(context, *std::move(action), written);
}

Status Transaction::UpdateSchema(const OperationContext& context,
                                 std::vector<SchemaChange> changes) {
  return Add(context, std::make_unique<UpdateSchemaAction>(std::move(changes)));
}

Status Transaction::UpdatePartitionSpec(const OperationContext& context,
                                        std::vector<PartitionSpecChange> changes) {
  return Add(context, std::make_unique<UpdatePartitionSpecAction>(std::move(changes)));
}

Status Transaction::UpdateSortOrder(const OperationContext& context, std::vector<SortBy> columns) {
  return Add(context, std::make_unique<UpdateSortOrderAction>(std::move(columns)));
}

Status Transaction::UpdateProperties(const OperationContext& context, Properties updates,
                                     std::vector<std::string> removals) {
  ICEFRAME_ASSIGN_OR_RETURN(auto action,
                            UpdatePropertiesAction::Make(std::move(updates), std::move(removals)));
  return Add(context, std::move(action));
}

Status Transaction::ManageRefs(const OperationContext& context, RefChange change) {
  return Add(context, std::make_unique<ManageRefsAction>(std::move(change)));
}

Result<CommitReport> Transaction::Commit(const OperationContext& context, CommitWatch* watch) {
  const Use use(*this);
  ICEFRAME_RETURN_NOT_OK(use.Check());
  is_over_ = true;
  if (!has_changes_) return CommitReport{started_from_, std::nullopt, 0, false};
  Result<CommitReport> report = CommitAction(ForWriting(context), started_from_, *actions_, watch);
  if (report.ok()) {
    table_ = report->table;
  } else if (KindOf(report.status()) != ErrorKind::kCommitStateUnknown) {
    DeleteFiles(std::exchange(data_files_, {}));
  }
  return report;
}

void Transaction::Abort() {
  const Use use(*this);
  if (!use.Check().ok()) return;
  is_over_ = true;
  DeleteFiles(actions_->UnusedFiles(nullptr));
  DeleteFiles(std::exchange(data_files_, {}));
}

void Transaction::DeleteFiles(const std::vector<std::string>& locations) const {
  for (const std::string& location : locations) {
    const Status status = table_->io()->Delete(cleanup_, location);
    if (status.ok()) continue;
    cleanup_.Log(LogLevel::kWarning, kTransactionComponent,
                 "file of a transaction is left behind: ", location, ": ", status.message());
  }
}

}  // namespace iceframe
