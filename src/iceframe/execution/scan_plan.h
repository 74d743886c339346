// SPDX-License-Identifier: Apache-2.0
// Scans as users ask for them, as plans: the same that queries become.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "iceframe/base/read_delivery.h"
#include "iceframe/base/result.h"
#include "iceframe/execution/appended_rows.h"
#include "iceframe/expression/row_request.h"
#include "iceframe/format/table_version.h"
#include "iceframe/query/logical_plan.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/table/table.h"

namespace iceframe {

/// A read of one table.
struct ScanOptions {
  TableVersion version;
  /// Top-level or dotted nested names in the order wanted, metadata columns among them
  /// (format/metadata_columns.h); nullopt: all of the table's own.
  std::optional<std::vector<std::string>> columns;
  RowRequest rows;
  ReadDelivery delivery;
  /// Only rows that came after a snapshot, up to the version's, without metadata columns; nullopt:
  /// all rows.
  std::optional<AppendedRows> appended;
};

/// The plan of a scan: one ScanNode, its columns under the table's own ids and in the order asked
/// for.
/// Errors: InvalidArgument (column, filter, an option's value); NotFound (version); Unsupported
/// (metadata columns that can't be read).
Result<PlanPtr> PlanScan(std::shared_ptr<const Table> table, const ScanOptions& options);

/// The plan of count(*) over a scan's rows, the limit not heeded; metadata answers as far as it
/// tells. Errors: as PlanScan.
Result<PlanPtr> PlanCount(std::shared_ptr<const Table> table, const ScanOptions& options);

/// How many rows a scan gives. Errors: as PlanScan, and those of reading.
Result<int64_t> CountScan(const OperationContext& context, std::shared_ptr<const Table> table,
                          const ScanOptions& options);

/// Binds a filter to a table's columns and metadata columns. Errors: InvalidArgument.
Result<Expression> BindTableFilter(const TableState& state, const RowRequest& rows);

}  // namespace iceframe
