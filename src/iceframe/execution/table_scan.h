// SPDX-License-Identifier: Apache-2.0
// Plan and read one table: what every scan goes through.
#pragma once

#include <memory>

#include "iceframe/base/result.h"
#include "iceframe/execution/relation_source.h"
#include "iceframe/execution/scan_stream.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/table/table.h"

namespace iceframe {

struct TableScanOptions {
  RelationRead read;
  /// Result fields carry PARQUET:field_id, as Evaluate wants them.
  bool with_field_ids = false;
  /// Whether planned tasks carry their files' column sizes, counts and bounds.
  bool with_statistics = false;
  /// Takes the place of planning: reads these tasks. Their residuals are bound to the table.
  TaskSource tasks = {};
};

/// The tasks of a scan, as planning finds them; a table that never had a snapshot has none. Its
/// columns and delivery don't matter.
Result<TaskSource> PlanTableScan(const OperationContext& context, const TableState& state,
                                 const TableScanOptions& options);

/// Starts a scan; nothing was read when it returns. Errors: those of planning.
Result<std::unique_ptr<ScanStream>> OpenTableScan(const OperationContext& context,
                                                  const TableState& state,
                                                  const TableScanOptions& options);

/// As OpenTableScan, file by file, with the answers that files have in place of their rows.
Result<std::unique_ptr<FileStream>> OpenTableFiles(const OperationContext& context,
                                                   const TableState& state,
                                                   TableScanOptions options,
                                                   const WantedAnswers& answers);

}  // namespace iceframe
