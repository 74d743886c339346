// SPDX-License-Identifier: Apache-2.0
#include "iceframe/base/result.h"

#include <memory>

#include "iceframe/base/utf8.h"

namespace iceframe {

namespace {

constexpr char kDetailTypeId[] = "iceframe::ErrorDetail";

class ErrorDetail final : public arrow::StatusDetail {
 public:
  ErrorDetail(ErrorKind kind, std::vector<ErrorContext> context)
      : kind_(kind), context_(std::move(context)) {}

  const char* type_id() const override { return kDetailTypeId; }
  std::string ToString() const override { return std::string(iceframe::ToString(kind_)); }

  ErrorKind kind() const { return kind_; }
  const std::vector<ErrorContext>& context() const { return context_; }

 private:
  ErrorKind kind_;
  std::vector<ErrorContext> context_;
};

const ErrorDetail* DetailOf(const Status& status) {
  const auto& detail = status.detail();
  if (detail == nullptr || std::string_view(detail->type_id()) != kDetailTypeId) return nullptr;
  return static_cast<const ErrorDetail*>(detail.get());
}

arrow::StatusCode CodeOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNotFound:
      return arrow::StatusCode::KeyError;
    case ErrorKind::kAlreadyExists:
      return arrow::StatusCode::AlreadyExists;
    case ErrorKind::kInvalidArgument:
    case ErrorKind::kInvalidMetadata:
    case ErrorKind::kInvalidData:
      return arrow::StatusCode::Invalid;
    case ErrorKind::kSchemaMismatch:
      return arrow::StatusCode::TypeError;
    case ErrorKind::kUnsupported:
      return arrow::StatusCode::NotImplemented;
    case ErrorKind::kUnavailable:
    case ErrorKind::kIo:
      return arrow::StatusCode::IOError;
    case ErrorKind::kResourceExhausted:
      return arrow::StatusCode::OutOfMemory;
    case ErrorKind::kCancelled:
      return arrow::StatusCode::Cancelled;
    case ErrorKind::kCommitConflict:
    case ErrorKind::kCommitStateUnknown:
    case ErrorKind::kCommitRejected:
    case ErrorKind::kUnauthorized:
    case ErrorKind::kTimeout:
      return arrow::StatusCode::UnknownError;
  }
  return arrow::StatusCode::UnknownError;
}

ErrorKind KindOfCode(arrow::StatusCode code) {
  switch (code) {
    case arrow::StatusCode::KeyError:
      return ErrorKind::kNotFound;
    case arrow::StatusCode::AlreadyExists:
      return ErrorKind::kAlreadyExists;
    case arrow::StatusCode::TypeError:
      return ErrorKind::kSchemaMismatch;
    case arrow::StatusCode::Invalid:
    case arrow::StatusCode::IndexError:
      return ErrorKind::kInvalidArgument;
    case arrow::StatusCode::SerializationError:
      return ErrorKind::kInvalidData;
    case arrow::StatusCode::NotImplemented:
      return ErrorKind::kUnsupported;
    case arrow::StatusCode::OutOfMemory:
    case arrow::StatusCode::CapacityError:
      return ErrorKind::kResourceExhausted;
    case arrow::StatusCode::Cancelled:
      return ErrorKind::kCancelled;
    default:
      return ErrorKind::kIo;
  }
}

}  // namespace

std::string_view ToString(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNotFound:
      return "NotFound";
    case ErrorKind::kAlreadyExists:
      return "AlreadyExists";
    case ErrorKind::kInvalidArgument:
      return "InvalidArgument";
    case ErrorKind::kSchemaMismatch:
      return "SchemaMismatch";
    case ErrorKind::kInvalidMetadata:
      return "InvalidMetadata";
    case ErrorKind::kInvalidData:
      return "InvalidData";
    case ErrorKind::kUnsupported:
      return "Unsupported";
    case ErrorKind::kCommitConflict:
      return "CommitConflict";
    case ErrorKind::kCommitStateUnknown:
      return "CommitStateUnknown";
    case ErrorKind::kCommitRejected:
      return "CommitRejected";
    case ErrorKind::kUnauthorized:
      return "Unauthorized";
    case ErrorKind::kUnavailable:
      return "Unavailable";
    case ErrorKind::kIo:
      return "Io";
    case ErrorKind::kResourceExhausted:
      return "ResourceExhausted";
    case ErrorKind::kTimeout:
      return "Timeout";
    case ErrorKind::kCancelled:
      return "Cancelled";
  }
  return "Io";
}

bool IsRetryable(ErrorKind kind) {
  return kind == ErrorKind::kUnavailable || kind == ErrorKind::kTimeout;
}

ErrorKind KindOf(const Status& status) {
  if (const ErrorDetail* detail = DetailOf(status)) return detail->kind();
  return KindOfCode(status.code());
}

std::vector<ErrorContext> ContextOf(const Status& status) {
  if (const ErrorDetail* detail = DetailOf(status)) return detail->context();
  return {};
}

Status WithContext(const Status& status, std::string_view key, std::string_view value) {
  if (status.ok()) return status;
  std::vector<ErrorContext> context = ContextOf(status);
  context.push_back({std::string(key), EscapeInvalidUtf8(std::string(value))});
  // What Arrow says may quote a damaged file's bytes.
  std::string message =
      EscapeInvalidUtf8(internal::Concatenate(status.message(), " [", key, ": ", value, "]"));
  return Status(status.code(), std::move(message),
                std::make_shared<ErrorDetail>(KindOf(status), std::move(context)));
}

namespace internal {

Status MakeError(ErrorKind kind, std::string message) {
  return Status(CodeOf(kind), EscapeInvalidUtf8(std::move(message)),
                std::make_shared<ErrorDetail>(kind, std::vector<ErrorContext>{}));
}

}  // namespace internal

}  // namespace iceframe
