// SPDX-License-Identifier: Apache-2.0
// What is known of an operation from its begin to its end.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "iceframe/runtime/operation_context.h"
#include "iceframe/runtime/operation_observer.h"
#include "iceframe/runtime/running_operation.h"

namespace iceframe::internal {

class OperationState final : public std::enable_shared_from_this<OperationState> {
 public:
  /// `counters`: those that the operation alone counts in.
  OperationState(const OperationContext& context, std::shared_ptr<OperationCounters> counters);
  OperationState(const OperationState&) = delete;
  OperationState& operator=(const OperationState&) = delete;

  void Begin(OperationKind kind, std::vector<std::string> tables);
  /// The first call counts.
  void End(OperationOutcome outcome, const Status& status);
  bool has_ended() const { return has_ended_.load(std::memory_order_acquire); }
  bool is_of_this_process() const { return fork_generation_ == ForkGeneration(); }
  bool is_cancelled() const { return cancel_.is_cancelled(); }

  OperationProgress Progress() const;
  OperationKind kind() const {
    const std::lock_guard lock(mutex_);
    return start_.kind;
  }

  bool wants_spans() const { return wants_spans_; }
  const std::string& traceparent() const { return traceparent_; }
  void NoteSpan(std::string_view name, std::string subject, Clock::SteadyTime begin,
                std::chrono::nanoseconds duration);

  void NoteTable(std::string table);
  void NoteTableCounters(std::string table, std::shared_ptr<OperationCounters> counters);
  void NotePlan(LazyText plan);
  void NoteRedactedPlan(LazyText plan);
  void NoteDetail(std::shared_ptr<const OperationDetail> detail);

 private:
  friend class LiveOperations;

  /// Under the lock.
  std::vector<TableCounters> CountersByTable() const;

  template <typename Call>
  void Tell(const Call& call) const;
  bool IsAnyForSpans() const;

  const std::shared_ptr<OperationCounters> counters_;
  const CounterValues counters_before_;
  const std::shared_ptr<LogSink> log_;
  const CancelToken cancel_;
  const std::shared_ptr<MemoryBudget> memory_;
  const Clock* const clock_;
  const int64_t calling_thread_;
  // Those who hear of this one, from its begin on.
  const std::shared_ptr<const ObserverList> process_observers_;
  const std::shared_ptr<const ObserverList> session_observers_;
  const uint64_t fork_generation_;
  const bool wants_spans_;
  Clock::SteadyTime begin_;
  // Not changed once the operation has begun.
  std::string traceparent_;

  mutable std::mutex mutex_;
  OperationStart start_;
  LazyText plan_;
  std::vector<std::pair<std::string, std::shared_ptr<OperationCounters>>> table_counters_;
  LazyText redacted_plan_;
  std::vector<SpanRecord> spans_;
  std::vector<std::shared_ptr<const OperationDetail>> details_;

  std::atomic<bool> has_ended_{false};
  // The list of live operations, under its lock.
  OperationState* previous_ = nullptr;
  OperationState* next_ = nullptr;
};

/// Makes the statics behind operations.
void PrepareLiveOperations();
/// Ends what has not ended as cancelled, since the process exits.
void EndLiveOperations();

}  // namespace iceframe::internal
