// SPDX-License-Identifier: Apache-2.0
// Several changes of one table, in one commit.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/format/data_file.h"
#include "iceframe/table/append_files_action.h"
#include "iceframe/table/commit.h"
#include "iceframe/table/manage_refs_action.h"
#include "iceframe/table/overwrite_files_action.h"
#include "iceframe/table/table.h"
#include "iceframe/table/update_partition_spec_action.h"
#include "iceframe/table/update_schema_action.h"
#include "iceframe/table/update_sort_order_action.h"

namespace iceframe {

namespace internal {
class ActionSequence;
}

/// Changes of one table that become visible together, or not at all.
///
/// Each change sees the table as those before leave it (table()), and is checked when it is made;
/// one that fails is left out, and the transaction goes on. Every append or overwrite makes a
/// snapshot of its own, each the parent of the next, so that two appends give two sequence numbers.
/// When another writer was first, Commit replays all changes on what that one left, validators and
/// conflict checks included; snapshot ids and written manifests stay. The table's properties
/// commit.retry.* say how often.
///
/// Used once, by one thread at a time: a call after Commit or Abort, or while another call runs, is
/// an InvalidArgument. Ending it without Commit is Abort. Rows that it has written are not read
/// before it is committed.
class Transaction {
 public:
  /// The context's log, budget and settings are used for cleaning up.
  Transaction(const OperationContext& context, std::shared_ptr<const Table> table);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// The table as the changes so far would leave it. Not known to the catalog.
  const std::shared_ptr<const Table>& table() const { return table_; }
  /// The snapshots that the changes so far make, oldest first; they keep their ids.
  const std::vector<SnapshotId>& snapshot_ids() const;

  /// Once it has ended: InvalidArgument.
  Status CheckOpen() const;

  /// `context` for writing files of this transaction: they are made durable together, by Commit.
  OperationContext ForWriting(const OperationContext& context) const;

  /// Adds any action, made for table(). Its data files are deleted should it not get into the
  /// table: `written_files` names those. Errors: what the action refuses with; its files are
  /// deleted then.
  Status Add(const OperationContext& context, std::unique_ptr<TableAction> action,
             const std::vector<DataFile>& written_files = {});

  /// Files must be of a spec of table() and written with its schema; they are the transaction's
  /// from now on, also after an error.
  Status AppendFiles(const OperationContext& context, std::vector<DataFile> files,
                     AppendFilesOptions options = {});
  /// As AppendFiles, for OverwriteFilesAction.
  Status OverwriteFiles(const OperationContext& context, std::vector<DataFile> files,
                        OverwriteFilesOptions options = {});
  Status UpdateSchema(const OperationContext& context, std::vector<SchemaChange> changes);
  Status UpdatePartitionSpec(const OperationContext& context,
                             std::vector<PartitionSpecChange> changes);
  /// Replaces the sort order; without columns, there is none.
  Status UpdateSortOrder(const OperationContext& context, std::vector<SortBy> columns);
  Status UpdateProperties(const OperationContext& context, Properties updates,
                          std::vector<std::string> removals = {});
  /// Makes, moves or removes a branch or tag.
  Status ManageRefs(const OperationContext& context, RefChange change);

  /// Commits all changes at once; without any, nothing is done and the report has table(). Errors
  /// as CommitAction; after any of them but CommitStateUnknown the transaction's files are deleted.
  Result<CommitReport> Commit(const OperationContext& context, CommitWatch* watch = nullptr);
  /// Drops the changes and deletes the files that they wrote. Does nothing once it has ended.
  void Abort();

 private:
  class Use;
  /// Returns `status`, with the files that it concerns deleted.
  Status Refuse(Status status, const std::vector<DataFile>& written_files) const;
  void DeleteFiles(const std::vector<std::string>& locations) const;

  const OperationContext cleanup_;
  const std::shared_ptr<DeferredSyncs> syncs_ = std::make_shared<DeferredSyncs>();
  const std::shared_ptr<const Table> started_from_;
  std::shared_ptr<const Table> table_;
  std::unique_ptr<internal::ActionSequence> actions_;
  /// Files of rows, the transaction's until the table has them.
  std::vector<std::string> data_files_;
  bool has_changes_ = false;
  bool is_over_ = false;
  std::atomic<bool> is_in_use_ = false;
};

}  // namespace iceframe
