// SPDX-License-Identifier: Apache-2.0
// Tables of a REST catalog.
#include "iceframe/catalog/rest_catalog.h"

#include <algorithm>
#include <utility>

#include "iceframe/catalog/catalog_errors_internal.h"
#include "iceframe/catalog/catalog_metrics_internal.h"
#include "iceframe/catalog/identifier.h"
#include "iceframe/catalog/rest_catalog_internal.h"
#include "iceframe/catalog/rest_messages_internal.h"
#include "iceframe/format/table_metadata_builder.h"
#include "iceframe/types/schema_json.h"

namespace iceframe {

namespace {

// Limits how often a creation is sent whose answer was lost.
constexpr int kMaxTableCreations = 3;

constexpr long kNotModified = 304;

bool IsSuccess(long status) { return status >= 200 && status < 300; }

// The server says that nothing was done, or may have done it.
bool MayBeDone(const RestExchange& exchange) {
  if (!exchange.status.ok()) return exchange.may_be_done;
  const long status = exchange.answer.status;
  return status >= 500 && status != 501;
}

// By what the server misses, where it says so.
Status NotFoundFor(const TableIdentifier& identifier, const HttpAnswer& answer,
                   const Status& status) {
  if (KindOf(status) != ErrorKind::kNotFound) return status;
  if (ErrorTypeOf(answer) == "NoSuchNamespaceException") return NoNamespace(identifier.name_space);
  return NoTable(identifier);
}

// A place, and not a name that the server knows.
bool IsLocation(std::string_view warehouse) {
  return warehouse.starts_with('/') || warehouse.find(":/") != std::string_view::npos;
}

// Whether the table is as it was asked for, and as nobody has changed it since.
bool IsWhatWasAskedFor(const CreateTableRequest& request, const TableMetadata& found) {
  NewTable wanted;
  wanted.location = found.location;
  wanted.schema = request.schema;
  wanted.spec = request.spec;
  wanted.sort_order = request.sort_order;
  wanted.format_version = request.format_version;
  const auto metadata = MakeTableMetadata(wanted);
  if (!metadata.ok() || !found.snapshots.empty()) return false;
  const bool has_properties =
      std::all_of(request.properties.begin(), request.properties.end(), [&](const auto& property) {
        const auto other = found.properties.find(property.first);
        return other != found.properties.end() && other->second == property.second;
      });
  return has_properties && found.schemas.size() == 1 && found.partition_specs.size() == 1 &&
         found.format_version == request.format_version &&
         SchemaToJson(*found.current_schema()) == SchemaToJson(*(*metadata)->current_schema()) &&
         found.default_spec()->fields == (*metadata)->default_spec()->fields;
}

std::string RootOf(const LoadedTable& table) {
  if (!table.metadata_location.empty()) return TableRootOf(table.metadata_location);
  std::string root = table.metadata->location;
  while (root.size() > 1 && root.ends_with('/')) root.pop_back();
  return root;
}

}  // namespace

std::string RestCatalog::ToString() const { return server_->connections()->name(); }

Status RestCatalog::Connect(const OperationContext& context) { return Config(context).status(); }

std::shared_ptr<Catalog> RestCatalog::Over(std::shared_ptr<LeasedConnection> connection) const {
  return std::make_shared<RestCatalog>(server_, wrap_file_io_, std::move(connection));
}

Result<HttpAnswer> RestCatalog::Ask(const OperationContext& context, const RestConfig& config,
                                    const RestRequest& request) {
  RestExchange exchange = server_->Send(context, config, leased_, request);
  ICEFRAME_RETURN_NOT_OK(exchange.status);
  if (IsSuccess(exchange.answer.status)) return std::move(exchange.answer);
  return ErrorOfRestAnswer(request, exchange.answer);
}

Result<HttpAnswer> RestCatalog::Change(const OperationContext& context, const RestConfig& config,
                                       const RestRequest& request) {
  RestExchange exchange = server_->Send(context, config, leased_, request);
  if (exchange.status.ok() && IsSuccess(exchange.answer.status)) return std::move(exchange.answer);
  const Status status =
      exchange.status.ok() ? ErrorOfRestAnswer(request, exchange.answer) : exchange.status;
  if (!MayBeDone(exchange)) return status;
  return Error(ErrorKind::kCommitStateUnknown,
               "change of the catalog may or may not have been made: ", status.message());
}

Result<bool> RestCatalog::IsThere(const OperationContext& context, const RestConfig& config,
                                  const std::string& path, std::string_view endpoint) {
  RestRequest request;
  request.path = path;
  request.method = config.Offers(endpoint) ? "HEAD" : "GET";
  const RestExchange exchange = server_->Send(context, config, leased_, request);
  ICEFRAME_RETURN_NOT_OK(exchange.status);
  if (IsSuccess(exchange.answer.status)) return true;
  const Status status = ErrorOfRestAnswer(request, exchange.answer);
  if (KindOf(status) == ErrorKind::kNotFound) return false;
  return status;
}

Status RestCatalog::AskPages(const OperationContext& context, const RestConfig& config,
                             RestRequest request,
                             const std::function<Status(const Json& page)>& read) {
  const auto fixed = request.query;
  std::string token;
  for (;;) {
    request.query = fixed;
    // Empty at first: it tells the server that we take pages.
    request.query.emplace_back("pageToken", token);
    if (config.options.page_size) {
      request.query.emplace_back("pageSize", std::to_string(*config.options.page_size));
    }
    ICEFRAME_ASSIGN_OR_RETURN(const HttpAnswer answer, Ask(context, config, request));
    ICEFRAME_ASSIGN_OR_RETURN(const Json page, ParseRestBody(request, answer));
    ICEFRAME_RETURN_NOT_OK(WithContext(read(page), "answer to", request.path));
    const Json* next = page.Find("next-page-token");
    if (next == nullptr || next->text().empty()) return Status::OK();
    if (next->text() == token) {
      return Error(ErrorKind::kInvalidMetadata,
                   "REST catalog gives the same page again: ", request.path);
    }
    token = next->text();
  }
}

Result<std::vector<TableIdentifier>> RestCatalog::ListTables(const OperationContext& context,
                                                             const Namespace& name_space) {
  const CatalogTimer timer(CatalogOperation::kListTables);
  ICEFRAME_RETURN_NOT_OK(CheckNamespace(name_space));
  ICEFRAME_ASSIGN_OR_RETURN(const auto config, Config(context));
  RestRequest request;
  request.path = PathOf(name_space, config->options.namespace_separator) + "/tables";
  std::vector<TableIdentifier> tables;
  const Status status = AskPages(context, *config, request,
                                 [&](const Json& page) { return ReadIdentifiers(page, &tables); });
  if (!status.ok() && KindOf(status) == ErrorKind::kNotFound) return NoNamespace(name_space);
  ICEFRAME_RETURN_NOT_OK(status);
  std::sort(tables.begin(), tables.end());
  return tables;
}

Result<LoadedTable> RestCatalog::CreateTable(const OperationContext& context,
                                             const CreateTableRequest& request) {
  const CatalogTimer timer(CatalogOperation::kCreateTable);
  const TableIdentifier& identifier = request.identifier;
  ICEFRAME_RETURN_NOT_OK(CheckNewIdentifier(identifier));
  ICEFRAME_ASSIGN_OR_RETURN(const auto config, Config(context));
  RestRequest ask;
  ask.method = "POST";
  ask.path = PathOf(identifier.name_space, config->options.namespace_separator) + "/tables";
  if (request.location.empty()) {
    ask.body = CreateTableBody(request);
  } else {
    CreateTableRequest placed = request;
    ICEFRAME_ASSIGN_OR_RETURN(placed.location, AbsoluteLocation(request.location));
    ask.body = CreateTableBody(placed);
  }
  for (int attempt = 0;; ++attempt) {
    auto answer = Change(context, *config, ask);
    auto made = answer.ok() ? ReadLoadedTable(identifier, std::move(answer->body))
                            : Result<LoadedTable>(answer.status());
    if (made.ok()) return made;
    const ErrorKind kind = KindOf(made.status());
    if (kind == ErrorKind::kNotFound) return NoNamespace(identifier.name_space);
    // A success that can't be read may have come from something between us and the server.
    const bool is_open = answer.ok() || kind == ErrorKind::kCommitStateUnknown;
    if (kind == ErrorKind::kAlreadyExists && attempt == 0) return TableIsThere(identifier);
    if (!is_open && kind != ErrorKind::kAlreadyExists) return made.status();
    // Whether one of our own requests has made it: there is no other sign than its looks.
    auto found = LoadTable(context, identifier);
    if (found.ok() && IsWhatWasAskedFor(request, *found->metadata)) return found;
    if (!is_open) return TableIsThere(identifier);
    const bool is_absent = !found.ok() && KindOf(found.status()) == ErrorKind::kNotFound;
    if (!is_absent || attempt + 1 == kMaxTableCreations) return made.status();
  }
}

Result<LoadedTable> RestCatalog::LoadTable(const OperationContext& context,
                                           const TableIdentifier& identifier) {
  const CatalogTimer timer(CatalogOperation::kLoadTable);
  ICEFRAME_RETURN_NOT_OK(CheckIdentifier(identifier));
  ICEFRAME_ASSIGN_OR_RETURN(const auto config, Config(context));
  RestRequest request;
  request.path = PathOf(identifier, config->options.namespace_separator);
  if (config->options.wants_refs_only) request.query = {{"snapshots", "refs"}};
  const std::string key = request.path + (config->options.wants_refs_only ? " refs" : "");
  const std::shared_ptr<const TaggedTable> held = server_->tables().Find(key);
  if (held != nullptr) request.headers.emplace_back("If-None-Match", held->tag);
  RestExchange exchange = server_->Send(context, *config, leased_, request);
  ICEFRAME_RETURN_NOT_OK(exchange.status);
  HttpAnswer& answer = exchange.answer;
  if (answer.status == kNotModified && held != nullptr) return held->table;
  if (!IsSuccess(answer.status)) {
    return NotFoundFor(identifier, answer, ErrorOfRestAnswer(request, answer));
  }
  const size_t text_size = answer.body.size();
  Result<LoadedTable> table = ReadLoadedTable(identifier, std::move(answer.body));
  if (!table.ok()) return WithContext(table.status(), "table", identifier.ToString());
  server_->tables().Keep(key, answer, *table, text_size);
  return table;
}

Result<bool> RestCatalog::TableExists(const OperationContext& context,
                                      const TableIdentifier& identifier) {
  const CatalogTimer timer(CatalogOperation::kLoadTable);
  ICEFRAME_RETURN_NOT_OK(CheckIdentifier(identifier));
  ICEFRAME_ASSIGN_OR_RETURN(const auto config, Config(context));
  return IsThere(context, *config, PathOf(identifier, config->options.namespace_separator),
                 "HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}");
}

Status RestCatalog::DropTable(const OperationContext& context, const TableIdentifier& identifier,
                              bool purge) {
  const CatalogTimer timer(CatalogOperation::kDropTable);
  ICEFRAME_RETURN_NOT_OK(CheckIdentifier(identifier));
  ICEFRAME_ASSIGN_OR_RETURN(const auto config, Config(context));
  RestRequest request;
  request.method = "DELETE";
  request.path = PathOf(identifier, config->options.namespace_separator);
  request.query = {{"purgeRequested", purge ? "true" : "false"}};
  const Status status = Change(context, *config, request).status();
  if (!status.ok() && KindOf(status) == ErrorKind::kNotFound) return NoTable(identifier);
  if (status.ok() || KindOf(status) != ErrorKind::kCommitStateUnknown) return status;
  // What was wanted is that it is gone.
  const Result<bool> exists = TableExists(context, identifier);
  return exists.ok() && !*exists ? Status::OK() : status;
}

Status RestCatalog::RenameTable(const OperationContext& context, const TableIdentifier& from,
                                const TableIdentifier& to) {
  const CatalogTimer timer(CatalogOperation::kRenameTable);
  ICEFRAME_RETURN_NOT_OK(CheckIdentifier(from));
  ICEFRAME_RETURN_NOT_OK(CheckNewIdentifier(to));
  ICEFRAME_ASSIGN_OR_RETURN(const auto config, Config(context));
  if (from == to) {
    ICEFRAME_ASSIGN_OR_RETURN(const bool exists, TableExists(context, from));
    return exists ? TableIsThere(to) : NoTable(from);
  }
  Json json = Json::Object();
  json.Add("source", IdentifierToJson(from));
  json.Add("destination", IdentifierToJson(to));
  RestRequest request;
  request.method = "POST";
  request.path = "tables/rename";
  request.body = json.Dump();
  const Status status = Change(context, *config, request).status();
  if (status.ok()) return status;
  if (KindOf(status) == ErrorKind::kAlreadyExists) return TableIsThere(to);
  if (KindOf(status) != ErrorKind::kNotFound) return status;
  const Result<bool> exists = TableExists(context, from);
  return exists.ok() && *exists ? NoNamespace(to.name_space) : NoTable(from);
}

Result<LoadedTable> RestCatalog::RegisterTable(const OperationContext& context,
                                               const TableIdentifier& identifier,
                                               const std::string& metadata_location) {
  const CatalogTimer timer(CatalogOperation::kRegisterTable);
  ICEFRAME_RETURN_NOT_OK(CheckNewIdentifier(identifier));
  ICEFRAME_ASSIGN_OR_RETURN(const std::string location, AbsoluteLocation(metadata_location));
  ICEFRAME_RETURN_NOT_OK(RootToRegister(location).status());
  ICEFRAME_ASSIGN_OR_RETURN(const auto config, Config(context));
  Json json = Json::Object();
  json.Add("name", Json::String(identifier.name));
  json.Add("metadata-location", Json::String(location));
  RestRequest request;
  request.method = "POST";
  request.path = PathOf(identifier.name_space, config->options.namespace_separator) + "/register";
  request.body = json.Dump();
  auto answer = Change(context, *config, request);
  if (!answer.ok()) {
    const bool exists = KindOf(answer.status()) == ErrorKind::kAlreadyExists;
    return exists ? TableIsThere(identifier) : answer.status();
  }
  return ReadLoadedTable(identifier, std::move(answer->body));
}

Result<std::shared_ptr<FileIO>> RestCatalog::FileIOFor(const LoadedTable& table) {
  Properties properties = server_->properties();
  // What the server says of a table's store (credentials, endpoints) counts for that table alone.
  for (const auto& [key, value] : table.config) properties[key] = value;
  if (const auto found = properties.find("warehouse");
      found != properties.end() && !IsLocation(found->second)) {
    properties.erase(found);
  }
  ICEFRAME_ASSIGN_OR_RETURN(const Warehouse warehouse, Warehouse::Make(properties, wrap_file_io_));
  return warehouse.FileIOBelow(RootOf(table));
}

Result<std::shared_ptr<Catalog>> MakeRestCatalog(RestCatalogOptions options) {
  ICEFRAME_ASSIGN_OR_RETURN(RestOptions read, ReadRestOptions(options.properties));
  auto server = std::make_shared<RestServer>(std::move(read));
  return std::make_shared<RestCatalog>(std::move(server), std::move(options.wrap_file_io));
}

}  // namespace iceframe
