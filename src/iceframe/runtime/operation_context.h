// SPDX-License-Identifier: Apache-2.0
// What one operation carries from the front door down to every file it touches.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/runtime/cancel_token.h"
#include "iceframe/runtime/clock.h"
#include "iceframe/runtime/deferred_syncs.h"
#include "iceframe/runtime/executor.h"
#include "iceframe/runtime/log_sink.h"
#include "iceframe/runtime/memory_manager.h"
#include "iceframe/runtime/operation_counters.h"
#include "iceframe/runtime/thread_number.h"

namespace iceframe {

class OperationObservers;
namespace internal {
class OperationState;
}  // namespace internal

/// How far an operation is; total 0 means not known.
struct Progress {
  std::string stage;
  int64_t done = 0;
  int64_t total = 0;
  std::string unit;
};
using ProgressSink = std::function<void(const Progress&)>;

/// Passed by reference through catalog, FileIO, planning, data files and execution: nothing that
/// can wait or allocate much goes without it. Cheap to copy; copies share token and counters.
struct OperationContext {
  CancelToken cancel;
  std::optional<std::chrono::steady_clock::time_point> deadline;
  /// The operation's node; never nullptr.
  std::shared_ptr<MemoryBudget> memory = MemoryBudget::Process();
  Executor* executor = &Executor::Process();
  /// Empty: nobody looks.
  ProgressSink progress;
  std::shared_ptr<LogSink> log;
  std::shared_ptr<OperationCounters> counters = std::make_shared<OperationCounters>();
  /// Settings of the session that changed from their defaults, by name (see settings.h).
  std::shared_ptr<const Properties> settings;
  Clock* clock = &Clock::System();
  /// Empty: what is written is durable at once.
  std::shared_ptr<DeferredSyncs> deferred_syncs;
  /// Who hears of operations that begin under this context, beside the process's observers (see
  /// operation_observer.h); nullptr: nobody.
  std::shared_ptr<OperationObservers> observers;
  /// The operation that this context is of, once it has begun (see running_operation.h).
  std::shared_ptr<internal::OperationState> operation;
  /// The thread that made the context, for whoever asks on whose behalf an operation runs.
  int64_t calling_thread = ThisThreadNumber();

  /// Whether this operation only takes back what another one did: it goes on while the process
  /// ends.
  bool is_cleanup = false;

  /// A context for taking back what this operation did: neither its cancel token, nor its deadline,
  /// nor the end of the process stops it.
  OperationContext ForCleanup() const;
  /// OK, Cancelled, or Timeout once the deadline passed. Cheap: call it once per batch or file.
  Status Check() const;
  /// Waits for `duration`; returns sooner, with the error, when cancelled or past the deadline.
  Status Sleep(std::chrono::milliseconds duration) const;
  /// Makes durable what was written under this context and put off; before a commit's swap.
  Status RunDeferredSyncs() const {
    return deferred_syncs == nullptr ? Status::OK() : deferred_syncs->Run();
  }
  /// Adds a table, by its full name, to what is told when the operation ends.
  void NoteTable(std::string table) const;
  /// What the operation does, as text that is made when somebody wants it: told when it ends.
  void NotePlan(std::function<std::string()> plan) const;
  /// What requests to other systems name as their parent in a trace; empty: nothing.
  std::string Traceparent() const;
  arrow::MemoryPool* pool() const { return memory->pool(); }
  void Report(const Progress& progress_now) const {
    if (progress) progress(progress_now);
  }
  /// Logs the arguments strung together; costs nothing while nobody listens.
  template <typename... Args>
  void Log(LogLevel level, std::string_view component, Args&&... args) const {
    if (log == nullptr || !log->IsEnabled(level)) return;
    log->Log(level, component, internal::Concatenate(std::forward<Args>(args)...));
  }
};

}  // namespace iceframe
