// SPDX-License-Identifier: Apache-2.0
// The observer that keeps what scans skipped: of the process, or of a session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/runtime/fork.h"
#include "iceframe/runtime/operation_observer.h"
#include "iceframe/services/skip_counts.h"

namespace iceframe {

/// One operation that read tables.
struct OperationSkips {
  int64_t id = 0;
  std::string_view kind;
  std::vector<std::string> tables;
  SkipCounts counts;
};

/// What the scans skipped that it was told of: those of operations that have ended, however they
/// did. Plans that nobody ran, and files that are read to be rewritten, are not among them.
///
/// Registered from a session's first moment on, so that totals are complete. Remembers the last
/// operations and as many tables as the limits say. Thread-safe.
class DataSkipper final : public OperationObserver {
 public:
  static constexpr size_t kMaxOperations = 100;
  static constexpr size_t kMaxTables = 1000;

  /// Told of every operation of the process once a session was made. Never destroyed.
  static const std::shared_ptr<DataSkipper>& Process();

  SkipCounts Total() const;
  /// Of one table, by its full name. Once kMaxTables others were read since, it begins anew.
  SkipCounts OfTable(std::string_view table) const;
  /// The last `limit` operations, the latest first.
  std::vector<OperationSkips> Recent(size_t limit) const;

  Status OnEnd(const OperationEnd& end) override;

 private:
  struct Operation {
    int64_t id = 0;
    std::string_view kind;
    std::vector<std::string> tables;
    CounterValues counters;
  };
  struct Table {
    OperationCounters counters;
    std::list<std::string_view>::iterator use;
  };
  void AddToTable(const std::string& name, const CounterValues& counters);

  mutable internal::ForkSafeMutex mutex_;
  OperationCounters total_;
  std::deque<Operation> operations_;
  std::map<std::string, Table, std::less<>> tables_;
  /// Their names, the one that was read last in front.
  std::list<std::string_view> uses_;
};

}  // namespace iceframe
