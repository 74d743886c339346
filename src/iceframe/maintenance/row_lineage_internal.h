// SPDX-License-Identifier: Apache-2.0
// The ids of rows, which stay with them when they are rewritten. Spec: "Row Lineage".
#pragma once

#include <memory>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/format/data_file.h"
#include "iceframe/planning/scan_task.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/types/schema.h"

namespace iceframe::internal {

/// The schema with the columns `_row_id` and `_last_updated_sequence_number` at its end, and with
/// `for_reading` `_pos` after them. Errors: Unsupported if the table has columns of these names.
Result<std::shared_ptr<const Schema>> WithLineage(const Schema& schema, bool for_reading);

/// Rows of a task's file that were read with those columns, as they are to be written: values that
/// the file does not hold are those that its rows inherit.
Result<std::shared_ptr<arrow::RecordBatch>> FillLineage(
    const OperationContext& context, const std::shared_ptr<arrow::RecordBatch>& rows,
    const ScanTask& task);

/// Takes the statistics of the two columns away: manifests know those of the table's own.
void DropLineageStatistics(DataFile* file);

}  // namespace iceframe::internal
