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
struct BatchHandOver::Pending {
  enum class State : uint8_t { kQueued, kRunning, kDone };
  std::mutex mutex;
  std::condition_variable changed;
  State state = State::kQueued;
  Status result;

  void Run(const OperationContext& context, DataFileWriter* writer,
           std::shared_ptr<arrow::RecordBatch> batch) {
    {
      const std::lock_guard lock(mutex);
      if (state != State::kQueued) return;
      state = State::kRunning;
    }
    // As a loop of one: nothing that is thrown may leave a thread of the pool.
    Status written = context.executor->ParallelFor(
        1, [&](int64_t) { return writer->Write(context, *batch); }, CancelToken());
    // What the batch holds is given back before anyone relies on that.
    batch.reset();
    const std::lock_guard lock(mutex);
    result = std::move(written);
    state = State::kDone;
    changed.notify_all();
  }

  Status Wait() {
    std::unique_lock lock(mutex);
    while (state != State::kDone) {
      // What was queued never runs once the process ends; what runs comes to its end.
      if (state == State::kQueued && IsProcessExiting()) {
        state = State::kDone;
        result = Error(ErrorKind::kCancelled, "the process is exiting");
        break;
      }
      changed.wait_for(lock, kExitPoll);
    }
    return result;
  }
};

BatchHandOver::BatchHandOver(const OperationContext& context, DataFileWriter* writer)
    : context_(context), writer_(writer) {}

BatchHandOver::~BatchHandOver() { (void)Wait(); }

Status BatchHandOver::Write(std::shared_ptr<arrow::RecordBatch> batch) {
  ICEFRAME_RETURN_NOT_OK(Wait());
  num_rows_ += batch->num_rows();
  arrow::internal::Executor* threads = context_.executor->cpu();
  if (batch->num_rows() < kMinRows || threads->OwnsThisThread()) {
    return writer_->Write(context_, *batch);
  }
  pending_ = std::make_shared<Pending>();
  // Not `this`: a task that never ran may be destroyed, or come, long after.
  const Status spawned = threads->Spawn(
      [pending = pending_, context = &context_, writer = writer_,
       batch = std::move(batch)]() mutable { pending->Run(*context, writer, std::move(batch)); });
  if (!spawned.ok()) pending_.reset();
  return spawned;
}

Status BatchHandOver::Wait() {
  const auto pending = std::exchange(pending_, nullptr);
  return pending == nullptr ? Status::OK() : pending->Wait();
}

}  // namespace iceframe::internal
