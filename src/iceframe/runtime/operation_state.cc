// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <exception>
#include <map>
#include <utility>

#include "iceframe/runtime/fork.h"
#include "iceframe/runtime/operation_state_internal.h"

namespace iceframe::internal {

/// The operations that have begun and not ended. Never destroyed.
class LiveOperations {
 public:
  static LiveOperations& Get() {
    static LiveOperations& operations = *new LiveOperations;
    return operations;
  }

  void Add(OperationState* state) {
    const std::lock_guard lock(mutex_);
    state->next_ = first_;
    if (first_ != nullptr) first_->previous_ = state;
    first_ = state;
  }

  void Remove(OperationState* state) {
    const std::lock_guard lock(mutex_);
    if (state->next_ != nullptr) state->next_->previous_ = state->previous_;
    (state->previous_ != nullptr ? state->previous_->next_ : first_) = state->next_;
  }

  std::vector<std::shared_ptr<OperationState>> All() {
    std::vector<std::shared_ptr<OperationState>> all;
    const std::lock_guard lock(mutex_);
    for (OperationState* state = first_; state != nullptr; state = state->next_) {
      // Empty for one whose last owner is ending it.
      if (auto owned = state->weak_from_this().lock()) all.push_back(std::move(owned));
    }
    return all;
  }

