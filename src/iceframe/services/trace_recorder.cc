// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/trace_recorder.h"

#include <cstdio>
#include <iterator>
#include <mutex>
#include <string_view>
#include <utility>

#include "iceframe/base/uuid.h"
#include "iceframe/runtime/runtime_counters.h"
#include "iceframe/runtime/thread_number.h"

namespace iceframe {

namespace {

// "00-", 32 digits of a trace, "-", 16 of a span, "-", two of flags.
constexpr size_t kTraceAt = 3;
constexpr size_t kSpanAt = 36;
constexpr size_t kFlagsAt = 53;
constexpr size_t kTraceparentSize = 55;

// A random id; zeros would mean none.
std::string SpanDigits() {
  uint64_t bits = 0;
  while (bits == 0) bits = RandomBits();
  char digits[17];
  std::snprintf(digits, sizeof(digits), "%016llx", static_cast<unsigned long long>(bits));
  return digits;
}

bool IsTraceparent(std::string_view text) {
  if (text.size() != kTraceparentSize || !text.starts_with("00-")) return false;
  for (size_t i = kTraceAt; i < text.size(); ++i) {
    const bool is_dash = i == kSpanAt - 1 || i == kFlagsAt - 1;
    const bool is_digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (is_dash ? text[i] != '-' : !is_digit) return false;
  }
  return true;
}

// The traceparent of a new span below `parent`, or of a trace's first one.
std::string NewTraceparent(const std::string& parent, uint8_t flags) {
  if (parent.empty()) {
    char end[4];
    std::snprintf(end, sizeof(end), "-%02x", flags);
    return "00-" + SpanDigits() + SpanDigits() + "-" + SpanDigits() + end;
  }
  if (!IsTraceparent(parent)) return {};
  return parent.substr(0, kSpanAt) + SpanDigits() + parent.substr(kFlagsAt - 1);
}

}  // namespace

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

void TraceRecorder::GiveIds(uint8_t flags) {
  const std::lock_guard lock(mutex_);
  flags_ = flags;
}

Status TraceRecorder::OnBegin(const OperationStart& start) {
  const std::lock_guard lock(mutex_);
  const auto parent = parents_.find(start.calling_thread);
  Running running;
  if (parent != parents_.end()) running.parent = parent->second;
  if (flags_ && !is_closed_) running.own = NewTraceparent(running.parent, *flags_);
  if (running.parent.empty() && running.own.empty()) return Status::OK();
  running_.emplace(start.id, std::move(running));
  return Status::OK();
}

std::string TraceRecorder::Traceparent(const OperationStart& start) {
  const std::lock_guard lock(mutex_);
  const auto running = running_.find(start.id);
  return running == running_.end() ? std::string() : running->second.own;
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
  if (auto running = running_.extract(end.start.id)) {
    trace.parent = std::move(running.mapped().parent);
    trace.own = std::move(running.mapped().own);
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
