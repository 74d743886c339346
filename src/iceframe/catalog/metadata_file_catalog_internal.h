// SPDX-License-Identifier: Apache-2.0
// The catalog of every store that keeps a pointer to a metadata file for each table.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "iceframe/catalog/catalog.h"
#include "iceframe/catalog/pointer_store_internal.h"
#include "iceframe/catalog/staged_metadata_internal.h"
#include "iceframe/catalog/warehouse_internal.h"

namespace iceframe {

/// Names, namespaces and commits over a PointerStore: tables in metadata_file_catalog.cc, commits
/// in metadata_file_commit.cc, namespaces in metadata_file_namespaces.cc.
///
/// A commit checks the requirements, writes the new metadata file durably and swaps the pointer in
/// one transaction. Until the transaction's end is sent nothing can have landed, and the file is
/// deleted again. After an error of the end itself the pointer is looked at: what is not found
/// there is unknown, and the file stays.
class MetadataFileCatalog final : public Catalog {
 public:
  /// `description` is what ToString returns, and `is_shared` whether every catalog that describes
  /// itself so has the same tables.
  MetadataFileCatalog(std::string name, std::string description, bool is_shared,
                      std::unique_ptr<PointerStore> store, Warehouse warehouse);

  const std::string& name() const override { return name_; }
  std::string ToString() const override { return description_; }
  std::string identity() const override { return is_shared_ ? description_ : Catalog::identity(); }

  Status Connect(const OperationContext& context) override { return store_->Connect(context); }
  std::shared_ptr<ConnectionPool> connections() const override { return store_->connections(); }
  std::shared_ptr<Catalog> Over(std::shared_ptr<LeasedConnection> connection) const override;

  Status CreateNamespace(const OperationContext& context, const Namespace& name_space,
                         const Properties& properties) override;
  Status DropNamespace(const OperationContext& context, const Namespace& name_space) override;
  Result<std::vector<Namespace>> ListNamespaces(const OperationContext& context,
                                                const Namespace& parent) override;
  Result<Properties> LoadNamespaceProperties(const OperationContext& context,
                                             const Namespace& name_space) override;
  Status UpdateNamespaceProperties(const OperationContext& context, const Namespace& name_space,
                                   const Properties& updates,
                                   const std::vector<std::string>& removals) override;
  Result<bool> NamespaceExists(const OperationContext& context,
                               const Namespace& name_space) override;

  Result<std::vector<TableIdentifier>> ListTables(const OperationContext& context,
                                                  const Namespace& name_space) override;
  Result<LoadedTable> CreateTable(const OperationContext& context,
                                  const CreateTableRequest& request) override;
  Result<LoadedTable> LoadTable(const OperationContext& context,
                                const TableIdentifier& identifier) override;
  Result<bool> TableExists(const OperationContext& context,
                           const TableIdentifier& identifier) override;
  Result<std::optional<std::string>> FindMetadataLocation(
      const OperationContext& context, const TableIdentifier& identifier) override;
  Status DropTable(const OperationContext& context, const TableIdentifier& identifier,
                   bool purge) override;
  Status RenameTable(const OperationContext& context, const TableIdentifier& from,
                     const TableIdentifier& to) override;
  Result<LoadedTable> RegisterTable(const OperationContext& context,
                                    const TableIdentifier& identifier,
                                    const std::string& metadata_location) override;

  CommitOutcome CommitTable(const OperationContext& context, const CommitRequest& request) override;
  CommitOutcome CommitTableLocked(const OperationContext& context,
                                  const TableIdentifier& identifier,
                                  const RebaseFunction& rebase) override;
  bool supports_locked_commit() const override { return store_->holds_what_it_finds(); }

  Result<std::shared_ptr<FileIO>> FileIOFor(const LoadedTable& table) override;

 private:
  /// A metadata file on its way into the catalog.
  struct Attempt {
    TableIdentifier identifier;
    /// What it replaces; nullopt: a new table.
    std::optional<LoadedTable> current;
    std::shared_ptr<FileIO> io;
    StagedMetadata staged;
  };

  /// Does `change` again while it is proved not to have been done because the store was away.
  template <typename Change>
  auto Changed(const Change& change) const {
    for (int left = store_->num_tries();; --left) {
      auto done = change();
      if (left <= 1 || KindOf(StatusOf(done)) != ErrorKind::kUnavailable) return done;
    }
  }
  static const Status& StatusOf(const Status& status) { return status; }
  template <typename T>
  static const Status& StatusOf(const Result<T>& result) {
    return result.status();
  }

  Status PutNewNamespace(const OperationContext& context, const Namespace& name_space,
                         const Properties& properties);
  Status RemoveNamespace(const OperationContext& context, const Namespace& name_space);
  /// Returns what was removed, with `to_purge` loaded and looked at.
  Result<LoadedTable> RemoveTable(const OperationContext& context,
                                  const TableIdentifier& identifier, bool to_purge);
  Status Rename(const OperationContext& context, const TableIdentifier& from,
                const TableIdentifier& to);
  Result<LoadedTable> AddNewTable(const OperationContext& context,
                                  const CreateTableRequest& request);

  /// Commits. An error that leaves open whether it landed is CommitStateUnknown, with `name`.
  static Status EndOf(PointerTransaction& transaction, const std::string& name);
  Result<LoadedTable> LoadAt(const OperationContext& context, const TableIdentifier& identifier,
                             const std::string& metadata_location) const;
  /// Ends the reading of the store before it reads the file; nullopt: no such table.
  Result<std::optional<LoadedTable>> FindAndLoad(const OperationContext& context,
                                                 const TableIdentifier& identifier) const;
  Result<std::string> LocationForNewTable(const OperationContext& context,
                                          const CreateTableRequest& request) const;
  Result<LoadedTable> AddTable(const OperationContext& context, const Attempt& attempt);

  Result<Attempt> Stage(const OperationContext& context, const CommitRequest& request,
                        std::optional<LoadedTable> current) const;
  Result<TransactionEnd> SwapPointer(const OperationContext& context, const Attempt& attempt);
  CommitOutcome Conclude(const OperationContext& context, const Attempt& attempt,
                         const Result<TransactionEnd>& end) const;
  bool HasLanded(const OperationContext& context, const Attempt& attempt) const;
  CommitOutcome TryCommit(const OperationContext& context, const CommitRequest& request);
  CommitOutcome TryCommitLocked(const OperationContext& context, const TableIdentifier& identifier,
                                const RebaseFunction& rebase);

  const std::string name_;
  const std::string description_;
  const bool is_shared_;
  const std::unique_ptr<PointerStore> store_;
  const Warehouse warehouse_;
};

}  // namespace iceframe
