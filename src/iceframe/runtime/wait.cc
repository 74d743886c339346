// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/wait.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace iceframe::internal {

namespace {
/// How long a waiter may miss that the process began to exit, which wakes nobody.
constexpr std::chrono::milliseconds kExitPoll{100};
}  // namespace

struct WaitPoint::State {
  std::mutex mutex;
  std::condition_variable woken;
  bool signalled = false;
};

WaitPoint::WaitPoint() : state_(std::make_shared<State>()) {}
WaitPoint::~WaitPoint() = default;

void WaitPoint::Signal() {
  std::lock_guard lock(state_->mutex);
  state_->signalled = true;
  state_->woken.notify_all();
}

Status WaitPoint::Wait(const OperationContext& context) {
  // Of this waiter alone: the others may go on waiting.
  auto cancelled = std::make_shared<std::atomic<bool>>(false);
  auto registration = context.cancel.OnCancel([state = state_, cancelled] {
    std::lock_guard lock(state->mutex);
    cancelled->store(true);
    state->woken.notify_all();
  });
  std::unique_lock lock(state_->mutex);
  while (!state_->signalled) {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    auto until = std::chrono::steady_clock::now() + kExitPoll;
    if (context.deadline.has_value()) until = std::min(until, *context.deadline);
    state_->woken.wait_until(lock, until, [&] { return state_->signalled || cancelled->load(); });
  }
  return Status::OK();
}

}  // namespace iceframe::internal
