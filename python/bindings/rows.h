// SPDX-License-Identifier: Apache-2.0
// Rows in memory and schemas, as Python gets them.
#pragma once

#include <memory>
#include <vector>

#include <arrow/type_fwd.h>

namespace iceframe::python {

/// One batch of a scan.
struct Batch {
  std::shared_ptr<arrow::RecordBatch> batch;
};

/// All rows of a scan.
struct Rows {
  std::shared_ptr<arrow::Schema> schema;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
};

/// Columns without rows.
struct RowSchema {
  std::shared_ptr<arrow::Schema> schema;
};

}  // namespace iceframe::python
