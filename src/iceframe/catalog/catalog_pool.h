// SPDX-License-Identifier: Apache-2.0
// Connections to a catalog, to be taken and given back.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "iceframe/base/result.h"
#include "iceframe/catalog/catalog.h"
#include "iceframe/catalog/connection_pool.h"
#include "iceframe/catalog/leased_connection.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

class CatalogPool;

/// A connection taken from a CatalogPool; given back when it is destroyed.
class CatalogLease {
 public:
  CatalogLease(std::shared_ptr<CatalogPool> pool, std::shared_ptr<LeasedConnection> connection)
      : pool_(std::move(pool)), connection_(std::move(connection)) {}
  CatalogLease(CatalogLease&&) noexcept = default;
  CatalogLease& operator=(CatalogLease&& other) noexcept;
  ~CatalogLease();

  /// The catalog over this connection alone, made by the first call. It may outlive the lease, as
  /// tables that were loaded from it may: it draws from the pool then.
  const std::shared_ptr<Catalog>& catalog();
  bool is_returned() const { return connection_ == nullptr || connection_->is_returned(); }
  const CatalogPool* pool() const { return pool_.get(); }

 private:
  friend class CatalogPool;
  std::shared_ptr<CatalogPool> pool_;
  std::shared_ptr<LeasedConnection> connection_;
  std::shared_ptr<Catalog> catalog_;
};

/// Lends connections of a catalog. All pools of one catalog share its connections, as sessions over
/// it do; each has its own timeout and its own end. Thread-safe.
class CatalogPool : public std::enable_shared_from_this<CatalogPool> {
 public:
  /// The catalog's connections get these options. A catalog without connections (one in memory)
  /// counts its users.
  static std::shared_ptr<CatalogPool> Make(
      std::shared_ptr<Catalog> catalog, const ConnectionPoolOptions& options = {},
      std::chrono::milliseconds timeout = std::chrono::seconds(30));
  CatalogPool(const CatalogPool&) = delete;
  CatalogPool& operator=(const CatalogPool&) = delete;
  ~CatalogPool();

  /// Waits in line for at most `timeout`. Errors: Timeout; Cancelled; Unavailable when it is
  /// closed; those of connecting.
  Result<CatalogLease> Acquire(const OperationContext& context);
  Result<CatalogLease> Acquire(const OperationContext& context, std::chrono::milliseconds timeout);
  /// If one is idle, without waiting or connecting; else nullopt.
  Result<std::optional<CatalogLease>> TryAcquire();
  /// Errors: InvalidArgument if the lease is of another pool or was given back before.
  Status Return(CatalogLease& lease);

  /// Lends no more and waits until all its leases are back, then closes. Errors: Timeout, which
  /// says how many are missing (they are closed as they come back); Cancelled.
  Status Drain(const OperationContext& context, std::chrono::milliseconds timeout);
  /// Lends no more, ends its waits with Unavailable, and closes the catalog's idle connections and,
  /// as they come back, the used ones. Sessions open new ones as they need them.
  void Close();
  bool is_closed() const;

  std::chrono::milliseconds timeout() const { return timeout_; }

  const std::shared_ptr<Catalog>& catalog() const { return catalog_; }
  const std::shared_ptr<ConnectionPool>& connections() const { return connections_; }

 private:
  CatalogPool(std::shared_ptr<Catalog> catalog, std::shared_ptr<ConnectionPool> connections,
              std::chrono::milliseconds timeout);
  Status CheckOpen() const;
  CatalogLease Lend(ConnectionLease connection);

  const std::shared_ptr<Catalog> catalog_;
  const std::shared_ptr<ConnectionPool> connections_;
  const std::chrono::milliseconds timeout_;
  ConnectionPool::Owner owner_;
  std::atomic<int64_t> num_lent_{0};
};

}  // namespace iceframe
