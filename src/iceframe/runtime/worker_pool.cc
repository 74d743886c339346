// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <signal.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "iceframe/runtime/worker_pool_internal.h"

namespace iceframe::internal {

struct WorkerPool::Task {
  arrow::internal::FnOnce<void()> callable;
  arrow::StopToken stop_token;
  StopCallback stop_callback;
};

struct WorkerPool::State {
  std::mutex mutex;
  std::condition_variable task_or_stop;
  std::condition_variable worker_or_task_ended;
  std::deque<Task> queue;
  int capacity = 1;
  int num_workers = 0;
  int num_idle = 0;
  int num_running = 0;
  int64_t num_ended = 0;
  /// Workers end once the queue is empty.
  bool closing = false;
  /// Workers end at once.
  bool exiting = false;
};

namespace {

/// The pool whose worker this thread is, as its state's address.
thread_local const void* current_pool_state = nullptr;

/// Keeps signals away from workers: a handler runs on a thread of the application.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    for (int synchronous : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT}) {
      sigdelset(&all, synchronous);
    }
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

WorkerPool::WorkerPool(std::string thread_name, int capacity)
    : thread_name_(std::move(thread_name)), state_(std::make_shared<State>()) {
  state_->capacity = capacity;
  AddForkListener(this);
}

WorkerPool::~WorkerPool() {
  RemoveForkListener(this);
  std::unique_lock lock(state_->mutex);
  state_->closing = true;
  state_->task_or_stop.notify_all();
  state_->worker_or_task_ended.wait(lock, [&] { return state_->num_workers == 0; });
}

int WorkerPool::GetCapacity() {
  std::lock_guard lock(state_->mutex);
  return state_->capacity;
}

bool WorkerPool::OwnsThisThread() { return current_pool_state == state_.get(); }

int64_t WorkerPool::num_spawned() const {
  std::lock_guard lock(state_->mutex);
  return state_->num_ended + static_cast<int64_t>(state_->queue.size()) + state_->num_running;
}

int64_t WorkerPool::num_ended() const {
  std::lock_guard lock(state_->mutex);
  return state_->num_ended;
}

void WorkerPool::SetCapacity(int capacity) {
  std::lock_guard lock(state_->mutex);
  state_->capacity = capacity;
  // Too many workers end when they next look for a task; too few are started by the next tasks.
  state_->task_or_stop.notify_all();
}

void WorkerPool::StopForExit(std::chrono::milliseconds timeout) {
  std::unique_lock lock(state_->mutex);
  state_->exiting = true;
  state_->task_or_stop.notify_all();
  state_->worker_or_task_ended.wait_for(lock, timeout, [&] { return state_->num_running == 0; });
}

Status WorkerPool::StartWorkerLocked(const std::shared_ptr<State>& state) {
  const BlockedSignals blocked;
  try {
    std::thread(&WorkerPool::RunWorker, state, thread_name_).detach();
  } catch (const std::system_error& error) {
    return Error(ErrorKind::kResourceExhausted, "can't start a thread: ", error.what());
  }
  ++state->num_workers;
  return Status::OK();
}

arrow::Status WorkerPool::SpawnReal(arrow::internal::TaskHints,
                                    arrow::internal::FnOnce<void()> task,
                                    arrow::StopToken stop_token, StopCallback&& stop_callback) {
  const std::shared_ptr<State> state = state_;
  std::lock_guard lock(state->mutex);
  if (state->closing || state->exiting) {
    return Error(ErrorKind::kCancelled, "the thread pool has ended: ", thread_name_);
  }
  const bool all_busy = static_cast<size_t>(state->num_idle) <= state->queue.size();
  if (all_busy && state->num_workers < state->capacity) {
    Status started = StartWorkerLocked(state);
    // Without a new thread the task waits for one of those that run.
    if (!started.ok() && state->num_workers == 0) return started;
  }
  state->queue.push_back({std::move(task), std::move(stop_token), std::move(stop_callback)});
  state->task_or_stop.notify_one();
  return Status::OK();
}

void WorkerPool::RunWorker(std::shared_ptr<State> state, std::string thread_name) {
  pthread_setname_np(pthread_self(), thread_name.c_str());
  current_pool_state = state.get();
  std::unique_lock lock(state->mutex);
  while (true) {
    ++state->num_idle;
    state->task_or_stop.wait(lock, [&] {
      return !state->queue.empty() || state->closing || state->exiting ||
             state->num_workers > state->capacity;
    });
    --state->num_idle;
    if (state->exiting || state->num_workers > state->capacity || state->queue.empty()) break;
    {
      Task task = std::move(state->queue.front());
      state->queue.pop_front();
      ++state->num_running;
      lock.unlock();
      if (!task.stop_token.IsStopRequested()) {
        std::move(task.callable)();
      } else if (task.stop_callback) {
        std::move(task.stop_callback)(task.stop_token.Poll());
      }
      // What the task holds is destroyed here, before it counts as ended.
    }
    lock.lock();
    --state->num_running;
    ++state->num_ended;
    if (state->exiting) state->worker_or_task_ended.notify_all();
  }
  --state->num_workers;
  // A task that was meant for this worker must find another one.
  if (!state->queue.empty()) state->task_or_stop.notify_one();
  state->worker_or_task_ended.notify_all();
}

void WorkerPool::PrepareFork() { state_->mutex.lock(); }

void WorkerPool::AfterForkInParent() { state_->mutex.unlock(); }

void WorkerPool::AfterForkInChild() {
  auto fresh = std::make_shared<State>();
  fresh->capacity = state_->capacity;
  fresh->closing = state_->closing;
  // The old one is leaked with its queue: running or destroying those tasks is the parent's.
  new std::shared_ptr<State>(std::exchange(state_, std::move(fresh)));
}

}  // namespace iceframe::internal
