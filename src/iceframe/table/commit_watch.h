// SPDX-License-Identifier: Apache-2.0
// Whether a commit can still be called off, as seen from other threads.
#pragma once

#include <atomic>

namespace iceframe {

/// Set while a commit's request is under way, until its outcome is known for good: whoever wants to
/// cancel then rather waits for a while, since a cancelled request may have landed all the same.
class CommitWatch {
 public:
  void SetRequestSent(bool is_sent) { is_request_sent_.store(is_sent); }
  /// True from just before a request goes to the catalog until that attempt is known to have
  /// failed; it stays true once the commit has landed.
  bool is_request_sent() const { return is_request_sent_.load(); }

 private:
  std::atomic<bool> is_request_sent_{false};
};

}  // namespace iceframe
