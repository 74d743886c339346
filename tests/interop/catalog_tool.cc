// SPDX-License-Identifier: Apache-2.0
// Calls a catalog from a shell, for tests that let another implementation use the same database:
//   catalog_tool URI WAREHOUSE NAME COMMAND [ARGUMENT …]
// Prints one fact a line; an error's kind and message with exit code 1.
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "iceframe/catalog/identifier.h"
#include "iceframe/catalog/make_catalog.h"

namespace iceframe {
namespace {

using Arguments = std::vector<std::string>;

void Print(const std::string& line) { std::printf("%s\n", line.c_str()); }

Status List(Catalog& catalog, const OperationContext& context, const Namespace& parent) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto children, catalog.ListNamespaces(context, parent));
  for (const Namespace& child : children) {
    Print("namespace " + ToString(child));
    ICEFRAME_ASSIGN_OR_RETURN(const auto properties,
                              catalog.LoadNamespaceProperties(context, child));
    for (const auto& [key, value] : properties) {
      Print("property " + ToString(child) + " " + key + "=" + value);
    }
    ICEFRAME_ASSIGN_OR_RETURN(const auto tables, catalog.ListTables(context, child));
    for (const TableIdentifier& table : tables) Print("table " + table.ToString());
    ICEFRAME_RETURN_NOT_OK(List(catalog, context, child));
  }
  return Status::OK();
}

Status Load(Catalog& catalog, const OperationContext& context, const std::string& name) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto identifier, TableIdentifier::Parse(name));
  ICEFRAME_ASSIGN_OR_RETURN(const LoadedTable table, catalog.LoadTable(context, identifier));
  Print("metadata " + table.metadata_location);
  Print("uuid " + table.metadata->table_uuid);
  Print("location " + table.metadata->location);
  for (const auto& field : table.metadata->current_schema()->fields()) {
    Print("column " + field.name + " " + field.type.ToString());
  }
  for (const auto& [key, value] : table.metadata->properties) Print("set " + key + "=" + value);
  return Status::OK();
}

Status Create(Catalog& catalog, const OperationContext& context, const std::string& name) {
  CreateTableRequest request;
  ICEFRAME_ASSIGN_OR_RETURN(request.identifier, TableIdentifier::Parse(name));
  ICEFRAME_ASSIGN_OR_RETURN(
      request.schema, Schema::Make(SchemaId(0), {NestedField::Required(1, "id", Type::Long()),
                                                 NestedField::Optional(2, "s", Type::String())}));
  return catalog.CreateTable(context, request).status();
}

Status SetTo(Catalog& catalog, const OperationContext& context, const Arguments& arguments) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto identifier, TableIdentifier::Parse(arguments[0]));
  return catalog
      .CommitTableLocked(context, identifier,
                         [&](const LoadedTable&) -> Result<CommitRequest> {
                           CommitRequest request;
                           request.identifier = identifier;
                           request.updates = {SetProperties{{{arguments[1], arguments[2]}}}};
                           return request;
                         })
      .status;
}

Status Rename(Catalog& catalog, const OperationContext& context, const Arguments& arguments) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto from, TableIdentifier::Parse(arguments[0]));
  ICEFRAME_ASSIGN_OR_RETURN(const auto to, TableIdentifier::Parse(arguments[1]));
  return catalog.RenameTable(context, from, to);
}

Status Drop(Catalog& catalog, const OperationContext& context, const std::string& name) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto identifier, TableIdentifier::Parse(name));
  return catalog.DropTable(context, identifier, true);
}

Status CreateNamespace(Catalog& catalog, const OperationContext& context,
                       const Arguments& arguments) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto name_space, ParseNamespace(arguments[0]));
  Properties properties;
  if (arguments.size() > 2) properties[arguments[1]] = arguments[2];
  return catalog.CreateNamespace(context, name_space, properties);
}

Status Run(const Arguments& all) {
  struct Command {
    size_t num_arguments;
    std::function<Status(Catalog&, const OperationContext&, const Arguments&)> run;
  };
  const std::map<std::string, Command> commands = {
      {"list", {0, [](auto& c, auto& x, auto&) { return List(c, x, {}); }}},
      {"load", {1, [](auto& c, auto& x, auto& a) { return Load(c, x, a[0]); }}},
      {"create", {1, [](auto& c, auto& x, auto& a) { return Create(c, x, a[0]); }}},
      {"set", {3, SetTo}},
      {"rename", {2, Rename}},
      {"purge", {1, [](auto& c, auto& x, auto& a) { return Drop(c, x, a[0]); }}},
      {"create-namespace", {1, CreateNamespace}},
  };
  if (all.size() < 4 || !commands.contains(all[3])) {
    return Error(ErrorKind::kInvalidArgument, "usage: URI WAREHOUSE NAME COMMAND [ARGUMENT …]");
  }
  const Command& command = commands.at(all[3]);
  const Arguments arguments(all.begin() + 4, all.end());
  if (arguments.size() < command.num_arguments) {
    return Error(ErrorKind::kInvalidArgument, "too few arguments for ", all[3]);
  }
  const OperationContext context;
  ICEFRAME_ASSIGN_OR_RETURN(
      const auto catalog,
      MakeCatalogFromResolved(context, {{"uri", all[0]}, {"warehouse", all[1]}, {"name", all[2]}}));
  return command.run(*catalog, context, arguments);
}

}  // namespace
}  // namespace iceframe

int main(int count, char** values) {
  const iceframe::Status status =
      iceframe::Run(std::vector<std::string>(values + 1, values + count));
  if (status.ok()) return 0;
  std::printf("%s %s\n", std::string(iceframe::ToString(iceframe::KindOf(status))).c_str(),
              status.message().c_str());
  return 1;
}
