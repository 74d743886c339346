// SPDX-License-Identifier: Apache-2.0
// Which tables this process has lately had to share with other writers.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "iceframe/runtime/clock.h"
#include "iceframe/runtime/fork.h"

namespace iceframe::internal {

/// A commit to a table of these takes the catalog's write lock at once: a first attempt without it
/// would only be written to be lost. Thread-safe.
class ContendedTables {
 public:
  static ContendedTables& Process();

  /// Another writer has come between; remembered for kMemory.
  void Remember(const std::string& table, Clock::SteadyTime now);
  /// Nobody else has.
  void Forget(const std::string& table);
  bool Contains(const std::string& table, Clock::SteadyTime now) const;

  static constexpr std::chrono::seconds kMemory{10};
  static constexpr size_t kMaxTables = 1000;

 private:
  mutable ForkSafeMutex mutex_;
  std::map<std::string, Clock::SteadyTime> until_;
};

}  // namespace iceframe::internal
