// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "iceframe/io/request_retries_internal.h"

namespace iceframe::internal {

namespace {

constexpr int64_t kMaxRetries = 7;
constexpr double kFirstDelayMs = 50;
constexpr double kMaxDelayMs = 5000;

}  // namespace

bool RetryBudget::Take() {
  int tokens = tokens_.load();
  do {
    if (tokens < kPerRetry) return false;
  } while (!tokens_.compare_exchange_weak(tokens, tokens - kPerRetry));
  return true;
}

void RetryBudget::GiveBack() {
  int tokens = tokens_.load();
  while (tokens < kCapacity &&
         !tokens_.compare_exchange_weak(tokens, std::min(kCapacity, tokens + kPerSuccess))) {
  }
}

std::chrono::milliseconds RetryDelay(int64_t retry, double random) {
  double longest = kFirstDelayMs;
  for (int64_t i = 0; i < retry && longest < kMaxDelayMs; ++i) longest *= 2;
  longest = std::min(longest, kMaxDelayMs);
  return std::chrono::milliseconds(static_cast<int64_t>(random * longest));
}

bool MayRetry(int64_t retry) { return retry < kMaxRetries; }

}  // namespace iceframe::internal
