// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <string>

#include <arrow/filesystem/filesystem.h>
#include <arrow/util/io_util.h>

#include "iceframe/io/s3_errors_internal.h"

namespace iceframe::internal {

namespace {

/// The parts of Arrow's text: "… AWS Error CODE during NAME operation: MESSAGE (HTTP status N) …".
struct S3Answer {
  std::string_view code;
  std::string_view message;
  int http_status = 0;
};

std::string_view Between(std::string_view text, std::string_view begin, std::string_view end) {
  const size_t at = text.find(begin);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + begin.size());
  return text.substr(0, text.find(end));
}

S3Answer Parse(std::string_view text) {
  S3Answer answer;
  answer.code = Between(text, "AWS Error ", " during ");
  // The code of what Arrow doesn't know by name stands in brackets: "UNKNOWN [code 100]" or so.
  answer.code = answer.code.substr(0, answer.code.find(' '));
  answer.message = Between(text, "operation: ", " (HTTP status ");
  if (const size_t more = answer.message.find(" (Request ID"); more != std::string_view::npos) {
    answer.message = answer.message.substr(0, more);
  }
  const std::string_view number = Between(text, "HTTP status ", ")");
  std::from_chars(number.data(), number.data() + number.size(), answer.http_status);
  return answer;
}

bool IsOneOf(std::string_view code, std::initializer_list<std::string_view> codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

bool Holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool IsRefusal(const S3Answer& answer) {
  return answer.http_status == 401 || answer.http_status == 403 ||
         Holds(answer.message, "ExpiredToken") || Holds(answer.message, "InvalidToken") ||
         IsOneOf(answer.code,
                 {"ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH",
                  "UNRECOGNIZED_CLIENT", "INVALID_CLIENT_TOKEN_ID", "MISSING_AUTHENTICATION_TOKEN",
                  "INVALID_SIGNATURE", "REQUEST_TIME_TOO_SKEWED", "REQUEST_EXPIRED"});
}

/// Whether the status was made by us, and so says it all.
bool IsOurs(const Status& status) {
  static const std::string& type =
      *new std::string(Error(ErrorKind::kIo, "an error of ours").detail()->type_id());
  return status.detail() != nullptr && type == status.detail()->type_id();
}

bool IsTemporary(const S3Answer& answer) {
  return answer.http_status >= 500 || answer.http_status == 429 || answer.http_status == 408 ||
         IsOneOf(answer.code, {"SLOW_DOWN", "THROTTLING", "SERVICE_UNAVAILABLE", "INTERNAL_FAILURE",
                               "REQUEST_TIMEOUT"});
}

bool IsMissing(const Status& status, const S3Answer& answer) {
  return answer.http_status == 404 ||
         IsOneOf(answer.code, {"NO_SUCH_KEY", "NO_SUCH_BUCKET", "RESOURCE_NOT_FOUND"}) ||
         arrow::internal::ErrnoFromStatus(status) == ENOENT;
}

}  // namespace

bool IsBeyondEnd(const Status& status) {
  return !status.ok() && Parse(status.message()).http_status == 416;
}

Status TranslateS3Error(const Status& status, std::string_view location) {
  if (status.ok() || status.IsCancelled() || status.IsOutOfMemory()) return status;
  if (IsOurs(status)) return status;
  const S3Answer answer = Parse(status.message());
  if (answer.code == "NO_SUCH_BUCKET" || status.message().find("Bucket '") == 0) {
    return Error(ErrorKind::kNotFound, "bucket does not exist: ", location,
                 " (look at s3.endpoint and s3.region)");
  }
  if (IsMissing(status, answer)) {
    return Error(ErrorKind::kNotFound, "file does not exist: ", location);
  }
  if (IsRefusal(answer)) {
    return Error(ErrorKind::kUnauthorized, "S3 refused access (HTTP ", answer.http_status, ", ",
                 answer.code, "): ", location,
                 " (look at s3.access-key-id, s3.secret-access-key, s3.session-token and the "
                 "rights of that key)");
  }
  if (answer.code == "NETWORK_CONNECTION") {
    return Error(ErrorKind::kUnavailable, "S3 could not be reached: ", location, " (",
                 answer.message.substr(0, 200), "; look at s3.endpoint)");
  }
  if (IsTemporary(answer)) {
    return Error(ErrorKind::kUnavailable, "S3 could not serve the request (HTTP ",
                 answer.http_status, ", ", answer.code, "): ", location);
  }
  if (status.IsInvalid() && answer.code.empty()) {
    return Error(ErrorKind::kInvalidArgument, "location names no object of S3: ", location);
  }
  return Error(ErrorKind::kIo, "S3 failed a request (HTTP ", answer.http_status, ", ", answer.code,
               "): ", location, " (", answer.message.substr(0, 200), ")");
}

}  // namespace iceframe::internal
