// SPDX-License-Identifier: Apache-2.0
// Pointers in the rows of an SQL database, in the layout of sql_layout_internal.h.
#pragma once

#include <memory>
#include <string>

#include "iceframe/catalog/sql_database_internal.h"

namespace iceframe {

/// Makes the store of one catalog's rows over tables that are there (MakeSqlLayout). Statements
/// keep to what databases have in common; where they don't, the database's dialect has its say.
///
/// Rows of other types than tables, such as views, are not seen. Names of namespaces are in their
/// dotted form.
std::unique_ptr<PointerStore> MakeSqlPointerStore(std::shared_ptr<SqlDatabase> database,
                                                  std::string catalog_name);

}  // namespace iceframe
