// SPDX-License-Identifier: Apache-2.0
// A scan node in terms of its table.
#pragma once

#include <memory>

#include "iceframe/execution/table_relation.h"
#include "iceframe/execution/table_scan.h"
#include "iceframe/query/logical_plan.h"

namespace iceframe {

/// What is asked of a table: the node's columns, filter and limit under the table's field ids.
struct TableRead {
  std::shared_ptr<const Table> table;
  TableScanOptions options;
};
/// `schema`: the node's output.
TableRead ToTableRead(const ScanNode& scan, const Schema& schema);

}  // namespace iceframe
