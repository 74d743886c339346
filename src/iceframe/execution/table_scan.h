// SPDX-License-Identifier: Apache-2.0
// Plan and read one table: what every scan goes through.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "iceframe/base/result.h"
#include "iceframe/execution/scan_stream.h"
#include "iceframe/expression/expression.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/table/table.h"

namespace iceframe {

struct TableScanOptions {
  TableVersion version;
  /// The columns wanted: the version's schema less what is not, and metadata columns
  /// (format/metadata_columns.h); nullptr: the schema. The filter may name either.
  std::shared_ptr<const Schema> projection;
  /// Unbound, or bound to the table's field ids.
  Expression filter;
  bool case_sensitive = true;
  std::optional<int64_t> limit;
  bool ordered = true;
  int64_t batch_rows = 64 * 1024;
  /// Result fields carry PARQUET:field_id, as Evaluate wants them.
  bool with_field_ids = false;
  /// Whether planned tasks carry their files' column sizes, counts and bounds.
  bool with_statistics = false;
  /// Takes the place of planning: reads these tasks. Their residuals are bound to the table.
  TaskSource tasks;
};

/// The tasks of a scan, as planning finds them; a table that never had a snapshot has none.
/// Errors: InvalidArgument (filter); NotFound (version).
Result<TaskSource> PlanTableScan(const OperationContext& context, const Table& table,
                                 const TableScanOptions& options);

/// Starts a scan; nothing but manifests was read when it returns.
/// Errors: InvalidArgument (filter); NotFound (version); those of planning.
Result<std::unique_ptr<ScanStream>> OpenTableScan(const OperationContext& context,
                                                  const Table& table,
                                                  const TableScanOptions& options);

}  // namespace iceframe
