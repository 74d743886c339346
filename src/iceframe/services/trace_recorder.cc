// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/trace_recorder.h"

#include <iterator>
#include <mutex>
#include <utility>

#include "iceframe/runtime/runtime_counters.h"
#include "iceframe/runtime/thread_number.h"

namespace iceframe {

void TraceRecorder::SetParent(std::string parent) {
  const int64_t thread = ThisThreadNumber();
  const std::lock_guard lock(mutex_);
  // Nothing is kept of threads that are over, as long as they end what they are part of.
  if (parent.empty()) {
    parents_.erase(thread);
  } else {
    parents_[thread] = std::move(parent);
  }
}

Status TraceRecorder::OnBegin(const OperationStart& start) {
  const std::lock_guard lock(mutex_);
  const auto parent = parents_.find(start.calling_thread);
  if (parent != parents_.end()) parents_of_running_.emplace(start.id, parent->second);
  return Status::OK();
}

Status TraceRecorder::OnEnd(const OperationEnd& end) {
  Trace trace;
  trace.start = end.start;
  trace.outcome = end.outcome;
  if (!end.status.ok()) trace.error = KindOf(end.status);
  trace.duration = end.duration;
  trace.rows_returned = end.counters.Get(RuntimeCount::kRowsReturned);
  if (end.redacted_plan) trace.plan = end.redacted_plan();
  trace.spans = end.spans;
  const std::lock_guard lock(mutex_);
  if (auto parent = parents_of_running_.extract(end.start.id)) {
    trace.parent = std::move(parent.mapped());
  }
  if (is_closed_) return Status::OK();
  traces_.push_back(std::move(trace));
  if (traces_.size() > max_traces_) {
    traces_.pop_front();
    ++num_dropped_;
  }
  changed_.notify_all();
  return Status::OK();
}

std::vector<Trace> TraceRecorder::Take(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [this] { return is_closed_ || !traces_.empty(); });
  std::vector<Trace> taken(std::make_move_iterator(traces_.begin()),
                           std::make_move_iterator(traces_.end()));
  traces_.clear();
  return taken;
}

void TraceRecorder::Close() {
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  changed_.notify_all();
}

int64_t TraceRecorder::num_dropped() const {
  const std::lock_guard lock(mutex_);
  return num_dropped_;
}

}  // namespace iceframe
