// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/cancel_token.h"

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

namespace iceframe {

struct CancelToken::State {
  std::stop_source source;
};

class CancelToken::Registration {
 public:
  Registration(std::stop_token token, Callback callback)
      : callback_(std::move(token), std::move(callback)) {}

 private:
  std::stop_callback<Callback> callback_;
};

CancelToken::CancelToken() : state_(std::make_shared<State>()) {}

void CancelToken::Cancel() { state_->source.request_stop(); }

bool CancelToken::is_cancelled() const { return state_->source.stop_requested(); }

Status CancelToken::Check() const {
  if (!is_cancelled()) return Status::OK();
  return Error(ErrorKind::kCancelled, "operation was cancelled");
}

bool CancelToken::WaitFor(std::chrono::milliseconds duration) const {
  if (is_cancelled()) return true;
  std::mutex mutex;
  std::condition_variable_any condition;
  std::unique_lock lock(mutex);
  condition.wait_for(lock, state_->source.get_token(), duration, [] { return false; });
  return is_cancelled();
}

std::shared_ptr<CancelToken::Registration> CancelToken::OnCancel(Callback callback) const {
  return std::make_shared<Registration>(state_->source.get_token(), std::move(callback));
}

}  // namespace iceframe