 private:
  ForkSafeMutex mutex_;
  OperationState* first_ = nullptr;
};

namespace {

int64_t NextId() {
  static std::atomic<int64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

template <typename Call>
Status CallObserver(OperationObserver& observer, const Call& call) {
  try {
    return call(observer);
  } catch (const std::exception& exception) {
    return Status::UnknownError(exception.what());
  } catch (...) {
    return Status::UnknownError("an exception");
  }
}

}  // namespace

OperationState::OperationState(const OperationContext& context,
                               std::shared_ptr<OperationCounters> counters)
    : counters_(std::move(counters)),
      counters_before_(counters_->Values()),
      log_(context.log),
      cancel_(context.cancel),
      memory_(context.memory),
      clock_(context.clock),
      calling_thread_(context.calling_thread),
      process_observers_(OperationObservers::Process().list()),
      session_observers_(context.observers == nullptr ? nullptr : context.observers->list()),
      fork_generation_(ForkGeneration()),
      wants_spans_(IsAnyForSpans()) {}

bool OperationState::IsAnyForSpans() const {
  for (const ObserverList* list : {process_observers_.get(), session_observers_.get()}) {
    if (list == nullptr) continue;
    for (const auto& entry : *list) {
      if (entry->observer->wants_spans()) return true;
    }
  }
  return false;
}

template <typename Call>
void OperationState::Tell(const Call& call) const {
  for (const ObserverList* list : {process_observers_.get(), session_observers_.get()}) {
    if (list == nullptr) continue;
    for (const auto& entry : *list) {
      if (!entry->is_registered) continue;
      const Status status = CallObserver(*entry->observer, call);
      if (status.ok() || log_ == nullptr || !log_->IsEnabled(LogLevel::kWarning)) continue;
      log_->Log(LogLevel::kWarning, "operations",
                Concatenate("an observer of operations failed: ", status.message()));
    }
  }
}

void OperationState::Begin(OperationKind kind, std::vector<std::string> tables) {
  start_ = {NextId(), kind, std::move(tables), clock_->SystemNowMs(), calling_thread_};
  begin_ = clock_->SteadyNow();
  Tell([&](OperationObserver& observer) { return observer.OnBegin(start_); });
  if (wants_spans_) {
    Tell([&](OperationObserver& observer) {
      if (traceparent_.empty()) traceparent_ = observer.Traceparent(start_);
      return Status::OK();
    });
  }
  // Not sooner: who lists it may end it.
  LiveOperations::Get().Add(this);
}

void OperationState::End(OperationOutcome outcome, const Status& status) {
  if (has_ended_.exchange(true, std::memory_order_acq_rel)) return;
  LiveOperations::Get().Remove(this);
  counters_->is_taken_.store(false, std::memory_order_release);
  // What the parent process began, it ends.
  if (!is_of_this_process()) return;
  OperationEnd end;
  end.outcome = outcome;
  end.status = status;
  end.duration = clock_->SteadyNow() - begin_;
  end.counters = counters_->Values() - counters_before_;
  end.peak_memory_bytes = memory_->peak_bytes();
  {
    const std::lock_guard lock(mutex_);
    end.start = std::move(start_);
    end.plan = std::move(plan_);
    end.table_counters = CountersByTable();
    table_counters_.clear();
    end.redacted_plan = std::move(redacted_plan_);
    end.spans = std::move(spans_);
    end.details = std::move(details_);
  }
  Tell([&](OperationObserver& observer) { return observer.OnEnd(end); });
}

OperationProgress OperationState::Progress() const {
  OperationProgress progress;
  {
    const std::lock_guard lock(mutex_);
    progress.start = start_;
  }
  progress.so_far = clock_->SteadyNow() - begin_;
  progress.counters = counters_->Values() - counters_before_;
  progress.memory_bytes = memory_->used_bytes();
  return progress;
}

void OperationState::NoteTable(std::string table) {
  const std::lock_guard lock(mutex_);
  auto& tables = start_.tables;
  if (std::find(tables.begin(), tables.end(), table) != tables.end()) return;
  tables.push_back(std::move(table));
}

/// The operation's own counters may be of several tables.
void OperationState::NoteTableCounters(std::string table,
                                       std::shared_ptr<OperationCounters> counters) {
  const std::lock_guard lock(mutex_);
  if (counters == counters_) return;
  const auto is_known = [&](const auto& noted) { return noted.second == counters; };
  if (std::any_of(table_counters_.begin(), table_counters_.end(), is_known)) return;
  table_counters_.emplace_back(std::move(table), std::move(counters));
}

std::vector<TableCounters> OperationState::CountersByTable() const {
  std::map<std::string, OperationCounters> sums;
  for (const auto& [table, counters] : table_counters_) sums[table].Add(counters->Values());
  std::vector<TableCounters> by_table;
  for (const auto& [table, counters] : sums) by_table.push_back({table, counters.Values()});
  return by_table;
}

void OperationState::NotePlan(LazyText plan) {
  const std::lock_guard lock(mutex_);
  plan_ = std::move(plan);
}

void OperationState::NoteSpan(std::string_view name, std::string subject, Clock::SteadyTime begin,
                              std::chrono::nanoseconds duration) {
  const std::lock_guard lock(mutex_);
  if (spans_.size() < kMaxSpans) {
    spans_.push_back({name, std::move(subject), begin - begin_, duration});
  }
}

void OperationState::NoteRedactedPlan(LazyText plan) {
  const std::lock_guard lock(mutex_);
  redacted_plan_ = std::move(plan);
}

void OperationState::NoteDetail(std::shared_ptr<const OperationDetail> detail) {
  const std::lock_guard lock(mutex_);
  details_.push_back(std::move(detail));
}

void PrepareLiveOperations() {
  LiveOperations::Get();
  OperationObservers::Process();
}

void EndLiveOperations() {
  for (const auto& state : LiveOperations::Get().All()) {
    state->End(OperationOutcome::kCancelled,
               Error(ErrorKind::kCancelled, "the process is exiting"));
  }
}

}  // namespace iceframe::internal

namespace iceframe {

std::vector<OperationProgress> OperationsNow() {
  std::vector<OperationProgress> now;
  for (const auto& state : internal::LiveOperations::Get().All()) {
    // One that is ending has given its tables away.
    if (state->has_ended() || !state->is_of_this_process()) continue;
    now.push_back(state->Progress());
  }
  return now;
}

}  // namespace iceframe
