// SPDX-License-Identifier: Apache-2.0
// An operation from its begin to its end, which whoever began it tells.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/runtime/operation_context.h"
#include "iceframe/runtime/operation_observer.h"

namespace iceframe {

/// Begins an operation when made; ends it by `End`, or when destroyed: as dropped, as cancelled if
/// its token is, or as failed if an exception is under way. The observers of the context and of the
/// process are told of both, once each. What runs until the process exits is ended then, as
/// cancelled. In a process that was forked meanwhile, nothing is told.
///
/// Made under the context of an operation that has not ended, it is a part of that one: its tables
/// are that one's too, and nothing begins or ends.
class RunningOperation {
 public:
  static RunningOperation Begin(const OperationContext& context, OperationKind kind,
                                std::vector<std::string> tables = {});
  RunningOperation(RunningOperation&& other) noexcept = default;
  RunningOperation& operator=(RunningOperation&&) = delete;
  ~RunningOperation();

  /// What the operation runs under. Its counters are those of the context it was begun with,
  /// unless another operation is counting there.
  const OperationContext& context() const { return context_; }
  /// Whether it is part of one that began before it.
  bool is_part() const { return state_ == nullptr; }
  /// The first call counts; later ones, and the destructor, do nothing.
  void End(const Status& status);

 private:
  RunningOperation(OperationContext context, std::shared_ptr<internal::OperationState> state);

  OperationContext context_;
  std::shared_ptr<internal::OperationState> state_;
  int num_exceptions_;
};

/// An operation that has not ended, as it is at one moment.
struct OperationProgress {
  OperationStart start;
  std::chrono::nanoseconds so_far{0};
  CounterValues counters;
  int64_t memory_bytes = 0;
};
/// Those of the process, newest first.
std::vector<OperationProgress> OperationsNow();

/// Returns what `work` returns, a Status or Result, run under the context it is given, as one
/// operation.
template <typename Work>
auto RunOperation(const OperationContext& context, OperationKind kind,
                  std::vector<std::string> tables, Work&& work)
    -> std::invoke_result_t<Work, const OperationContext&> {
  RunningOperation operation = RunningOperation::Begin(context, kind, std::move(tables));
  auto result = std::forward<Work>(work)(operation.context());
  if constexpr (std::is_same_v<decltype(result), Status>) {
    operation.End(result);
  } else {
    operation.End(result.status());
  }
  return result;
}

/// The kind of operation that the context is of; "none" outside of one.
OperationKind KindOf(const OperationContext& context);

/// What an operation does, without literals; beside OperationContext::NotePlan.
void NoteRedactedPlan(const OperationContext& context, LazyText plan);

/// Adds to OperationEnd::details; outside of an operation, nothing.
void NoteDetail(const OperationContext& context, std::shared_ptr<const OperationDetail> detail);

/// Hands `operation` to the reader of its rows.
std::shared_ptr<arrow::RecordBatchReader> EndWithReader(
    RunningOperation operation, std::shared_ptr<arrow::RecordBatchReader> reader);

/// As RunOperation for `open`, which returns a reader: the operation lasts until the reader
/// returned is read to its end, fails, is closed or dropped.
template <typename Open>
Result<std::shared_ptr<arrow::RecordBatchReader>> StreamOperation(const OperationContext& context,
                                                                  OperationKind kind,
                                                                  std::vector<std::string> tables,
                                                                  Open&& open) {
  RunningOperation operation = RunningOperation::Begin(context, kind, std::move(tables));
  Result<std::shared_ptr<arrow::RecordBatchReader>> reader =
      std::forward<Open>(open)(operation.context());
  if (!reader.ok()) {
    operation.End(reader.status());
    return reader;
  }
  return EndWithReader(std::move(operation), *std::move(reader));
}

}  // namespace iceframe
