// SPDX-License-Identifier: Apache-2.0
// Rows in memory as the relations of queries.
#pragma once

#include <memory>
#include <string>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/query/query.h"

namespace iceframe {

/// Rows that are at hand, in batches of one Arrow schema.
struct RowsInMemory {
  std::shared_ptr<arrow::Schema> schema;
  arrow::RecordBatchVector batches;
  /// What plans show.
  std::string name = "rows";
  /// Empty: a name that nothing else ever has, so that no two relations count as the same rows.
  std::string canonical_name;
  /// How the columns are read, by name; nullptr: as a new table of format version 3 would have them
  /// (docs/types.md).
  std::shared_ptr<const Schema> columns;
};

/// A relation over the rows. They are shared, not copied, and stay the caller's: no memory limit
/// counts them, only what a query makes of them. Types that Iceberg does not have (dictionaries,
/// views, unsigned integers …) are cast by value while they are read.
/// Errors: SchemaMismatch naming the column and its type.
Result<std::shared_ptr<const Relation>> MakeRowsRelation(RowsInMemory rows);

/// A query over them, to be joined and united with others.
Result<Query> FromBatches(std::shared_ptr<arrow::Schema> schema, arrow::RecordBatchVector batches,
                          std::string name = "rows");

}  // namespace iceframe
