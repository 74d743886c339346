// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "iceframe/catalog/sqlite_uri_internal.h"

namespace iceframe {

Result<std::string> SqlitePathOfUri(std::string_view uri) {
  constexpr auto kPrefixes = std::to_array<std::string_view>({"sqlite://", "sqlite+pysqlite://"});
  // Parameters of Python's sqlite3 module, which have no meaning here.
  constexpr auto kIgnored = std::to_array<std::string_view>(
      {"cached_statements", "check_same_thread", "detect_types", "isolation_level", "timeout"});
  const auto prefix = std::find_if(kPrefixes.begin(), kPrefixes.end(),
                                   [&](std::string_view p) { return uri.starts_with(p); });
  const std::string_view rest =
      prefix == kPrefixes.end() ? std::string_view() : uri.substr(prefix->size());
  if (prefix == kPrefixes.end() || (!rest.empty() && rest.front() != '/')) {
    return Error(ErrorKind::kInvalidArgument,
                 "not the URI of an SQLite database (sqlite:///relative.db, "
                 "sqlite:////absolute.db or sqlite:///:memory:)");
  }
  std::string_view path = rest.empty() ? rest : rest.substr(1);
  const size_t question = path.find('?');
  if (question != std::string_view::npos) {
    std::string_view query = path.substr(question + 1);
    path = path.substr(0, question);
    while (!query.empty()) {
      const std::string_view pair = query.substr(0, query.find('&'));
      query.remove_prefix(std::min(query.size(), pair.size() + 1));
      const std::string_view key = pair.substr(0, pair.find('='));
      if (std::find(kIgnored.begin(), kIgnored.end(), key) == kIgnored.end()) {
        return Error(ErrorKind::kInvalidArgument,
                     "parameter of the SQLite URI is not supported: ", key);
      }
    }
  }
  if (path.find('\0') != std::string_view::npos) {
    return Error(ErrorKind::kInvalidArgument, "SQLite URI holds a NUL character");
  }
  return std::string(path.empty() ? ":memory:" : path);
}

}  // namespace iceframe
