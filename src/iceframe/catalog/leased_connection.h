// SPDX-License-Identifier: Apache-2.0
// A connection on loan that several may use in turn, until it is given back.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "iceframe/base/result.h"
#include "iceframe/catalog/connection_pool.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// Held by who has the connection on loan and by the catalog over it, which may outlive the loan.
/// Thread-safe: a second use waits for the first one's end, and so does giving it back.
class LeasedConnection : public std::enable_shared_from_this<LeasedConnection> {
 public:
  explicit LeasedConnection(ConnectionLease lease) : lease_(std::move(lease)) {}
  LeasedConnection(const LeasedConnection&) = delete;
  LeasedConnection& operator=(const LeasedConnection&) = delete;

  /// A use of the connection, ended by its destruction.
  class Use {
   public:
    Use(std::shared_ptr<LeasedConnection> of, PooledConnection* connection)
        : of_(std::move(of)), connection_(connection) {}
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() { of_->EndUse(); }
    PooledConnection* connection() const { return connection_; }

   private:
    std::shared_ptr<LeasedConnection> of_;
    PooledConnection* connection_;
  };

  /// nullptr once it is given back. Errors: Timeout, Cancelled while another use lasts;
  /// InvalidArgument in a forked child, to which the connection does not belong.
  Result<std::shared_ptr<Use>> BeginUse(const OperationContext& context);
  /// Gives it back, at the end of a use that lasts. Returns false if it was given back before.
  bool Return();
  bool is_returned() const { return (state_.load() & kReturned) != 0; }

 private:
  friend class Use;
  static constexpr uint32_t kInUse = 1;
  static constexpr uint32_t kReturned = 2;
  void EndUse();

  ConnectionLease lease_;
  const uint64_t process_ = ForkGeneration();
  std::atomic<uint32_t> state_{0};
};

}  // namespace iceframe
