// SPDX-License-Identifier: Apache-2.0
// Changes a table's partition spec or sort order from a shell:
//   evolve_tool URI WAREHOUSE NAME TABLE add COLUMN TRANSFORM | remove FIELD | rename FIELD NAME |
//     sort COLUMN TRANSFORM
// Prints an error's message with exit code 1.
#include <cstdio>
#include <string>
#include <vector>

#include "iceframe/catalog/identifier.h"
#include "iceframe/catalog/sql_catalog.h"
#include "iceframe/table/update_partition_spec_action.h"
#include "iceframe/table/update_sort_order_action.h"

namespace iceframe {
namespace {

using Arguments = std::vector<std::string>;

Result<std::unique_ptr<TableAction>> MakeAction(const Arguments& change) {
  const std::string command = change.empty() ? "" : change[0];
  if (command == "remove" && change.size() == 2) {
    return std::make_unique<UpdatePartitionSpecAction>(
        std::vector<PartitionSpecChange>{RemovePartitionField{change[1]}});
  }
  if (command == "rename" && change.size() == 3) {
    return std::make_unique<UpdatePartitionSpecAction>(
        std::vector<PartitionSpecChange>{RenamePartitionField{change[1], change[2]}});
  }
  if ((command != "add" && command != "sort") || change.size() != 3) {
    return Error(ErrorKind::kInvalidArgument, "unknown change: ", command);
  }
  if (command == "add") {
    ICEFRAME_ASSIGN_OR_RETURN(const Transform transform, Transform::Parse(change[2]));
    return std::make_unique<UpdatePartitionSpecAction>(
        std::vector<PartitionSpecChange>{AddPartitionField{change[1], transform}});
  }
  const SortBy column{change[1], change[2], /*descending=*/true, /*nulls_first=*/true};
  return std::make_unique<UpdateSortOrderAction>(std::vector<SortBy>{column});
}

Status Run(const Arguments& arguments) {
  if (arguments.size() < 5) return Error(ErrorKind::kInvalidArgument, "too few arguments");
  const OperationContext context;
  SqlCatalogOptions options;
  options.uri = arguments[0];
  options.properties["warehouse"] = arguments[1];
  options.name = arguments[2];
  ICEFRAME_ASSIGN_OR_RETURN(auto catalog, MakeSqlCatalog(context, options));
  ICEFRAME_ASSIGN_OR_RETURN(const auto identifier, TableIdentifier::Parse(arguments[3]));
  ICEFRAME_ASSIGN_OR_RETURN(auto table, Table::Load(context, std::move(catalog), identifier));
  ICEFRAME_ASSIGN_OR_RETURN(auto action, MakeAction({arguments.begin() + 4, arguments.end()}));
  return CommitAction(context, table, *action).status();
}

}  // namespace
}  // namespace iceframe

int main(int argc, char** argv) {
  const iceframe::Status status = iceframe::Run({argv + 1, argv + argc});
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}
