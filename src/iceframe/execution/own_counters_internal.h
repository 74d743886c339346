// SPDX-License-Identifier: Apache-2.0
// Counts of one operator, which become the operation's too.
#pragma once

#include <array>
#include <memory>
#include <utility>

#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// Counts what is done under a context of its own, and tells it to the context that was given.
class OwnCounters {
 public:
  OwnCounters() = default;
  ~OwnCounters() { Tell(); }
  OwnCounters(const OwnCounters&) = delete;
  OwnCounters& operator=(const OwnCounters&) = delete;

  /// The context with these counters.
  OperationContext Under(const OperationContext& context) {
    total_ = context.counters;
    OperationContext own = context;
    own.counters = counters_;
    return own;
  }
  /// Adds what was counted since the last time to the operation's counters.
  void Tell() {
    if (total_ == nullptr) return;
    for (size_t i = 0; i < told_.size(); ++i) {
      const auto count = static_cast<OperationCount>(i);
      const int64_t now = counters_->Get(count);
      total_->Add(count, now - std::exchange(told_[i], now));
    }
  }
  const std::shared_ptr<OperationCounters>& counters() const { return counters_; }

 private:
  std::shared_ptr<OperationCounters> counters_ = std::make_shared<OperationCounters>();
  std::shared_ptr<OperationCounters> total_;
  std::array<int64_t, static_cast<size_t>(OperationCount::kNumCounts)> told_{};
};

}  // namespace iceframe
