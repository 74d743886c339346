// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "iceframe/base/secret.h"
#include "iceframe/catalog/postgres_errors_internal.h"

namespace iceframe {

namespace {

constexpr size_t kStateSize = 5;

bool IsSqlState(std::string_view text) {
  return text.size() == kStateSize && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
         });
}

// Finds where the code begins in a line (":  40001: "), or npos: the word before it is translated.
size_t FindState(std::string_view line) {
  constexpr std::string_view kBefore = ":  ";
  constexpr std::string_view kAfter = ": ";
  for (size_t at = line.find(kBefore); at != std::string_view::npos;
       at = line.find(kBefore, at + 1)) {
    const std::string_view rest = line.substr(at + kBefore.size());
    if (IsSqlState(rest.substr(0, kStateSize)) &&
        rest.substr(std::min(kStateSize, rest.size())).starts_with(kAfter)) {
      return at;
    }
  }
  return std::string_view::npos;
}

}  // namespace

ErrorKind KindOfSqlState(std::string_view state) {
  constexpr auto kStates = std::to_array<std::pair<std::string_view, ErrorKind>>({
      {"22001", ErrorKind::kInvalidArgument},  // a name or value is too long for its column
      {"22021", ErrorKind::kInvalidArgument},  // the database's encoding can't hold it
      {"22P05", ErrorKind::kInvalidArgument},
      {"23505", ErrorKind::kAlreadyExists},
      {"25006", ErrorKind::kUnsupported},   // the database, such as a standby, can only be read
      {"25P03", ErrorKind::kUnavailable},   // the transaction was idle for too long
      {"3D000", ErrorKind::kNotFound},      // no such database
      {"42501", ErrorKind::kUnauthorized},  // no privilege
      {"42701", ErrorKind::kAlreadyExists},
      {"42P01", ErrorKind::kNotFound},
      {"42P07", ErrorKind::kAlreadyExists},
      {"42710", ErrorKind::kAlreadyExists},
      {"55P03", ErrorKind::kTimeout},  // a lock was not to be had in time
      {"57014", ErrorKind::kTimeout},  // the server's statement_timeout, or its administrator
      {"58P01", ErrorKind::kIo},
  });
  constexpr auto kClasses = std::to_array<std::pair<std::string_view, ErrorKind>>({
      {"08", ErrorKind::kUnavailable},        // connections
      {"28", ErrorKind::kUnauthorized},       // who is let in
      {"40", ErrorKind::kUnavailable},        // serialization failures, deadlocks
      {"53", ErrorKind::kResourceExhausted},  // disk, memory
      {"57", ErrorKind::kUnavailable},        // shutdown, restart
  });
  // 53300: too many connections, for now.
  if (state.empty() || state == "53300") return ErrorKind::kUnavailable;
  for (const auto& [name, kind] : kStates) {
    if (state == name) return kind;
  }
  for (const auto& [name, kind] : kClasses) {
    if (state.starts_with(name)) return kind;
  }
  return ErrorKind::kIo;
}

bool EndsConnection(std::string_view severity, std::string_view state) {
  return severity == "FATAL" || severity == "PANIC" || state.empty() || state.starts_with("08") ||
         state.starts_with("57P");
}

std::string_view SqlStateIn(std::string_view message) {
  const size_t at = FindState(message);
  return at == std::string_view::npos ? std::string_view() : message.substr(at + 3, kStateSize);
}

std::string ShownConnectError(std::string_view message) {
  std::string shown;
  while (!message.empty()) {
    std::string_view line = message.substr(0, message.find('\n'));
    message.remove_prefix(std::min(message.size(), line.size() + 1));
    while (!line.empty() && (line.front() == '\t' || line.front() == ' ')) line.remove_prefix(1);
    // "LOCATION:  auth_failed, auth.c:335", in the server's language.
    const bool is_place = line.find(".c:") != std::string_view::npos;
    if (line.empty() || is_place) continue;
    if (!shown.empty()) shown += "; ";
    const size_t state = FindState(line);
    if (state == std::string_view::npos) {
      shown += line;
    } else {
      shown += line.substr(0, state);
      shown += ": ";
      shown += line.substr(state + 3 + kStateSize + 2);
    }
  }
  return RedactUri(shown);
}

}  // namespace iceframe
