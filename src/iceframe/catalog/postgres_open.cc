// SPDX-License-Identifier: Apache-2.0
// How a connection to PostgreSQL is opened, waited for and closed.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "iceframe/catalog/postgres_connection_internal.h"
#include "iceframe/catalog/postgres_errors_internal.h"
#include "iceframe/runtime/fork.h"

namespace iceframe {

namespace {

using internal::PostgresLibrary;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How often a wait looks whether it was cancelled.
constexpr milliseconds kLook{20};

void IgnoreNotice(void* /*argument*/, const pg_result* /*result*/) {}

}  // namespace

Status PostgresConnection::Wait(int events, Time until) {
  while (true) {
    if (Status status = context_->Check(); !status.ok()) {
      Close();
      return status;
    }
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
    if (left.count() <= 0) {
      Close();
      return Error(ErrorKind::kTimeout,
                   "catalog database gave no answer in time: ", address_->shown);
    }
    pollfd socket = {pq_->socket(handle_), static_cast<short>(events), 0};
    const int ready = poll(&socket, 1, static_cast<int>(std::min(left, kLook).count()));
    if (ready > 0) return Status::OK();
    if (ready < 0 && errno != EINTR) return Lost();
  }
}

Status PostgresConnection::ErrorOfConnect() {
  const std::string message = pq_->error_message(handle_);
  const std::string_view state = SqlStateIn(message);
  ErrorKind kind = KindOfSqlState(state);
  // libpq's own words, which come without a state.
  constexpr std::string_view kUnknownParameter = "invalid connection option";
  if (state.empty() && message.find(kUnknownParameter) != std::string::npos) {
    kind = ErrorKind::kInvalidArgument;
  } else if (state.empty() && message.find("no password supplied") != std::string::npos) {
    kind = ErrorKind::kUnauthorized;
  }
  const Status status = Error(kind, "catalog database can't be reached: ", address_->shown, ": ",
                              ShownConnectError(message));
  Close();
  return status;
}

Status PostgresConnection::Connect(Time until) {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  const auto add = [&](const char* keyword, const char* value) {
    keywords.push_back(keyword);
    values.push_back(value);
  };
  add("fallback_application_name", "iceframe");
  for (const auto& [keyword, value] : address_->parameters) add(keyword.c_str(), value.c_str());
  add("client_encoding", "UTF8");
  add(nullptr, nullptr);
  handle_ = pq_->connect_start(keywords.data(), values.data(), 0);
  if (handle_ == nullptr) {
    return Error(ErrorKind::kResourceExhausted, "out of memory for a connection");
  }
  pq_->set_notice_receiver(handle_, &IgnoreNotice, nullptr);
  // A failure's SQLSTATE is in its words only, and only in the verbose ones.
  pq_->set_error_verbosity(handle_, PostgresLibrary::kVerboseErrors);
  if (pq_->status(handle_) == PostgresLibrary::kConnectionBad) return ErrorOfConnect();
  int events = POLLOUT;
  while (true) {
    ICEFRAME_RETURN_NOT_OK(Wait(events, until));
    const int state = pq_->connect_poll(handle_);
    if (state == PostgresLibrary::kPollingFailed) return ErrorOfConnect();
    if (state == PostgresLibrary::kPollingOk) break;
    events = state == PostgresLibrary::kPollingReading ? POLLIN : POLLOUT;
  }
  pq_->set_error_verbosity(handle_, PostgresLibrary::kDefaultErrors);
  if (pq_->set_nonblocking(handle_, 1) != 0) return Lost();
  return Status::OK();
}

Status PostgresConnection::Open() {
  Close();
  ICEFRAME_ASSIGN_OR_RETURN(pq_, PostgresLibrary::Load());
  return Connect(steady_clock::now() + address_->connect_timeout);
}

void PostgresConnection::Close() {
  pg_conn* const handle = std::exchange(handle_, nullptr);
  transaction_.clear();
  if (handle == nullptr) return;
  if (process_ == ForkGeneration()) {
    pq_->finish(handle);
    return;
  }
  // The parent goes on with it: a goodbye would end the parent's session.
  if (const int socket = pq_->socket(handle); socket >= 0) close(socket);
}

}  // namespace iceframe
