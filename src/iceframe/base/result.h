// SPDX-License-Identifier: Apache-2.0
// Status, Result and the kinds of error that everything in iceframe returns.
#pragma once

#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arrow/result.h>
#include <arrow/status.h>

namespace iceframe {

using Status = arrow::Status;
template <typename T>
using Result = arrow::Result<T>;

/// Says what went wrong, so that a caller can decide without reading the message.
enum class ErrorKind {
  /// A catalog, namespace, table, snapshot, ref or file is not there.
  kNotFound,
  /// What was to be created is there already.
  kAlreadyExists,
  /// An argument or setting can't be meant as given.
  kInvalidArgument,
  /// Data and table schema don't fit, or a cast would lose a value.
  kSchemaMismatch,
  /// Table metadata, a manifest list or a manifest breaks the spec.
  kInvalidMetadata,
  /// A data or delete file is damaged or breaks the spec.
  kInvalidData,
  /// The table or the request needs a feature that is not built.
  kUnsupported,
  /// Another writer was first; retryable after a refresh.
  kCommitConflict,
  /// The commit may or may not have landed; never retry blindly, never clean up.
  kCommitStateUnknown,
  /// Isolation checks failed or the catalog said no for good.
  kCommitRejected,
  /// Credentials are missing, wrong or not enough.
  kUnauthorized,
  /// A service did not answer or is overloaded; retryable.
  kUnavailable,
  /// Reading or writing failed below us.
  kIo,
  /// A memory, spill or size limit was reached; nothing was allocated beyond it.
  kResourceExhausted,
  /// The operation's deadline passed; retryable.
  kTimeout,
  /// The caller cancelled the operation.
  kCancelled,
};

/// Returns the kind's name, e.g. "NotFound".
std::string_view ToString(ErrorKind kind);

/// Returns whether the same call may succeed later without anyone changing it.
bool IsRetryable(ErrorKind kind);

/// One place where the error was seen, e.g. {"manifest", "/warehouse/…/m0.avro"}.
struct ErrorContext {
  std::string key;
  std::string value;
  bool operator==(const ErrorContext&) const = default;
};

/// Returns the kind of a status that is not OK; one that came from Arrow is mapped by its code.
ErrorKind KindOf(const Status& status);

/// Returns the places that were added by WithContext, innermost first.
std::vector<ErrorContext> ContextOf(const Status& status);

/// Returns `status` with one more place, which its message names too. OK stays OK.
Status WithContext(const Status& status, std::string_view key, std::string_view value);

namespace internal {
Status MakeError(ErrorKind kind, std::string message);

template <typename... Args>
std::string Concatenate(Args&&... args) {
  std::ostringstream stream;
  (stream << ... << std::forward<Args>(args));
  return std::move(stream).str();
}
}  // namespace internal

/// Returns a status of `kind` whose message is the arguments strung together, as valid UTF-8.
///
/// Style: a fixed sentence first, values last ("table does not exist: db.events"), then what to
/// do. No credential may be among the values.
template <typename... Args>
Status Error(ErrorKind kind, Args&&... args) {
  return internal::MakeError(kind, internal::Concatenate(std::forward<Args>(args)...));
}

}  // namespace iceframe

#define ICEFRAME_CONCAT_INNER(a, b) a##b
#define ICEFRAME_CONCAT(a, b) ICEFRAME_CONCAT_INNER(a, b)

/// Returns from the enclosing function if `expr` (a Status or Result) is not OK.
#define ICEFRAME_RETURN_NOT_OK(expr) ARROW_RETURN_NOT_OK(expr)

/// Declares or assigns `lhs` from the Result `expr`, or returns its error.
#define ICEFRAME_ASSIGN_OR_RETURN(lhs, expr) ARROW_ASSIGN_OR_RAISE(lhs, expr)

/// As ICEFRAME_ASSIGN_OR_RETURN, with one more place in the error.
#define ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(lhs, expr, key, value)                                   \
  ICEFRAME_ASSIGN_OR_RETURN_CONTEXT_IMPL(ICEFRAME_CONCAT(_result_, __COUNTER__), lhs, (expr), key, \
                                         value)
#define ICEFRAME_ASSIGN_OR_RETURN_CONTEXT_IMPL(name, lhs, expr, key, value)             \
  auto name = expr;                                                                     \
  if (!name.ok()) return ::iceframe::WithContext(std::move(name).status(), key, value); \
  lhs = std::move(name).MoveValueUnsafe();
