// SPDX-License-Identifier: Apache-2.0
// Waiting for other threads without losing the chance to be cancelled.
#pragma once

#include <memory>
#include <utility>

#include <arrow/util/future.h>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

namespace internal {

/// Something that threads wait for and another one signals, once. Thread-safe.
class WaitPoint {
 public:
  WaitPoint();
  ~WaitPoint();
  void Signal();
  /// OK once signalled; else Cancelled, or Timeout, as soon as the context says so.
  Status Wait(const OperationContext& context);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace internal

/// Returns the future's result, or Cancelled or Timeout as soon as `context` says so; what makes
/// the future then goes on without a listener.
///
/// Never call it from a thread of the pool that the future's work needs.
template <typename T>
Result<T> Await(const OperationContext& context, const arrow::Future<T>& future) {
  if (!future.is_finished()) {
    auto point = std::make_shared<internal::WaitPoint>();
    future.AddCallback([point](const Result<T>&) { point->Signal(); });
    ICEFRAME_RETURN_NOT_OK(point->Wait(context));
  }
  return future.result();
}

inline Status Await(const OperationContext& context, const arrow::Future<>& future) {
  if (!future.is_finished()) {
    auto point = std::make_shared<internal::WaitPoint>();
    future.AddCallback([point](const Status&) { point->Signal(); });
    ICEFRAME_RETURN_NOT_OK(point->Wait(context));
  }
  return future.status();
}

}  // namespace iceframe
