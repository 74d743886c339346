// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/memory_manager.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

#include "iceframe/runtime/backing_pool_internal.h"
#include "iceframe/runtime/fork.h"
#include "iceframe/runtime/memory_budgets.h"
#include "iceframe/runtime/metrics_registry.h"

namespace iceframe {

class MemoryBudget::ReclaimerRegistration {
 public:
  virtual ~ReclaimerRegistration() = default;
};

namespace {

constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();
/// Up to here a reallocation is charged by its difference; above, the old and the new block are
/// both charged while one is copied into the other, because both are there.
constexpr int64_t kMaxSmallReallocation = int64_t{1} << 20;
constexpr int kMaxReclaimRounds = 8;
constexpr size_t kMaxExactPeaks = 16;

class BudgetNode;

struct ReclaimerEntry {
  ReclaimOrder order;
  MemoryBudget::Reclaimer reclaimer;
};

/// One lock for the lists of all nodes: they change when caches come and go.
internal::ForkSafeMutex& ReclaimerListsMutex() {
  static auto& mutex = *new internal::ForkSafeMutex;
  return mutex;
}

/// Whether this thread is in a reclaimer, whose own reservations must not reclaim again.
thread_local bool in_reclaimer = false;

/// Counted by handles, children, pool allocations: the last of them destroys it.
class BudgetNode final : public MemoryBudget, private arrow::MemoryPool {
 public:
  BudgetNode(std::vector<BudgetNode*> parents, std::string name, std::optional<int64_t> limit)
      : parents_(std::move(parents)),
        charged_(NodesCharged(this, parents_)),
        name_(std::move(name)),
        limit_(limit.value_or(kNoLimit)),
        is_limited_(limit_bytes().has_value()) {
    for (BudgetNode* parent : parents_) parent->AddReference();
  }

  static std::shared_ptr<MemoryBudget> MakeHandle(BudgetNode* node) {
    return std::shared_ptr<MemoryBudget>(
        node, [](MemoryBudget* budget) { static_cast<BudgetNode*>(budget)->DropReference(); });
  }

  std::shared_ptr<MemoryBudget> MakeChild(std::string name, std::optional<int64_t> limit) override {
    return MakeHandle(new BudgetNode({this}, std::move(name), limit));
  }

  Status Reserve(int64_t num_bytes) override;
  void Release(int64_t num_bytes) override;
  arrow::MemoryPool* pool() override { return this; }

  const std::string& name() const override { return name_; }
  int64_t used_bytes() const override { return used_.load(std::memory_order_relaxed); }
  int64_t peak_bytes() const override { return peak_.load(std::memory_order_relaxed); }
  std::optional<int64_t> limit_bytes() const override {
    int64_t limit = kNoLimit;
    for (const BudgetNode* node : charged_) {
      limit = std::min(limit, node->limit_.load(std::memory_order_relaxed));
    }
    return limit == kNoLimit ? std::nullopt : std::optional(limit);
  }
  std::optional<int64_t> room_bytes() const {
    int64_t room = kNoLimit;
    for (const BudgetNode* node : charged_) {
      const int64_t limit = node->limit_.load(std::memory_order_relaxed);
      if (limit == kNoLimit) continue;
      room = std::min(room, std::max<int64_t>(limit - node->counted_bytes(), 0));
    }
    return room == kNoLimit ? std::nullopt : std::optional(room);
  }
  void set_limit_bytes(std::optional<int64_t> limit) override;
  /// From now on the limit leaves room for what `node`, which lives as long as the process, holds.
  void set_beside(BudgetNode* node) { beside_.store(node); }

  std::shared_ptr<ReclaimerRegistration> AddReclaimer(ReclaimOrder order,
                                                      Reclaimer reclaimer) override;

  // arrow::MemoryPool, of what was allocated under this very node
  arrow::Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override;
  arrow::Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                           uint8_t** ptr) override;
  void Free(uint8_t* buffer, int64_t size, int64_t alignment) override;
  void ReleaseUnused() override { Backing()->ReleaseUnused(); }
  int64_t bytes_allocated() const override { return pool_used_.load(std::memory_order_relaxed); }
  int64_t max_memory() const override { return pool_peak_.load(std::memory_order_relaxed); }
  int64_t total_bytes_allocated() const override {
    return pool_total_.load(std::memory_order_relaxed);
  }
  int64_t num_allocations() const override {
    return pool_allocations_.load(std::memory_order_relaxed);
  }
  std::string backend_name() const override { return Backing()->backend_name(); }

 private:
  class Registration;

  ~BudgetNode() override;

  arrow::MemoryPool* Backing() const {
    return is_limited_ ? internal::TightPool() : internal::BackingPool();
  }
  void AddReference() { references_.fetch_add(1, std::memory_order_relaxed); }
  void DropReference();

