// SPDX-License-Identifier: Apache-2.0
// How rows that come in may change the columns of their table.
#pragma once

#include <memory>
#include <string_view>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/streaming/schema_evolution.h"
#include "iceframe/table/table.h"

namespace iceframe {

std::string_view ToString(SchemaEvolution evolution);
/// Reads "off", "add_columns" or "widen". Errors: InvalidArgument.
Result<SchemaEvolution> ParseSchemaEvolution(std::string_view text);

/// Changes the table, in a commit of its own, so that rows of these columns fit it as far as
/// `evolution` allows; nothing is dropped or narrowed. Returns the table as it is then, which is
/// `table` where nothing was to be changed.
/// Errors: SchemaMismatch naming a column that can't become what it would have to be; those of
/// CommitAction.
Result<std::shared_ptr<const Table>> GrowSchema(const OperationContext& context,
                                                std::shared_ptr<const Table> table,
                                                const arrow::Schema& rows,
                                                SchemaEvolution evolution);

}  // namespace iceframe
