// SPDX-License-Identifier: Apache-2.0
// PostgreSQL under an SQL catalog.
#pragma once

#include <memory>
#include <string>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/catalog/sql_database_internal.h"

namespace iceframe {

/// Connects with the first use. Errors: InvalidArgument for a URI that can't be taken apart.
Result<std::shared_ptr<SqlDatabase>> MakePostgresDatabase(const std::string& uri,
                                                          const Properties& properties);

}  // namespace iceframe
