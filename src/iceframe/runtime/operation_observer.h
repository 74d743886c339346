// SPDX-License-Identifier: Apache-2.0
// Who hears of operations: that one begins, and once, however it went, that it has ended.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/runtime/fork.h"
#include "iceframe/runtime/operation_counters.h"
#include "iceframe/runtime/operation_span.h"

namespace iceframe {

/// What an operation is for, in a word: "scan". A label of metrics, so there are few; made by those
/// who begin operations.
struct OperationKind {
  std::string_view name;
  /// Whether it reads rows for somebody: a query, in the wide sense.
  bool is_query = false;
};

enum class OperationOutcome : uint8_t {
  kSucceeded,
  kFailed,
  kCancelled,
  /// Its rows were not read to the end.
  kDropped,
};
inline constexpr int kNumOperationOutcomes = 4;
/// "ok", "error", "cancelled", "dropped".
std::string_view ToString(OperationOutcome outcome);

struct OperationStart {
  /// Of this process, from 1.
  int64_t id = 0;
  OperationKind kind;
  /// Tables by their full names, in the order they were met; at the end, all of them.
  std::vector<std::string> tables;
  /// Milliseconds since 1970.
  int64_t time_ms = 0;
  /// The thread that asked for it (runtime/thread_number.h); it may run on others.
  int64_t calling_thread = 0;
};

/// What of an operation's counts is of one table.
struct TableCounters {
  std::string table;
  CounterValues counters;
};

/// What a layer tells of its part in an operation, by a struct of its own that derives from this;
/// observers that know it look for it by dynamic_cast.
struct OperationDetail {
  OperationDetail() = default;
  OperationDetail(const OperationDetail&) = delete;
  OperationDetail& operator=(const OperationDetail&) = delete;
  virtual ~OperationDetail() = default;
};

/// Text that is made when somebody wants it.
using LazyText = std::function<std::string()>;

struct OperationEnd {
  OperationStart start;
  OperationOutcome outcome = OperationOutcome::kSucceeded;
  /// The error of an operation that failed or was cancelled.
  Status status;
  std::chrono::nanoseconds duration{0};
  CounterValues counters;
  /// By table, of those that were read; one entry for each.
  std::vector<TableCounters> table_counters;
  /// The most that was reserved for it at once.
  int64_t peak_memory_bytes = 0;
  /// What was planned; empty for operations without a plan.
  LazyText plan;
  /// The same without any literal, for what others may read.
  LazyText redacted_plan;
  /// Its steps in the order of their ends, if an observer of it wants them.
  std::vector<SpanRecord> spans;
  /// In the order they were told.
  std::vector<std::shared_ptr<const OperationDetail>> details;
};

/// Hears of operations, on the threads that begin and end them: maybe several at once. What it
/// returns or throws never changes an operation: it is logged as a warning. A slow observer holds
/// up the operation that it is told of, and no other; hand slow work to a thread of your own.
/// Operations that it runs itself are told too, to itself as well.
class OperationObserver {
 public:
  virtual ~OperationObserver() = default;
  virtual Status OnBegin(const OperationStart& /*start*/) { return Status::OK(); }
  virtual Status OnEnd(const OperationEnd& end) = 0;
  /// Whether OnEnd is to be told of an operation's steps; asked as the operation begins.
  virtual bool wants_spans() const { return false; }
  /// A W3C traceparent that requests of the operation name to other systems; empty: none. Of
  /// observers that want spans, asked once, after OnBegin; the first that has one is heard.
  virtual std::string Traceparent(const OperationStart& /*start*/) { return {}; }
};

namespace internal {

class OperationState;

/// An observer as it is registered.
struct RegisteredObserver {
  explicit RegisteredObserver(std::shared_ptr<OperationObserver> it) : observer(std::move(it)) {}
  const std::shared_ptr<OperationObserver> observer;
  std::atomic<bool> is_registered{true};
};
using ObserverList = std::vector<std::shared_ptr<RegisteredObserver>>;

}  // namespace internal

/// The observers of a session, or of the process. Thread-safe; no lock is held while one is told.
class OperationObservers {
 public:
  /// Those who hear of every operation. Never destroyed.
  static OperationObservers& Process();

  /// Tells `observer` of operations that begin from now on. Has no effect if it is registered.
  void Add(std::shared_ptr<OperationObserver> observer);
  /// No call of it begins once this has returned, not even of the end of an operation whose begin
  /// it was told; one that has begun may go on. Returns whether it was registered.
  bool Remove(const OperationObserver* observer);

 private:
  friend class internal::OperationState;
  std::shared_ptr<const internal::ObserverList> list() const;

  mutable internal::ForkSafeMutex mutex_;
  std::shared_ptr<const internal::ObserverList> list_ =
      std::make_shared<const internal::ObserverList>();
};

}  // namespace iceframe
