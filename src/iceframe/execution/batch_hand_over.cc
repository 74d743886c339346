// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/execution/batch_hand_over_internal.h"

namespace iceframe::internal {
namespace {

/// Fewer rows are written sooner than handed over.
constexpr int64_t kMinRows = 4096;
/// How long a waiter may miss that the process began to exit, which wakes nobody.
constexpr std::chrono::milliseconds kExitPoll{100};

}  // namespace

/// A batch on its way. Shared with the task: one that comes too late finds that nobody waits.
class BatchHandOver::Pending {
 public:
  Pending(const OperationContext& context, DataFileWriter* writer,
          std::shared_ptr<arrow::RecordBatch> batch)
      : context_(context), writer_(writer), batch_(std::move(batch)) {}

  void Run() {
    {
      const std::lock_guard lock(mutex_);
      if (state_ != State::kQueued) return;
      state_ = State::kRunning;
    }
    // As a loop of one: nothing that is thrown may leave a thread of the pool.
    Status written = context_.executor->ParallelFor(
        1, [&](int64_t) { return writer_->Write(context_, *batch_); }, CancelToken());
    // What the batch holds is given back before anyone relies on that.
    batch_.reset();
    const std::lock_guard lock(mutex_);
    result_ = std::move(written);
    state_ = State::kDone;
    changed_.notify_all();
  }

  Status Wait() {
    // All of the pool's threads may wait like this, so that none were left to run what is queued.
    if (context_.executor->cpu()->OwnsThisThread()) Run();
    std::unique_lock lock(mutex_);
    while (state_ != State::kDone) {
      // What was queued never runs once the process ends; what runs comes to its end.
      if (state_ == State::kQueued && IsProcessExiting()) {
        state_ = State::kDone;
        result_ = Error(ErrorKind::kCancelled, "the process is exiting");
        break;
      }
      changed_.wait_for(lock, kExitPoll);
    }
    return result_;
  }

 private:
  enum class State : uint8_t { kQueued, kRunning, kDone };

  const OperationContext& context_;
  DataFileWriter* writer_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::kQueued;
  Status result_;
};

BatchHandOver::BatchHandOver(const OperationContext& context, DataFileWriter* writer)
    : context_(context), writer_(writer) {}

BatchHandOver::~BatchHandOver() { (void)Wait(); }

Status BatchHandOver::Write(std::shared_ptr<arrow::RecordBatch> batch) {
  ICEFRAME_RETURN_NOT_OK(Wait());
  num_rows_ += batch->num_rows();
  arrow::internal::Executor* threads = context_.executor->cpu();
  if (batch->num_rows() < kMinRows || threads->OwnsThisThread()) return WriteNow(*batch);
  pending_ = std::make_shared<Pending>(context_, writer_, std::move(batch));
  // Not `this`: a task that never ran may be destroyed, or come, long after.
  const Status spawned = threads->Spawn([pending = pending_] { pending->Run(); });
  if (!spawned.ok()) pending_.reset();
  return spawned;
}

Status BatchHandOver::WriteNow(const arrow::RecordBatch& batch) {
  const Status written = writer_->Write(context_, batch);
  num_bytes_ = writer_->num_bytes();
  return written;
}

Status BatchHandOver::Wait() {
  const auto pending = std::exchange(pending_, nullptr);
  if (pending == nullptr) return Status::OK();
  const Status written = pending->Wait();
  num_bytes_ = writer_->num_bytes();
  return written;
}

}  // namespace iceframe::internal
