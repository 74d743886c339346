// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/create_table.h"

#include <utility>

#include "iceframe/catalog/ensure_namespace.h"
#include "iceframe/execution/check_table_properties.h"
#include "iceframe/table/commit_settings.h"

namespace iceframe {

Result<std::shared_ptr<const Table>> CreateTable(const OperationContext& context,
                                                 const std::shared_ptr<Catalog>& catalog,
                                                 const TableIdentifier& identifier,
                                                 std::shared_ptr<const Schema> schema,
                                                 const CreateTableOptions& options) {
  CreateTableRequest request;
  request.identifier = identifier;
  ICEFRAME_ASSIGN_OR_RETURN(request.spec, MakePartitionSpec(*schema, options.partition_by));
  ICEFRAME_ASSIGN_OR_RETURN(request.sort_order, MakeSortOrder(*schema, options.sort_by));
  // A table sets no other settings than those of its commits.
  ICEFRAME_RETURN_NOT_OK(CheckTableProperties(*schema, options.properties, kCommitSettings));
  request.schema = std::move(schema);
  request.properties = options.properties;
  request.location = options.location;
  request.format_version = options.format_version;
  if (options.create_namespace) {
    ICEFRAME_RETURN_NOT_OK(EnsureNamespace(context, *catalog, identifier.name_space));
  }
  Result<LoadedTable> created = catalog->CreateTable(context, request);
  if (created.ok()) return Table::Make(catalog, *std::move(created));
  const bool is_there = KindOf(created.status()) == ErrorKind::kAlreadyExists;
  if (!is_there || !options.exist_ok) return created.status();
  return Table::Load(context, catalog, identifier);
}

}  // namespace iceframe
