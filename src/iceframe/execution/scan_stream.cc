// SPDX-License-Identifier: Apache-2.0
// A window of files over the task source:
//
//   tasks ──▶ [slot: opening │ fetching │ decoding │ parked │ done] … ──▶ Next()
//               io threads      io        cpu
//
// Only the consumer pulls tasks and retires slots; workers fill a slot's queue. A slot whose queue
// is full parks its reader, and the consumer resumes it once there is room. When memory runs out,
// here or elsewhere below the same limit, slots are deferred: they begin again one by one, first
// in line, behind the rows they delivered. The window opens again while memory suffices.
#include "iceframe/execution/scan_stream.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include "iceframe/runtime/memory_budgets.h"
#include "iceframe/runtime/operation_span.h"

namespace iceframe {

namespace {

// Of a memory limit, what may wait decoded, and what may be fetched ahead.
constexpr int64_t kQueuedShare = 8;
constexpr int64_t kPrefetchedShare = 8;
// After so many files without want of memory one more is read at once.
constexpr int kFilesPerWindowStep = 4;

// A file for whose batches memory is too short is begun anew with so many times fewer rows in each,
// down to the least.
constexpr int64_t kBatchStep = 8;
constexpr int64_t kLeastBatchRows = 16;

// How long a waiter may miss that the process began to exit, which wakes nobody.
constexpr std::chrono::milliseconds kExitPoll{100};

enum class SlotState : uint8_t { kDeferred, kRunning, kParked, kDone };

// One task on its way. Guarded by the stream's mutex, but for `reader` and `is_repeatable`, which
// belong to the worker while the slot runs.
struct Slot {
  ScanTask task;
  int64_t number = 0;
  SlotState state = SlotState::kRunning;
  std::unique_ptr<DataFileReader> reader;
  std::deque<std::shared_ptr<arrow::RecordBatch>> queue;
  int64_t queued_bytes = 0;
  int64_t prefetched_bytes = 0;
  // Rows that the consumer has.
  int64_t num_delivered = 0;
  // Those that come again after a new beginning.
  int64_t num_to_skip = 0;
  const std::shared_ptr<std::atomic<bool>> is_counted = std::make_shared<std::atomic<bool>>(false);
  // Its rows come out the same each time.
  bool is_repeatable = true;
  // Started when all others had given way: if memory is short now, it is short for good.
  bool alone = false;
  Status error;
  // While the file is among those that are read.
  std::unique_ptr<OperationSpan> span;
};
using SlotPtr = std::shared_ptr<Slot>;

// Reading ahead takes a share of the memory limit, if there is one.
ReadDelivery WithinLimit(ReadDelivery delivery, const MemoryBudget& memory) {
  const std::optional<int64_t> limit = memory.limit_bytes();
  if (!limit) return delivery;
  delivery.max_queued_bytes = std::min(delivery.max_queued_bytes, *limit / kQueuedShare);
  delivery.max_prefetched_bytes =
      std::min(delivery.max_prefetched_bytes, *limit / kPrefetchedShare);
  return delivery;
}

class ScanStreamImpl : public std::enable_shared_from_this<ScanStreamImpl> {
 public:
  ScanStreamImpl(const OperationContext& context, std::shared_ptr<FileIO> io, TaskSource tasks,
                 ReadOptionsSource read_options, const ScanStreamOptions& options)
      : caller_(context),
        context_(context),
        io_(std::move(io)),
        tasks_(std::move(tasks)),
        read_options_(std::move(read_options)),
        limit_(options.limit),
        delivery_(WithinLimit(options.delivery, *context.memory)),
        rows_left_(options.limit.value_or(-1)),
        window_(static_cast<size_t>(delivery_.max_open_files)),
        batch_rows_(delivery_.batch_rows) {
    // Ours to cancel without cancelling the caller's operation.
    context_.cancel = CancelToken();
  }

