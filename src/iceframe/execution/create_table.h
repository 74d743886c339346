// SPDX-License-Identifier: Apache-2.0
// Making a table.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/catalog/catalog.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/table/partition_by.h"
#include "iceframe/table/sort_by.h"
#include "iceframe/table/table.h"

namespace iceframe {

struct CreateTableOptions {
  std::vector<PartitionBy> partition_by;
  std::vector<SortBy> sort_by;
  Properties properties;
  std::string location;
  int32_t format_version = 2;
  /// The namespace is made where it is missing.
  bool create_namespace = true;
  /// A table that is there, or that another makes meanwhile, is returned as it is.
  bool exist_ok = false;
};

/// Makes an empty table, whose writes will take the properties as they are.
/// Errors: AlreadyExists unless `exist_ok`; InvalidArgument naming the column, transform or
/// property; those of the catalog.
Result<std::shared_ptr<const Table>> CreateTable(const OperationContext& context,
                                                 const std::shared_ptr<Catalog>& catalog,
                                                 const TableIdentifier& identifier,
                                                 std::shared_ptr<const Schema> schema,
                                                 const CreateTableOptions& options);

}  // namespace iceframe
