// SPDX-License-Identifier: Apache-2.0
// What makes a table's columns those of some rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/table/schema_change.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// Changes of a schema, and the full names of the columns that they concern.
struct SchemaSync {
  std::vector<SchemaChange> changes;
  std::vector<std::string> added;
  std::vector<std::string> updated;
  std::vector<std::string> dropped;
};

/// Returns the changes after which rows of the columns `wanted` fit `schema`, by name, nested ones
/// too. New columns are optional. A column whose type takes the wanted one's values stays as it is;
/// with `drops_columns`, those that `wanted` lacks go.
/// Errors: SchemaMismatch naming a column that can't become of the wanted type.
Result<SchemaSync> SyncSchema(const Schema& schema, const std::vector<NestedField>& wanted,
                              int32_t format_version, bool drops_columns);

}  // namespace iceframe
