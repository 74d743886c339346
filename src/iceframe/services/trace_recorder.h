// SPDX-License-Identifier: Apache-2.0
// Operations with their steps, kept until whoever exports traces takes them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/runtime/fork.h"
#include "iceframe/runtime/operation_observer.h"

namespace iceframe {

/// An operation as a span, and those below it. No literal of a query is in it.
struct Trace {
  OperationStart start;
  OperationOutcome outcome = OperationOutcome::kSucceeded;
  std::optional<ErrorKind> error;
  std::chrono::nanoseconds duration{0};
  int64_t rows_returned = 0;
  /// The plan with "?" for literals.
  std::string plan;
  std::vector<SpanRecord> spans;
  /// What the caller's thread was doing: a W3C traceparent, or whatever SetParent was given.
  std::string parent;
  /// The traceparent that its own requests named; empty: none.
  std::string own;
};

/// Thread-safe. Where nobody takes them, the oldest traces go.
class TraceRecorder final : public OperationObserver {
 public:
  explicit TraceRecorder(size_t max_traces = 1000) : max_traces_(max_traces) {}

  /// What operations are part of that the calling thread asks for from now on; empty: nothing.
  void SetParent(std::string parent);
  /// From now on operations have ids from their begin on, which their requests to catalogs name as
  /// parent. `flags`: the trace flags of operations that are part of nothing. What is part of
  /// something that is no W3C traceparent has none.
  void GiveIds(uint8_t flags);
  /// Waits until there are traces, `timeout` has passed or Close was called; returns them, oldest
  /// first.
  std::vector<Trace> Take(std::chrono::milliseconds timeout);
  /// Wakes who waits; from now on nobody does.
  void Close();
  /// Traces that went since nobody took them.
  int64_t num_dropped() const;

  Status OnBegin(const OperationStart& start) override;
  Status OnEnd(const OperationEnd& end) override;
  bool wants_spans() const override { return true; }
  std::string Traceparent(const OperationStart& start) override;

 private:
  struct Running {
    std::string parent;
    std::string own;
  };

  const size_t max_traces_;
  mutable internal::ForkSafeMutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Trace> traces_;
  int64_t num_dropped_ = 0;
  bool is_closed_ = false;
  // By thread.
  std::unordered_map<int64_t, std::string> parents_;
  // By operation; only what is known of it.
  std::unordered_map<int64_t, Running> running_;
  // Of operations without a parent, once ids are given.
  std::optional<uint8_t> flags_;
};

}  // namespace iceframe