  int64_t beside_bytes() const {
    const BudgetNode* beside = beside_.load(std::memory_order_relaxed);
    return beside == nullptr ? 0 : beside->used_bytes();
  }
  /// What the limit is held against.
  int64_t counted_bytes() const { return used_bytes() + beside_bytes(); }

  /// Takes the bytes here alone; what is used then, or nothing if over the limit.
  std::optional<int64_t> TryTake(int64_t num_bytes);
  /// Takes the bytes here and above, or nothing: then returns the node that refused.
  BudgetNode* TryReserve(int64_t num_bytes);
  /// Asks the reclaimers below this node for bytes; returns whether any came.
  bool Reclaim(int64_t num_bytes);
  Status LimitReached(const BudgetNode& refused_by, int64_t num_bytes) const;
  /// For errors: what is held beside, if anything is.
  std::string DescribeBeside() const {
    const int64_t num_bytes = beside_bytes();
    if (num_bytes == 0) return "";
    return internal::Concatenate(" beside ", num_bytes, " of ", beside_.load()->name_);
  }
  void CountPoolBytes(int64_t num_bytes);

  static void RaisePeak(std::atomic<int64_t>* peak, int64_t value) {
    int64_t seen = peak->load(std::memory_order_relaxed);
    while (seen < value && !peak->compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
    }
  }

  static std::vector<BudgetNode*> NodesCharged(BudgetNode* node,
                                               const std::vector<BudgetNode*>& parents) {
    std::vector<BudgetNode*> charged{node};
    for (const BudgetNode* parent : parents) {
      for (BudgetNode* above : parent->charged_) {
        if (std::ranges::find(charged, above) == charged.end()) charged.push_back(above);
      }
    }
    return charged;
  }

  const std::vector<BudgetNode*> parents_;
  /// This node and all above it, each once.
  const std::vector<BudgetNode*> charged_;
  const std::string name_;
  std::atomic<int64_t> limit_;
  /// From the beginning, which decides for the allocator of all that is allocated here.
  const bool is_limited_;
  std::atomic<BudgetNode*> beside_{nullptr};
  std::atomic<int64_t> used_{0};
  std::atomic<int64_t> peak_{0};
  std::atomic<int64_t> references_{1};
  std::atomic<int64_t> pool_used_{0};
  std::atomic<int64_t> pool_peak_{0};
  std::atomic<int64_t> pool_total_{0};
  std::atomic<int64_t> pool_allocations_{0};
  std::atomic<int> num_reclaimers_{0};
  std::vector<std::shared_ptr<ReclaimerEntry>> reclaimers_;
};

/// Lists an entry in a node and all above it.
class BudgetNode::Registration final : public MemoryBudget::ReclaimerRegistration {
 public:
  Registration(BudgetNode* node, std::shared_ptr<ReclaimerEntry> entry)
      : node_(node), entry_(std::move(entry)) {
    node_->AddReference();
    std::lock_guard lock(ReclaimerListsMutex());
    for (BudgetNode* at : node_->charged_) {
      auto place = std::find_if(at->reclaimers_.begin(), at->reclaimers_.end(),
                                [&](const auto& other) { return other->order > entry_->order; });
      at->reclaimers_.insert(place, entry_);
      at->num_reclaimers_.store(static_cast<int>(at->reclaimers_.size()));
    }
  }

  ~Registration() override {
    {
      std::lock_guard lock(ReclaimerListsMutex());
      for (BudgetNode* at : node_->charged_) {
        std::erase(at->reclaimers_, entry_);
        at->num_reclaimers_.store(static_cast<int>(at->reclaimers_.size()));
      }
    }
    node_->DropReference();
  }

