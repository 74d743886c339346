// SPDX-License-Identifier: Apache-2.0
// The memory budget: a tree of hard limits whose leaves are Arrow memory pools.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <arrow/memory_pool.h>

#include "iceframe/base/result.h"

namespace iceframe {

/// Who gives memory back first when a reservation would be refused.
enum class ReclaimOrder : uint8_t { kPrefetch, kCache, kSpill };

/// A node of the tree process → session → operation → operator. Thread-safe.
///
/// What a node reserves counts in every node above it. A reservation that would take any of them
/// over its limit is refused before anything is allocated (ResourceExhausted naming the node, what
/// was asked, used, the limit and the peak). A node lives until its last child, pool and buffer is
/// gone, so what was handed out stays charged and safe after its session.
class MemoryBudget : public std::enable_shared_from_this<MemoryBudget> {
 public:
  /// The process's root, without a limit until one is set here. The setting memory.limit is that of
  /// a session's node below it.
  static const std::shared_ptr<MemoryBudget>& Process();

  virtual ~MemoryBudget() = default;
  /// A node below this one; no limit of its own unless given.
  virtual std::shared_ptr<MemoryBudget> MakeChild(std::string name,
                                                  std::optional<int64_t> limit_bytes = {}) = 0;
  /// Takes `num_bytes` more, here and above, or nothing.
  virtual Status Reserve(int64_t num_bytes) = 0;
  /// Gives back what Reserve took.
  virtual void Release(int64_t num_bytes) = 0;
  /// A pool that allocates under this node: allocations count exactly, and fail with OutOfMemory
  /// at the limit. Lives as long as the budget; buffers keep both alive.
  virtual arrow::MemoryPool* pool() = 0;

  virtual const std::string& name() const = 0;
  virtual int64_t used_bytes() const = 0;
  virtual int64_t peak_bytes() const = 0;
  virtual std::optional<int64_t> limit_bytes() const = 0;  ///< The least one here and above.
  /// A limit below what is used refuses all further reservations until enough was given back.
  virtual void set_limit_bytes(std::optional<int64_t> limit_bytes) = 0;

  /// Tries to give back at least the bytes it is asked for; returns how many it gave.
  using Reclaimer = std::function<int64_t(int64_t num_bytes)>;
  /// Ends the registration when destroyed; a call on another thread may still be running then,
  /// so a reclaimer holds what it works on weakly.
  class ReclaimerRegistration;
  /// `reclaimer` holds memory under this node, and is asked for it before a reservation is
  /// refused here or above. It is called on the thread that reserves: nobody may reserve while
  /// holding a lock that a reclaimer takes.
  [[nodiscard]] virtual std::shared_ptr<ReclaimerRegistration> AddReclaimer(
      ReclaimOrder order, Reclaimer reclaimer) = 0;
};

/// A reservation that is given back when it goes out of scope.
class MemoryReservation {
 public:
  MemoryReservation() = default;
  static Result<MemoryReservation> Make(std::shared_ptr<MemoryBudget> budget, int64_t num_bytes);
  MemoryReservation(MemoryReservation&& other) noexcept;
  MemoryReservation& operator=(MemoryReservation&& other) noexcept;
  ~MemoryReservation();

  MemoryReservation(const MemoryReservation&) = delete;
  MemoryReservation& operator=(const MemoryReservation&) = delete;

  int64_t num_bytes() const { return num_bytes_; }
  /// Changes the reservation to `num_bytes`; on error it is as before.
  Status Resize(int64_t num_bytes);

 private:
  std::shared_ptr<MemoryBudget> budget_;
  int64_t num_bytes_ = 0;
};

}  // namespace iceframe
