// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/leased_connection.h"

#include <chrono>

namespace iceframe {

namespace {
constexpr std::chrono::milliseconds kLeasePoll{1};
}  // namespace

Result<std::shared_ptr<LeasedConnection::Use>> LeasedConnection::BeginUse(
    const OperationContext& context) {
  if (process_ != ForkGeneration()) {
    return Error(
        ErrorKind::kInvalidArgument,
        "connection belongs to the parent process (take one from the pool after the fork)");
  }
  while (true) {
    uint32_t state = 0;
    if (state_.compare_exchange_strong(state, kInUse)) break;
    if ((state & kReturned) != 0) return nullptr;
    ICEFRAME_RETURN_NOT_OK(context.Sleep(kLeasePoll));
  }
  return std::make_shared<Use>(shared_from_this(), &lease_.connection());
}

void LeasedConnection::EndUse() {
  if ((state_.fetch_and(~kInUse) & kReturned) != 0) lease_.Return();
}

bool LeasedConnection::Return() {
  const uint32_t before = state_.fetch_or(kReturned);
  if ((before & kReturned) != 0) return false;
  if ((before & kInUse) == 0) lease_.Return();
  return true;
}

}  // namespace iceframe
