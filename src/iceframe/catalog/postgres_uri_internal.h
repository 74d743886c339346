// SPDX-License-Identifier: Apache-2.0
// Where a PostgreSQL database is and how one is let in, from the URIs of SQLAlchemy, libpq and
// JDBC.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"

namespace iceframe {

struct PostgresAddress {
  /// libpq's connection parameters by keyword, the password among them.
  std::map<std::string, std::string> parameters;
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);
  /// "postgresql://user@host:port/database", without anything secret; equal for equal users of
  /// one database.
  std::string shown;
};

/// Whether it is such a URI: "postgresql://…", "postgres://…", "postgresql+DRIVER://…" or
/// "jdbc:postgresql:…".
bool IsPostgresUri(std::string_view uri);

/// Takes a URI apart. Parameters are libpq's ("sslmode", "options" …); in a JDBC URI, and as
/// properties "jdbc.NAME", also pgjdbc's that mean the same ("user", "ssl", "currentSchema" …).
/// Errors: InvalidArgument, which never shows a part that could be a password.
Result<PostgresAddress> ParsePostgresUri(std::string_view uri, const Properties& properties);

}  // namespace iceframe
