// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "iceframe/catalog/connect_breaker_internal.h"

namespace iceframe {

namespace {
constexpr std::chrono::milliseconds kFirstBreak{1000};
constexpr std::chrono::milliseconds kLongestBreak{30'000};
}  // namespace

Status ConnectBreaker::Check(int max_failures, Clock::SteadyTime now) {
  if (max_failures == 0 || num_failures_ < max_failures) return Status::OK();
  if (!is_probing_ && now >= try_again_) {
    is_probing_ = true;
    return Status::OK();
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(try_again_ - now);
  return Error(KindOf(last_failure_), last_failure_.message(), " (", num_failures_,
               " failures in a row; the next attempt is in ", std::max<int64_t>(left.count(), 0),
               " ms)");
}

void ConnectBreaker::Note(const Status& status, int max_failures, Clock::SteadyTime now) {
  is_probing_ = false;
  const bool is_away = !status.ok() && (KindOf(status) == ErrorKind::kUnavailable ||
                                        KindOf(status) == ErrorKind::kTimeout);
  // The server answered, be it with a refusal; of a cancelled attempt nothing is known.
  if (!is_away) {
    if (status.ok() || KindOf(status) != ErrorKind::kCancelled) num_failures_ = 0;
    return;
  }
  ++num_failures_;
  last_failure_ = status;
  if (max_failures == 0 || num_failures_ < max_failures) return;
  pause_ = num_failures_ == max_failures ? kFirstBreak : std::min(2 * pause_, kLongestBreak);
  try_again_ = now + pause_;
}

}  // namespace iceframe
