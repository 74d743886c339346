// SPDX-License-Identifier: Apache-2.0
// URIs of SQLite databases, in the forms that SQLAlchemy takes.
#pragma once

#include <string>
#include <string_view>

#include "iceframe/base/result.h"

namespace iceframe {

/// Returns the file of "sqlite:///relative.db", "sqlite:////absolute.db" or ":memory:" for
/// "sqlite://" and "sqlite:///:memory:". Also takes "sqlite+pysqlite:".
/// Errors: InvalidArgument for another form or a query parameter that means nothing here.
Result<std::string> SqlitePathOfUri(std::string_view uri);

}  // namespace iceframe
