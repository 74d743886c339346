// SPDX-License-Identifier: Apache-2.0
// Where a catalog keeps the pointer to each table's current metadata file, and its namespaces.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/catalog/identifier.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// A key that no property of a namespace has: stores may keep a namespace without properties by it,
/// as SQL catalogs of all implementations do.
inline constexpr std::string_view kNamespaceExistsKey = "exists";

/// How the end of a transaction went.
struct TransactionEnd {
  Status status;
  /// False only if it is proved that nothing was changed.
  bool may_have_landed = false;
};

/// What a store holds, for one operation. Used by one thread.
///
/// A namespace exists if it was put there, or if a table or another namespace lies in it.
class PointerReader {
 public:
  virtual ~PointerReader() = default;

  /// The location of the table's metadata file (empty where the row has none); nullopt: no such
  /// table.
  virtual Result<std::optional<std::string>> Find(const TableIdentifier& identifier) = 0;
  /// Names, in any order.
  virtual Result<std::vector<std::string>> TablesIn(const Namespace& name_space) = 0;
  /// The name of a table, other than `identifier`, whose metadata file lies below `location`;
  /// nullopt if there is none.
  virtual Result<std::optional<std::string>> OtherTableBelow(const std::string& location,
                                                             const TableIdentifier& identifier) = 0;

  virtual Result<bool> NamespaceExists(const Namespace& name_space) = 0;
  /// All that are named by a namespace or a table, at any depth below `parent`, in any order.
  virtual Result<std::vector<Namespace>> NamespacesBelow(const Namespace& parent) = 0;
  /// Empty where the namespace has none or does not exist.
  virtual Result<Properties> NamespaceProperties(const Namespace& name_space) = 0;
};

/// Changes that land together or not at all; destroyed before Commit, none does.
///
/// Read first, then change: whether reads see the transaction's own changes is left open.
class PointerTransaction : public PointerReader {
 public:
  /// Errors: AlreadyExists.
  virtual Status Insert(const TableIdentifier& identifier, const std::string& location) = 0;
  /// Points to `to` where the pointer still is `from`; returns whether it was.
  virtual Result<bool> Swap(const TableIdentifier& identifier, const std::string& from,
                            const std::string& to) = 0;
  /// Returns whether it was there. Errors: AlreadyExists.
  virtual Result<bool> Rename(const TableIdentifier& from, const TableIdentifier& to) = 0;
  /// Returns whether it was there.
  virtual Result<bool> Remove(const TableIdentifier& identifier) = 0;

  /// Makes the namespace where it is absent, takes `removals` away, then sets `updates`.
  virtual Status PutNamespace(const Namespace& name_space, const Properties& updates,
                              const std::vector<std::string>& removals) = 0;
  virtual Status RemoveNamespace(const Namespace& name_space) = 0;

  /// Makes the changes durable. CommitConflict where another writer was first, if the store finds
  /// out only now. Nothing may be called after it.
  virtual TransactionEnd Commit() = 0;
};

class ConnectionPool;
class LeasedConnection;

/// Thread-safe and, where it is shared, safe for many processes.
class PointerStore {
 public:
  virtual ~PointerStore() = default;
  /// See Catalog::Connect, connections and Over.
  virtual Status Connect(const OperationContext& /*context*/) { return Status::OK(); }
  virtual std::shared_ptr<ConnectionPool> connections() const { return nullptr; }
  virtual std::unique_ptr<PointerStore> Over(
      std::shared_ptr<LeasedConnection> /*connection*/) const {
    return nullptr;
  }
  /// Whether a pointer that a transaction found stays as it is until the transaction ends, since
  /// other writers wait. Locked commits need it.
  virtual bool holds_what_it_finds() const = 0;
  /// How often a change is tried that was kept from landing because the store was away.
  virtual int num_tries() const { return 1; }
  /// The context must outlive what is returned, here and below. Errors: Unavailable, Timeout,
  /// Cancelled, Unauthorized, Io.
  virtual Result<std::unique_ptr<PointerReader>> Read(const OperationContext& context) = 0;
  virtual Result<std::unique_ptr<PointerTransaction>> Write(const OperationContext& context) = 0;
};

}  // namespace iceframe
