// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/catalog_pool.h"

#include <utility>

namespace iceframe {

namespace {

constexpr std::chrono::milliseconds kDrainPoll{1};

// Stands for a connection to a catalog that has none.
class PooledPlace final : public PooledConnection {
 public:
  Status Ping(const OperationContext& /*context*/) override { return Status::OK(); }
  Status Reset() override { return Status::OK(); }
};

Result<std::unique_ptr<PooledConnection>> MakePooledPlace(const OperationContext& /*context*/) {
  return std::make_unique<PooledPlace>();
}

}  // namespace

// -- leases ------------------------------------------------------------------------------------

CatalogLease& CatalogLease::operator=(CatalogLease&& other) noexcept {
  if (this != &other) {
    if (pool_ != nullptr && !is_returned()) (void)pool_->Return(*this);
    pool_ = std::move(other.pool_);
    connection_ = std::move(other.connection_);
    catalog_ = std::move(other.catalog_);
  }
  return *this;
}

CatalogLease::~CatalogLease() {
  if (pool_ != nullptr && !is_returned()) (void)pool_->Return(*this);
}

const std::shared_ptr<Catalog>& CatalogLease::catalog() {
  if (catalog_ == nullptr) catalog_ = pool_->catalog()->Over(connection_);
  if (catalog_ == nullptr) catalog_ = pool_->catalog();
  return catalog_;
}

// -- the pool ----------------------------------------------------------------------------------

CatalogPool::CatalogPool(std::shared_ptr<Catalog> catalog,
                         std::shared_ptr<ConnectionPool> connections,
                         std::chrono::milliseconds timeout)
    : catalog_(std::move(catalog)), connections_(std::move(connections)), timeout_(timeout) {}

CatalogPool::~CatalogPool() = default;

std::shared_ptr<CatalogPool> CatalogPool::Make(std::shared_ptr<Catalog> catalog,
                                               const ConnectionPoolOptions& options,
                                               std::chrono::milliseconds timeout) {
  std::shared_ptr<ConnectionPool> connections = catalog->connections();
  if (connections == nullptr) {
    connections = std::make_shared<ConnectionPool>(catalog->ToString(), &MakePooledPlace);
  }
  connections->Configure(options);
  return std::shared_ptr<CatalogPool>(
      new CatalogPool(std::move(catalog), std::move(connections), timeout));
}

Status CatalogPool::CheckOpen() const {
  if (!is_closed()) return Status::OK();
  return Error(ErrorKind::kUnavailable, "catalog pool is closed: ", connections_->name());
}

Result<CatalogLease> CatalogPool::Acquire(const OperationContext& context) {
  return Acquire(context, timeout_);
}

Result<CatalogLease> CatalogPool::Acquire(const OperationContext& context,
                                          std::chrono::milliseconds timeout) {
  ICEFRAME_RETURN_NOT_OK(CheckOpen());
  ICEFRAME_ASSIGN_OR_RETURN(auto connection,
                            connections_->Acquire(context, {.timeout = timeout, .owner = &owner_}));
  return Lend(std::move(connection));
}

Result<std::optional<CatalogLease>> CatalogPool::TryAcquire() {
  ICEFRAME_RETURN_NOT_OK(CheckOpen());
  ConnectionLease connection = connections_->TryAcquire();
  if (!connection) return std::nullopt;
  return Lend(std::move(connection));
}

CatalogLease CatalogPool::Lend(ConnectionLease connection) {
  ++num_lent_;
  return {shared_from_this(), std::make_shared<LeasedConnection>(std::move(connection))};
}

Status CatalogPool::Return(CatalogLease& lease) {
  if (lease.pool_.get() != this) {
    return Error(ErrorKind::kInvalidArgument,
                 "connection was not taken from this pool: ", connections_->name());
  }
  if (lease.connection_ == nullptr || !lease.connection_->Return()) {
    return Error(ErrorKind::kInvalidArgument,
                 "connection was given back already: ", connections_->name());
  }
  --num_lent_;
  return Status::OK();
}

Status CatalogPool::Drain(const OperationContext& context, std::chrono::milliseconds timeout) {
  connections_->EndWaits(&owner_);
  const auto until = std::chrono::steady_clock::now() + timeout;
  Status status;
  while (status.ok() && num_lent_ > 0) {
    if (std::chrono::steady_clock::now() >= until) {
      status =
          Error(ErrorKind::kTimeout, "connections were not given back within ", timeout.count(),
                " ms: ", connections_->name(), ": ", num_lent_.load(), " are missing");
      break;
    }
    status = context.Sleep(kDrainPoll);
  }
  Close();
  return status;
}

void CatalogPool::Close() {
  connections_->EndWaits(&owner_);
  connections_->CloseAll();
}

bool CatalogPool::is_closed() const { return owner_.has_ended; }

}  // namespace iceframe
