// SPDX-License-Identifier: Apache-2.0
// A catalog names tables and swaps their metadata atomically.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/base/uuid.h"
#include "iceframe/catalog/identifier.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/format/table_metadata_builder.h"
#include "iceframe/format/table_requirement.h"
#include "iceframe/format/table_update.h"
#include "iceframe/io/file_io.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

class ConnectionPool;
class LeasedConnection;

/// A table as a catalog returns it: metadata, not a handle.
struct LoadedTable {
  TableIdentifier identifier;
  /// Where the metadata was read from.
  std::string metadata_location;
  std::shared_ptr<const TableMetadata> metadata;
  /// What the catalog adds for this table (credentials, settings); empty for local ones.
  Properties config;
};

struct CreateTableRequest {
  TableIdentifier identifier;
  std::shared_ptr<const Schema> schema;
  PartitionSpec spec;
  SortOrder sort_order;
  Properties properties;
  /// Empty: the catalog chooses, below its warehouse or the namespace's location.
  std::string location;
  int32_t format_version = 2;
};

/// The change that one commit attempt asks for.
struct CommitRequest {
  TableIdentifier identifier;
  std::vector<TableRequirement> requirements;
  std::vector<TableUpdate> updates;
};

/// How one attempt ended; see docs/decisions on commit outcomes.
enum class CommitOutcomeKind : uint8_t {
  kCommitted,
  /// Proved not to have landed because another writer was first: retry on a new base.
  kConflict,
  /// Proved not to have landed, and a retry can't help.
  kRejected,
  /// May have landed: reconcile, never clean up.
  kUnknown,
};
/// "committed", "conflict", "rejected", "unknown".
std::string_view ToString(CommitOutcomeKind kind);

struct CommitOutcome {
  CommitOutcomeKind kind = CommitOutcomeKind::kUnknown;
  /// Set when committed.
  std::optional<LoadedTable> table;
  /// Why, when not committed.
  Status status;
};

/// Computes a commit's request anew from the table as it is now; called under the write lock, so
/// it must not call the catalog. An error ends the attempt: CommitConflict as kConflict, others as
/// kRejected.
using RebaseFunction = std::function<Result<CommitRequest>(const LoadedTable& current)>;

/// Implementations are thread-safe and, where what they keep is shared, safe for many processes.
/// CommitStateUnknown, from anything that changes, leaves open whether it was done. Other errors:
/// NotFound, AlreadyExists, InvalidArgument, Unavailable, Unauthorized, Io, Cancelled.
class Catalog {
 public:
  virtual ~Catalog() = default;
  virtual const std::string& name() const = 0;
  /// Says what the catalog is, without secrets: "sql catalog 'iceframe' at sqlite:///…".
  virtual std::string ToString() const = 0;
  /// Equal for catalogs that name the same tables for the same user, in this process and others;
  /// no other catalog ever has it. By default this object has one of its own.
  virtual std::string identity() const;

  /// Makes sure that the catalog can be used, as far as that is found out without changing it.
  virtual Status Connect(const OperationContext& /*context*/) { return Status::OK(); }
  /// What it talks through; nullptr: it has no connections.
  virtual std::shared_ptr<ConnectionPool> connections() const { return nullptr; }
  /// The same catalog through a connection of its pool, as long as that is on loan, and through
  /// the pool afterwards; nullptr where there are none.
  virtual std::shared_ptr<Catalog> Over(std::shared_ptr<LeasedConnection> /*connection*/) const {
    return nullptr;
  }

  virtual Status CreateNamespace(const OperationContext& context, const Namespace& name_space,
                                 const Properties& properties) = 0;
  /// Errors: InvalidArgument if it is not empty.
  virtual Status DropNamespace(const OperationContext& context, const Namespace& name_space) = 0;
  /// The namespaces directly below `parent` (empty: top level), sorted.
  virtual Result<std::vector<Namespace>> ListNamespaces(const OperationContext& context,
                                                        const Namespace& parent) = 0;
  virtual Result<Properties> LoadNamespaceProperties(const OperationContext& context,
                                                     const Namespace& name_space) = 0;
  virtual Status UpdateNamespaceProperties(const OperationContext& context,
                                           const Namespace& name_space, const Properties& updates,
                                           const std::vector<std::string>& removals) = 0;
  virtual Result<bool> NamespaceExists(const OperationContext& context,
                                       const Namespace& name_space) = 0;

  /// Sorted.
  virtual Result<std::vector<TableIdentifier>> ListTables(const OperationContext& context,
                                                          const Namespace& name_space) = 0;
  virtual Result<LoadedTable> CreateTable(const OperationContext& context,
                                          const CreateTableRequest& request) = 0;
  virtual Result<LoadedTable> LoadTable(const OperationContext& context,
                                        const TableIdentifier& identifier) = 0;
  virtual Result<bool> TableExists(const OperationContext& context,
                                   const TableIdentifier& identifier) = 0;
  /// Where the table's metadata is now, asked of the catalog without reading it; nullopt: there is
  /// no such table. By default the table is loaded.
  virtual Result<std::optional<std::string>> FindMetadataLocation(
      const OperationContext& context, const TableIdentifier& identifier);
  /// With `purge`, the table's files go too, those in the folders data and metadata of its
  /// location; what can't be deleted is logged. Errors: InvalidArgument, before anything is done,
  /// if other tables may lie there.
  virtual Status DropTable(const OperationContext& context, const TableIdentifier& identifier,
                           bool purge) = 0;
  /// Errors: NotFound for the table or the target's namespace; AlreadyExists if the target is
  /// there, the table itself included.
  virtual Status RenameTable(const OperationContext& context, const TableIdentifier& from,
                             const TableIdentifier& to) = 0;
  virtual Result<LoadedTable> RegisterTable(const OperationContext& context,
                                            const TableIdentifier& identifier,
                                            const std::string& metadata_location) = 0;

  /// Tries once: checks the requirements against the current metadata and changes it, or not, as
  /// one. With AssertCreate among the requirements, makes the table. What was written under the
  /// context is durable before anything can land: its deferred syncs are run. A file that the
  /// attempt itself wrote is deleted again only if it is proved not to have landed.
  virtual CommitOutcome CommitTable(const OperationContext& context,
                                    const CommitRequest& request) = 0;
  /// Tries once, holding the catalog's write lock from reading the current table to the swap, so
  /// that no other writer can come first. Catalogs without such a lock return Unsupported in
  /// `status` with kRejected; see supports_locked_commit.
  virtual CommitOutcome CommitTableLocked(const OperationContext& context,
                                          const TableIdentifier& identifier,
                                          const RebaseFunction& rebase);
  virtual bool supports_locked_commit() const { return false; }

  /// The FileIO for a table's files.
  virtual Result<std::shared_ptr<FileIO>> FileIOFor(const LoadedTable& table) = 0;

 private:
  const std::string instance_ = NewUuid();
};

}  // namespace iceframe
