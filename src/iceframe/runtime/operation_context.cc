// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/operation_context.h"

#include <algorithm>

#include "iceframe/runtime/operation_state_internal.h"

namespace iceframe {

OperationContext OperationContext::ForCleanup() const {
  OperationContext cleanup = *this;
  cleanup.cancel = CancelToken();
  cleanup.deadline.reset();
  cleanup.progress = nullptr;
  cleanup.is_cleanup = true;
  return cleanup;
}

Status OperationContext::Check() const {
  if (cancel.is_cancelled()) return cancel.Check();
  if (!is_cleanup && IsProcessExiting())
    return Error(ErrorKind::kCancelled, "the process is exiting");
  if (deadline.has_value() && clock->SteadyNow() >= *deadline) {
    return Error(ErrorKind::kTimeout, "operation did not end before its deadline");
  }
  return Status::OK();
}

Status OperationContext::Sleep(std::chrono::milliseconds duration) const {
  ICEFRAME_RETURN_NOT_OK(Check());
  if (deadline.has_value()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - clock->SteadyNow());
    duration = std::min(duration, std::max(left, std::chrono::milliseconds(0)));
  }
  cancel.WaitFor(duration);
  return Check();
}

void OperationContext::NoteTable(std::string table) const {
  if (operation != nullptr) operation->NoteTable(std::move(table));
}

void OperationContext::NotePlan(std::function<std::string()> plan) const {
  if (operation != nullptr) operation->NotePlan(std::move(plan));
}

std::string OperationContext::Traceparent() const {
  return operation == nullptr ? std::string() : operation->traceparent();
}

}  // namespace iceframe