 private:
  BudgetNode* node_;
  std::shared_ptr<ReclaimerEntry> entry_;
};

BudgetNode::~BudgetNode() {
  // Nobody is left who could give this back.
  const int64_t left = used_.load();
  if (left > 0) Release(left);
}

void BudgetNode::DropReference() {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
  // A list, because the last reference to a child may be the last one of a long chain.
  std::vector<BudgetNode*> unreferenced{this};
  while (!unreferenced.empty()) {
    BudgetNode* node = unreferenced.back();
    unreferenced.pop_back();
    const std::vector<BudgetNode*> parents = node->parents_;
    delete node;
    for (BudgetNode* parent : parents) {
      const bool was_last = parent->references_.fetch_sub(1, std::memory_order_acq_rel) == 1;
      if (was_last) unreferenced.push_back(parent);
    }
  }
}

std::optional<int64_t> BudgetNode::TryTake(int64_t num_bytes) {
  int64_t used = used_.load(std::memory_order_relaxed);
  do {
    const int64_t limit = limit_.load(std::memory_order_relaxed);
    if (num_bytes > limit - used - beside_bytes()) return std::nullopt;
  } while (!used_.compare_exchange_weak(used, used + num_bytes, std::memory_order_relaxed));
  return used + num_bytes;
}

BudgetNode* BudgetNode::TryReserve(int64_t num_bytes) {
  // Peaks are raised at the end, so that what was refused above never shows in one below.
  std::array<int64_t, kMaxExactPeaks> used_then;
  for (size_t i = 0; i < charged_.size(); ++i) {
    const std::optional<int64_t> used = charged_[i]->TryTake(num_bytes);
    if (!used.has_value()) {
      for (size_t taken = 0; taken < i; ++taken) {
        charged_[taken]->used_.fetch_sub(num_bytes, std::memory_order_relaxed);
      }
      return charged_[i];
    }
    if (i < used_then.size()) used_then[i] = *used;
  }
  for (size_t i = 0; i < charged_.size(); ++i) {
    BudgetNode* node = charged_[i];
    RaisePeak(&node->peak_, i < used_then.size() ? used_then[i] : node->used_bytes());
  }
  return nullptr;
}

Status BudgetNode::Reserve(int64_t num_bytes) {
  if (num_bytes < 0) {
    return Error(ErrorKind::kInvalidArgument, "can't reserve a negative size: ", num_bytes);
  }
  BudgetNode* refused_by = TryReserve(num_bytes);
  for (int round = 0; refused_by != nullptr && round < kMaxReclaimRounds; ++round) {
    const int64_t limit = refused_by->limit_.load();
    if (num_bytes > limit) break;  // no emptying of caches could ever make room
    const int64_t excess = refused_by->counted_bytes() - (limit - num_bytes);
    if (!refused_by->Reclaim(std::max<int64_t>(excess, 1))) break;
    refused_by = TryReserve(num_bytes);
  }
  if (refused_by == nullptr) return Status::OK();
  return LimitReached(*refused_by, num_bytes);
}

Status BudgetNode::LimitReached(const BudgetNode& refused_by, int64_t num_bytes) const {
  MetricsRegistry::Process().counter("iceframe_memory_limit_errors_total").Increment();
  return Error(ErrorKind::kResourceExhausted, "memory limit reached: ", refused_by.name_,
               ", asked by ", name_, " for ", num_bytes, " bytes, used ", refused_by.used_bytes(),
               refused_by.DescribeBeside(), ", limit ", refused_by.limit_.load(), ", peak ",
               refused_by.peak_bytes(), "; raise the limit, or read fewer columns or rows at once");
}

void BudgetNode::Release(int64_t num_bytes) {
  for (BudgetNode* node : charged_) {
    node->used_.fetch_sub(num_bytes, std::memory_order_relaxed);
  }
}

bool BudgetNode::Reclaim(int64_t num_bytes) {
  const BudgetNode* beside = beside_.load();
  const int num_beside = beside == nullptr ? 0 : beside->num_reclaimers_.load();
  if (num_reclaimers_.load() + num_beside == 0 || in_reclaimer) return false;
  std::vector<std::shared_ptr<ReclaimerEntry>> entries;
  {
    std::lock_guard lock(ReclaimerListsMutex());
    entries = reclaimers_;
    if (beside != nullptr) {
      entries.insert(entries.end(), beside->reclaimers_.begin(), beside->reclaimers_.end());
    }
  }
  in_reclaimer = true;
  int64_t given = 0;
  for (const auto& entry : entries) {
    given += entry->reclaimer(num_bytes - given);
    if (given >= num_bytes) break;
  }
  in_reclaimer = false;
  return given > 0;
}

void BudgetNode::set_limit_bytes(std::optional<int64_t> limit) {
  limit_.store(limit.value_or(kNoLimit));
  if (!limit.has_value()) return;
  const int64_t excess = counted_bytes() - *limit;
  if (excess > 0) Reclaim(excess);
}

std::shared_ptr<MemoryBudget::ReclaimerRegistration> BudgetNode::AddReclaimer(ReclaimOrder order,
                                                                              Reclaimer reclaimer) {
  auto entry = std::make_shared<ReclaimerEntry>();
  entry->order = order;
  entry->reclaimer = std::move(reclaimer);
  return std::make_shared<Registration>(this, std::move(entry));
}

void BudgetNode::CountPoolBytes(int64_t num_bytes) {
  const int64_t used = pool_used_.fetch_add(num_bytes, std::memory_order_relaxed) + num_bytes;
  if (num_bytes > 0) {
    pool_total_.fetch_add(num_bytes, std::memory_order_relaxed);
    RaisePeak(&pool_peak_, used);
  }
}

arrow::Status BudgetNode::Allocate(int64_t size, int64_t alignment, uint8_t** out) {
  ICEFRAME_RETURN_NOT_OK(Reserve(size));
  Status allocated = Backing()->Allocate(size, alignment, out);
  if (!allocated.ok()) {
    Release(size);
    return allocated;
  }
  // Even an empty allocation holds a reference: its owner will call Free on this pool.
  AddReference();
  pool_allocations_.fetch_add(1, std::memory_order_relaxed);
  CountPoolBytes(size);
  return Status::OK();
}

arrow::Status BudgetNode::Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                                     uint8_t** ptr) {
  if (new_size < 0) {
    return Error(ErrorKind::kInvalidArgument, "can't allocate a negative size: ", new_size);
  }
  const bool grows = new_size > old_size;
  const bool both_charged = grows && old_size > kMaxSmallReallocation;
  const int64_t taken = both_charged ? new_size : std::max<int64_t>(new_size - old_size, 0);
  ICEFRAME_RETURN_NOT_OK(Reserve(taken));
  Status moved = Backing()->Reallocate(old_size, new_size, alignment, ptr);
  if (!moved.ok()) {
    Release(taken);
    return moved;
  }
  Release(old_size + taken - new_size);
  pool_allocations_.fetch_add(1, std::memory_order_relaxed);
  CountPoolBytes(new_size - old_size);
  return Status::OK();
}

