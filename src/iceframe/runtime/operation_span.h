// SPDX-License-Identifier: Apache-2.0
// The steps of an operation, told with its end to observers that want them: traces.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "iceframe/runtime/clock.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// A step that has ended.
struct SpanRecord {
  /// "plan", "read_manifest", "read_file", "commit_attempt"; of a program's life.
  std::string_view name;
  /// What it was done to: a file's name without its folders, whose names may hold values.
  std::string subject;
  /// Since the operation's begin.
  std::chrono::nanoseconds begin{0};
  std::chrono::nanoseconds duration{0};
};

/// An operation tells of so many steps at most; of later ones, nothing.
inline constexpr size_t kMaxSpans = 512;

/// A step from its construction to its destruction; costs next to nothing where nobody wants it.
class OperationSpan {
 public:
  /// `location`: of a file; of it the name is told.
  explicit OperationSpan(const OperationContext& context, std::string_view name,
                         std::string_view location = {});
  ~OperationSpan();
  OperationSpan(const OperationSpan&) = delete;
  OperationSpan& operator=(const OperationSpan&) = delete;

 private:
  const std::shared_ptr<internal::OperationState> state_;
  const Clock* const clock_;
  std::string_view name_;
  std::string subject_;
  Clock::SteadyTime begin_;
};

/// Tells of a step that is made of several, such as planning that is done bit by bit.
void RecordSpan(const OperationContext& context, std::string_view name, Clock::SteadyTime begin,
                std::chrono::nanoseconds duration);

}  // namespace iceframe