  void Listen() {
    std::weak_ptr<ScanStreamImpl> weak = weak_from_this();
    reclaimer_ = context_.memory->AddReclaimer(
        ReclaimOrder::kPrefetch, [weak](int64_t num_bytes) -> int64_t {
          auto self = weak.lock();
          return self == nullptr ? 0 : self->GiveBack(num_bytes);
        });
    registration_ = caller_.cancel.OnCancel([weak] {
      auto self = weak.lock();
      if (self == nullptr) return;
      self->context_.cancel.Cancel();
      std::lock_guard lock(self->mutex_);
      self->changed_.notify_all();
    });
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() {
    while (rows_left_ != 0) {
      ICEFRAME_RETURN_NOT_OK(caller_.Check());
      ICEFRAME_RETURN_NOT_OK(FillWindow());
      std::unique_lock lock(mutex_);
      if (auto batch = TakeReady()) {
        lock.unlock();
        return Deliver(std::move(batch));
      }
      ICEFRAME_RETURN_NOT_OK(RetireDone());
      if (slots_.empty() && exhausted_) return nullptr;
      if (!HasRoom() && !IsReady()) WaitForChange(lock);
    }
    return nullptr;
  }

  int64_t task_number() const { return task_number_; }

  // Cancels what runs and waits for it; what was queued is dropped. Planning and files are over
  // with it, not with the last worker that holds this: their steps are of an operation that ends.
  void Stop() {
    StopReading();
    tasks_ = nullptr;
  }

 private:
  void StopReading() {
    context_.cancel.Cancel();
    std::unique_lock lock(mutex_);
    // Once the process ends, what was queued never runs, and what runs is left to itself.
    while (num_running_ > 0 && !IsProcessExiting()) changed_.wait_for(lock, kExitPoll);
    // A worker may hold its slot a moment longer, but nothing that is charged.
    for (const SlotPtr& slot : slots_) {
      slot->span.reset();
      if (slot->state == SlotState::kRunning) continue;
      slot->queue.clear();
      slot->reader.reset();
    }
    slots_.clear();
    exhausted_ = true;
    rows_left_ = 0;
  }

  // -- consumer ------------------------------------------------------------------------------

  bool HasRoom() const {
    return !exhausted_ && slots_.size() < window_ && queued_bytes_ < delivery_.max_queued_bytes &&
           !LimitIsCovered();
  }

  // Whether the files in the window hold enough rows already.
  bool LimitIsCovered() const {
    if (rows_left_ < 0) return false;
    int64_t num_rows = 0;
    for (const SlotPtr& slot : slots_) {
      const bool all_rows = slot->task.residual.is_true() && slot->task.delete_files.empty();
      if (all_rows) num_rows += slot->task.data_file.record_count - slot->num_delivered;
    }
    return num_rows >= rows_left_;
  }

  // Pulls tasks until the window is full. Planning may wait on files, so no lock is held then.
  Status FillWindow() {
    while (true) {
      {
        std::lock_guard lock(mutex_);
        // What is ready goes out first, as long as the workers have enough to do.
        const bool busy = num_running_ > context_.executor->num_cpu_threads();
        if (!HasRoom() || (busy && IsReady())) return Status::OK();
      }
      ICEFRAME_ASSIGN_OR_RETURN(std::optional<ScanTask> task, tasks_(caller_));
      std::lock_guard lock(mutex_);
      if (!task) {
        exhausted_ = true;
        return Status::OK();
      }
      auto slot = std::make_shared<Slot>();
      slot->task = std::move(*task);
      slot->number = num_tasks_++;
      slot->span =
          std::make_unique<OperationSpan>(caller_, "read_file", slot->task.data_file.file_path);
      slots_.push_back(slot);
      Start(slot);
    }
  }

  std::shared_ptr<arrow::RecordBatch> TakeReady() {
    for (const SlotPtr& slot : slots_) {
      if (!slot->queue.empty()) {
        auto batch = std::move(slot->queue.front());
        slot->queue.pop_front();
        const int64_t bytes = arrow::util::TotalBufferSize(*batch);
        slot->queued_bytes -= bytes;
        queued_bytes_ -= bytes;
        slot->num_delivered += batch->num_rows();
        task_number_ = slot->number;
        ResumeParked();
        return batch;
      }
      if (delivery_.ordered) return nullptr;
    }
    return nullptr;
  }

  // Drops slots that are done and empty, and sets the first one going if it stands still.
  Status RetireDone() {
    for (auto it = slots_.begin(); it != slots_.end();) {
      const Slot& slot = **it;
      if (slot.state == SlotState::kDone && slot.queue.empty()) {
        if (!slot.error.ok()) return slot.error;
        (*it)->span.reset();
        it = slots_.erase(it);
        WidenWindow();
      } else if (delivery_.ordered) {
        break;
      } else {
        ++it;
      }
    }
    if (slots_.empty()) return Status::OK();
    ResumeParked();
    const SlotPtr& head = slots_.front();
    if (head->state == SlotState::kDeferred && num_running_ == 0) Start(head);
    return Status::OK();
  }

  void WidenWindow() {
    if (window_ >= static_cast<size_t>(delivery_.max_open_files)) return;
    if (++num_without_want_ < kFilesPerWindowStep) return;
    num_without_want_ = 0;
    ++window_;
  }

  bool IsReady() const {
    for (const SlotPtr& slot : slots_) {
      if (!slot->queue.empty() || slot->state == SlotState::kDone) return true;
      if (delivery_.ordered) return false;
    }
    return false;
  }

  void WaitForChange(std::unique_lock<std::mutex>& lock) {
    if (caller_.cancel.is_cancelled()) return;
    auto until = std::chrono::steady_clock::now() + kExitPoll;
    if (caller_.deadline) until = std::min(until, *caller_.deadline);
    changed_.wait_until(lock, until);
  }

  std::shared_ptr<arrow::RecordBatch> Deliver(std::shared_ptr<arrow::RecordBatch> batch) {
    if (rows_left_ >= 0) {
      if (batch->num_rows() > rows_left_) batch = batch->Slice(0, rows_left_);
      rows_left_ -= batch->num_rows();
    }
    num_delivered_ += batch->num_rows();
    caller_.Report({"scan", num_delivered_, limit_.value_or(0), "rows"});
    return batch;
  }

  // -- starting workers (mutex held) ---------------------------------------------------------

  void Start(const SlotPtr& slot) {
    slot->state = SlotState::kRunning;
    slot->num_to_skip = slot->num_delivered;
    slot->alone = window_ == 1 && num_running_ == 0;
    ++num_running_;
    auto self = shared_from_this();
    Submit(context_.executor->io(), slot, [self, slot] { self->Open(slot); });
  }

  void Resume(const SlotPtr& slot) {
    slot->state = SlotState::kRunning;
    ++num_running_;
    auto self = shared_from_this();
    Submit(context_.executor->cpu(), slot, [self, slot] { self->Decode(slot); });
  }

  // The first slot goes on when nothing of it waits, others while the queues have room.
  void ResumeParked() {
    for (const SlotPtr& slot : slots_) {
      if (slot->state != SlotState::kParked) continue;
      const bool is_awaited = slot->queue.empty() && IsHead(*slot);
      if (is_awaited || !MustWait(*slot)) Resume(slot);
    }
  }

  // A refused spawn ends the slot with its error.
  void Submit(arrow::internal::Executor* executor, const SlotPtr& slot,
              arrow::internal::FnOnce<void()> job) {
    Status status = executor->Spawn(std::move(job));
    if (status.ok()) return;
    slot->error = std::move(status);
    slot->state = SlotState::kDone;
    --num_running_;
  }

  // -- workers -------------------------------------------------------------------------------

  void Open(const SlotPtr& slot) {
    Status status = OpenReader(slot.get());
    if (!status.ok()) return Finish(slot, std::move(status));
    auto self = shared_from_this();
    StartFetch(slot.get()).AddCallback([self, slot](const Status&) {
      Status spawned = self->context_.executor->cpu()->Spawn([self, slot] { self->Decode(slot); });
      if (!spawned.ok()) self->Finish(slot, std::move(spawned));
    });
  }

  // What is fetched counts for as long as the reader lives.
  arrow::Future<> StartFetch(Slot* slot) {
    return slot->reader->Start(context_, [&](int64_t num_bytes) {
      std::lock_guard lock(mutex_);
      if (num_bytes > delivery_.max_prefetched_bytes - prefetched_bytes_) return false;
      slot->prefetched_bytes = num_bytes;
      prefetched_bytes_ += num_bytes;
      return true;
    });
  }

  void ForgetFetch(Slot* slot) {
    prefetched_bytes_ -= slot->prefetched_bytes;
    slot->prefetched_bytes = 0;
  }

  Status OpenReader(Slot* slot) {
    ICEFRAME_RETURN_NOT_OK(context_.Check());
    ICEFRAME_ASSIGN_OR_RETURN(ReadOptions options, read_options_(slot->task));
    slot->is_repeatable = !options.late_filter;
    options.is_counted = slot->is_counted;
    {
      std::lock_guard lock(mutex_);
      options.delivery.batch_rows = std::min(options.delivery.batch_rows, batch_rows_);
    }
    const int64_t rows_left = rows_left_;
    if (rows_left >= 0) options.limit = rows_left + slot->num_to_skip;
    ICEFRAME_ASSIGN_OR_RETURN(
        slot->reader, OpenDataFile(context_, io_, slot->task.data_file, std::move(options)));
    return Status::OK();
  }

  void Decode(const SlotPtr& slot) {
    bool parked = ParkEarly(slot.get());
    while (!parked) {
      auto next = slot->reader->Next(context_);
      if (!next.ok()) return Finish(slot, next.status());
      if (*next == nullptr) return Finish(slot, Status::OK());
      parked = Enqueue(slot, std::move(next).MoveValueUnsafe());
    }
  }

  // Returns whether the worker must stop: the slot was parked or deferred.
  bool Enqueue(const SlotPtr& slot, std::shared_ptr<arrow::RecordBatch> batch) {
    if (slot->num_to_skip > 0) {
      const int64_t num_skipped = std::min(slot->num_to_skip, batch->num_rows());
      slot->num_to_skip -= num_skipped;
      if (num_skipped == batch->num_rows()) return false;
      batch = batch->Slice(num_skipped);
    }
    const int64_t bytes = arrow::util::TotalBufferSize(*batch);
    std::lock_guard lock(mutex_);
    slot->queue.push_back(std::move(batch));
    slot->queued_bytes += bytes;
    queued_bytes_ += bytes;
    changed_.notify_all();
    if (window_ == 1 && !IsHead(*slot) && slot->is_repeatable) {
      --num_running_;
      Defer(slot.get());
      return true;
    }
    return Park(slot.get());
  }

  // A slot whose turn is far needs no first batch to be parked.
  bool ParkEarly(Slot* slot) {
    std::lock_guard lock(mutex_);
    return !IsHead(*slot) && Park(slot);
  }

  bool Park(Slot* slot) {
    if (!MustWait(*slot)) return false;
    --num_running_;
    slot->state = SlotState::kParked;
    changed_.notify_all();
    return true;
  }

  // Whether enough is decoded. The slot that the consumer waits for goes on for longer.
  bool MustWait(const Slot& slot) const {
    if (IsHead(slot)) {
      return slot.queue.size() >= 2 && queued_bytes_ >= delivery_.max_queued_bytes;
    }
    return queued_bytes_ >= delivery_.max_queued_bytes / 2;
  }

  bool IsHead(const Slot& slot) const { return !slots_.empty() && slots_.front().get() == &slot; }

  void Finish(const SlotPtr& slot, Status status) {
    // The reader goes before the slot is seen as done, so that nothing is left behind.
    slot->reader.reset();
    std::lock_guard lock(mutex_);
    --num_running_;
    ForgetFetch(slot.get());
    changed_.notify_all();
    const bool is_short = !status.ok() && KindOf(status) == ErrorKind::kResourceExhausted;
    if (is_short && slot->is_repeatable && (!slot->alone || ShrinkBatches(slot.get()))) {
      DeferOthers(*slot);
      Defer(slot.get());
      return;
    }
    slot->error = std::move(status);
    slot->state = SlotState::kDone;
  }

  // Returns whether a file that is read alone can be tried in smaller batches. Where others hold
  // most of the memory, they would soon be too large again.
  bool ShrinkBatches(Slot* slot) {
    const int64_t limit = context_.memory->limit_bytes().value_or(0);
    const int64_t room = RoomBytes(*context_.memory).value_or(limit) + slot->queued_bytes;
    if (batch_rows_ <= kLeastBatchRows || room < limit / 2) return false;
    batch_rows_ = std::max(batch_rows_ / kBatchStep, kLeastBatchRows);
    return true;
  }

  // Gives a slot's memory back; it begins again when it is first in line and alone.
  void Defer(Slot* slot) {
    queued_bytes_ -= slot->queued_bytes;
    slot->queued_bytes = 0;
    slot->queue.clear();
    slot->reader.reset();
    ForgetFetch(slot);
    slot->error = Status::OK();
    slot->state = SlotState::kDeferred;
  }

  // For now one file at a time.
  void DeferOthers(const Slot& slot) {
    window_ = 1;
    num_without_want_ = 0;
    for (const SlotPtr& other : slots_) {
      if (other.get() != &slot && CanGiveBack(*other)) Defer(other.get());
    }
  }

  // Gives up what was read ahead, last in line first, for who needs memory below the same limit.
  // Returns the bytes that came back.
  int64_t GiveBack(int64_t num_bytes) {
    // What a reader has on its way is waited for, which io threads can't.
    if (context_.executor->io()->OwnsThisThread()) return 0;
    const int64_t before = context_.memory->used_bytes();
    std::vector<Slot> given_up;  // freed after the lock
    int64_t queued = 0;
    {
      std::lock_guard lock(mutex_);
      for (auto slot = slots_.rbegin(); slot != slots_.rend() && queued < num_bytes; ++slot) {
        if (IsHead(**slot) || !CanGiveBack(**slot)) continue;
        window_ = 1;
        num_without_want_ = 0;
        queued += (*slot)->queued_bytes + (*slot)->prefetched_bytes;
        Slot& freed = given_up.emplace_back();
        freed.reader = std::move((*slot)->reader);
        freed.queue = std::move((*slot)->queue);
        Defer(slot->get());
      }
    }
    given_up.clear();
    // Readers hold more than is known of them; but workers may have taken some meanwhile.
    return std::max(queued, before - context_.memory->used_bytes());
  }

  static bool CanGiveBack(const Slot& slot) {
    // First of all: a running slot's reader is its worker's.
    if (slot.state == SlotState::kRunning || !slot.error.ok() || !slot.is_repeatable) return false;
    return slot.reader != nullptr || !slot.queue.empty();
  }

  const OperationContext caller_;
  OperationContext context_;
  const std::shared_ptr<FileIO> io_;
  // The consumer's; empty once it has stopped.
  TaskSource tasks_;
  const ReadOptionsSource read_options_;
  const std::optional<int64_t> limit_;
  const ReadDelivery delivery_;
  std::shared_ptr<CancelToken::Registration> registration_;
  std::shared_ptr<MemoryBudget::ReclaimerRegistration> reclaimer_;
  // Changed by the consumer only; workers take it as a hint. -1: no limit.
  std::atomic<int64_t> rows_left_;
  int64_t num_delivered_ = 0;
  int64_t num_tasks_ = 0;
  int64_t task_number_ = -1;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<SlotPtr> slots_;
  int64_t queued_bytes_ = 0;
  int64_t prefetched_bytes_ = 0;
  int num_running_ = 0;
  size_t window_;
  int num_without_want_ = 0;
  int64_t batch_rows_;
  bool exhausted_ = false;
};

// What the consumer owns; workers hold the implementation only while they run.
class OwnedScanStream final : public ScanStream {
 public:
  explicit OwnedScanStream(std::shared_ptr<ScanStreamImpl> impl) : impl_(std::move(impl)) {}
  ~OwnedScanStream() override { impl_->Stop(); }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    ICEFRAME_RETURN_NOT_OK(failure_);
    auto batch = impl_->Next();
    if (!batch.ok() || *batch == nullptr) impl_->Stop();
    failure_ = batch.status();
    return batch;
  }
  int64_t task_number() const override { return impl_->task_number(); }

 private:
  std::shared_ptr<ScanStreamImpl> impl_;
  // Kept: rows that are missing must not look like the end.
  Status failure_;
};

}  // namespace

Result<std::unique_ptr<ScanStream>> ScanStream::Make(const OperationContext& context,
                                                     std::shared_ptr<FileIO> io, TaskSource tasks,
                                                     ReadOptionsSource read_options,
                                                     const ScanStreamOptions& options) {
  ICEFRAME_RETURN_NOT_OK(Check(options.delivery));
  auto impl = std::make_shared<ScanStreamImpl>(context, std::move(io), std::move(tasks),
                                               std::move(read_options), options);
  impl->Listen();
  return std::make_unique<OwnedScanStream>(std::move(impl));
}

}  // namespace iceframe
