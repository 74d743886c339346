// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/operation_span.h"

#include <utility>

#include "iceframe/runtime/operation_state_internal.h"

namespace iceframe {

namespace {

std::string NameOf(std::string_view location) {
  return std::string(location.substr(location.rfind('/') + 1));
}

}  // namespace

OperationSpan::OperationSpan(const OperationContext& context, std::string_view name,
                             std::string_view location)
    : state_(context.operation != nullptr && context.operation->wants_spans() ? context.operation
                                                                              : nullptr),
      clock_(context.clock),
      name_(name) {
  if (state_ == nullptr) return;
  subject_ = NameOf(location);
  begin_ = clock_->SteadyNow();
}

OperationSpan::~OperationSpan() {
  if (state_ == nullptr) return;
  state_->NoteSpan(name_, std::move(subject_), begin_, clock_->SteadyNow() - begin_);
}

void RecordSpan(const OperationContext& context, std::string_view name, Clock::SteadyTime begin,
                std::chrono::nanoseconds duration) {
  if (context.operation == nullptr || !context.operation->wants_spans()) return;
  context.operation->NoteSpan(name, {}, begin, duration);
}

}  // namespace iceframe
