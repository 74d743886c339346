// SPDX-License-Identifier: Apache-2.0
#include "iceframe/datafile/data_error_internal.h"

namespace iceframe::internal {

Status DataError(const Status& status, const std::string& location) {
  if (status.ok()) return status;
  for (const ErrorContext& place : ContextOf(status)) {
    if (place.key == "file") return status;
  }
  if (status.detail() == nullptr) {
    switch (status.code()) {
      case arrow::StatusCode::OutOfMemory:
      case arrow::StatusCode::Cancelled:
        break;
      case arrow::StatusCode::NotImplemented:
        return WithContext(
            Error(ErrorKind::kUnsupported, "data file can't be read: ", status.message()), "file",
            location);
      default:
        return WithContext(
            Error(ErrorKind::kInvalidData, "data file is damaged: ", status.message()), "file",
            location);
    }
  }
  return WithContext(status, "file", location);
}

}  // namespace iceframe::internal