void BudgetNode::Free(uint8_t* buffer, int64_t size, int64_t alignment) {
  Backing()->Free(buffer, size, alignment);
  CountPoolBytes(-size);
  Release(size);
  DropReference();
}

}  // namespace

const std::shared_ptr<MemoryBudget>& MemoryBudget::Process() {
  static const auto& root = *new std::shared_ptr<MemoryBudget>(
      BudgetNode::MakeHandle(new BudgetNode({}, "process", std::nullopt)));
  return root;
}

std::shared_ptr<MemoryBudget> MakeChildOfBoth(std::string name,
                                              const std::shared_ptr<MemoryBudget>& first,
                                              const std::shared_ptr<MemoryBudget>& second) {
  auto* one = static_cast<BudgetNode*>(first.get());
  auto* other = static_cast<BudgetNode*>(second.get());
  return BudgetNode::MakeHandle(new BudgetNode({one, other}, std::move(name), std::nullopt));
}

const std::shared_ptr<MemoryBudget>& CachesBudget() {
  static const auto& caches =
      *new std::shared_ptr<MemoryBudget>(MemoryBudget::Process()->MakeChild("caches"));
  return caches;
}

void LeaveRoomForCaches(MemoryBudget* budget) {
  static_cast<BudgetNode*>(budget)->set_beside(static_cast<BudgetNode*>(CachesBudget().get()));
}

std::optional<int64_t> RoomBytes(const MemoryBudget& budget) {
  return static_cast<const BudgetNode&>(budget).room_bytes();
}

Result<MemoryReservation> MemoryReservation::Make(std::shared_ptr<MemoryBudget> budget,
                                                  int64_t num_bytes) {
  ICEFRAME_RETURN_NOT_OK(budget->Reserve(num_bytes));
  MemoryReservation reservation;
  reservation.budget_ = std::move(budget);
  reservation.num_bytes_ = num_bytes;
  return reservation;
}

MemoryReservation::MemoryReservation(MemoryReservation&& other) noexcept
    : budget_(std::move(other.budget_)), num_bytes_(std::exchange(other.num_bytes_, 0)) {}

MemoryReservation& MemoryReservation::operator=(MemoryReservation&& other) noexcept {
  if (this != &other) {
    if (budget_ != nullptr) budget_->Release(num_bytes_);
    budget_ = std::move(other.budget_);
    num_bytes_ = std::exchange(other.num_bytes_, 0);
  }
  return *this;
}

MemoryReservation::~MemoryReservation() {
  if (budget_ != nullptr) budget_->Release(num_bytes_);
}

Status MemoryReservation::Resize(int64_t num_bytes) {
  if (budget_ == nullptr) {
    return Error(ErrorKind::kInvalidArgument, "an empty reservation has no budget to resize in");
  }
  if (num_bytes > num_bytes_) {
    ICEFRAME_RETURN_NOT_OK(budget_->Reserve(num_bytes - num_bytes_));
  } else if (num_bytes >= 0) {
    budget_->Release(num_bytes_ - num_bytes);
  } else {
    return Error(ErrorKind::kInvalidArgument, "can't reserve a negative size: ", num_bytes);
  }
  num_bytes_ = num_bytes;
  return Status::OK();
}

}  // namespace iceframe
