// SPDX-License-Identifier: Apache-2.0
// Whether messages still come in while those that wait are used up.
#pragma once

#include <cstddef>

namespace iceframe::internal {

/// Sees when librdkafka has stopped fetching. It does as soon as its queue is full, and before
/// version 2.2 it looks again only after up to a second, when the queue may long be empty; an
/// answer of the broker has it look at once.
class FetchWatch {
 public:
  /// Takes how many messages are queued now. Returns whether half of them went since the queue last
  /// grew, or since this was last true: that is as often as asking the broker is worth.
  bool IsRunningDry(size_t num_queued) {
    if (num_queued >= last_) full_ = num_queued;
    last_ = num_queued;
    if (num_queued >= full_ - full_ / 2) return false;
    full_ = num_queued;
    return true;
  }

 private:
  size_t last_ = 0;
  size_t full_ = 0;
};

}  // namespace iceframe::internal
