// SPDX-License-Identifier: Apache-2.0
// Counts of one operator, which become the operation's too.
#pragma once

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
    const CounterValues now = counters_->Values();
    total_->Add(now - std::exchange(told_, now));
  }
  const std::shared_ptr<OperationCounters>& counters() const { return counters_; }

 private:
  std::shared_ptr<OperationCounters> counters_ = std::make_shared<OperationCounters>();
  std::shared_ptr<OperationCounters> total_;
  CounterValues told_;
};

}  // namespace iceframe
