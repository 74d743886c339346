// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "iceframe/catalog/rest_messages_internal.h"
#include "iceframe/format/table_metadata_json.h"
#include "iceframe/net/http_connection.h"
#include "iceframe/types/schema_json.h"

namespace iceframe {

namespace {

Result<Namespace> LevelsIn(const Json& json) {
  Namespace levels;
  for (const Json& level : json.items()) {
    ICEFRAME_ASSIGN_OR_RETURN(std::string text, level.AsString());
    levels.push_back(std::move(text));
  }
  return levels;
}

// The number 0 means that rows have no order.
Json OrderToJson(const SortOrder& order) {
  Json json = SortOrderToJson(order);
  const Json* fields = json.Find("fields");
  if (fields == nullptr || fields->items().empty()) return json;
  Json numbered = Json::Object();
  numbered.Add("order-id", Json::Int(1));
  numbered.Add("fields", *fields);
  return numbered;
}

Result<Properties> StringsIn(const Json& json) {
  Properties strings;
  for (const auto& [key, value] : json.members()) {
    if (value.is_null()) continue;
    strings[key] = value.is_string() ? value.text() : value.Dump();
  }
  return strings;
}

struct TableParts {
  std::string metadata_location;
  std::shared_ptr<const TableMetadata> metadata;
  Properties config;
  Json credentials;
};

Status ReadPart(std::string_view key, std::string_view text, TableParts* out) {
  if (key == "metadata") {
    ICEFRAME_ASSIGN_OR_RETURN(out->metadata, TableMetadataFromJson(text));
    return Status::OK();
  }
  const bool is_known =
      key == "metadata-location" || key == "config" || key == "storage-credentials";
  if (!is_known) return Status::OK();
  ICEFRAME_ASSIGN_OR_RETURN(Json json, Json::Parse(text));
  if (key == "metadata-location") {
    out->metadata_location = json.text();
  } else if (key == "config") {
    ICEFRAME_ASSIGN_OR_RETURN(out->config, StringsIn(json));
  } else {
    out->credentials = std::move(json);
  }
  return Status::OK();
}

// Those whose prefix is the longest that the location has.
Status AddCredentials(const Json& credentials, const std::string& location, Properties* config) {
  const Json* best = nullptr;
  size_t best_length = 0;
  for (const Json& credential : credentials.items()) {
    const Json* prefix = credential.Find("prefix");
    const size_t length = prefix == nullptr ? 0 : prefix->text().size();
    const bool fits = prefix != nullptr && location.starts_with(prefix->text());
    if (!fits || (best != nullptr && length <= best_length)) continue;
    best = &credential;
    best_length = length;
  }
  const Json* chosen = best == nullptr ? nullptr : best->Find("config");
  if (chosen == nullptr) return Status::OK();
  ICEFRAME_ASSIGN_OR_RETURN(const Properties strings, StringsIn(*chosen));
  for (const auto& [key, value] : strings) (*config)[key] = value;
  return Status::OK();
}

}  // namespace

std::string PathOf(const Namespace& name_space, std::string_view separator) {
  std::string path = "namespaces/";
  for (size_t i = 0; i < name_space.size(); ++i) {
    if (i > 0) path += separator;
    path += PercentEncode(name_space[i]);
  }
  return path;
}

std::string PathOf(const TableIdentifier& identifier, std::string_view separator) {
  return PathOf(identifier.name_space, separator) + "/tables/" + PercentEncode(identifier.name);
}

Json LevelsToJson(const Namespace& name_space) {
  Json levels = Json::Array();
  for (const std::string& level : name_space) levels.Append(Json::String(level));
  return levels;
}

Json IdentifierToJson(const TableIdentifier& identifier) {
  Json json = Json::Object();
  json.Add("namespace", LevelsToJson(identifier.name_space));
  json.Add("name", Json::String(identifier.name));
  return json;
}

Json StringsToJson(const Properties& strings) {
  Json json = Json::Object();
  for (const auto& [key, value] : strings) json.Add(key, Json::String(value));
  return json;
}

std::string CreateTableBody(const CreateTableRequest& request) {
  Json json = Json::Object();
  json.Add("name", Json::String(request.identifier.name));
  if (!request.location.empty()) json.Add("location", Json::String(request.location));
  json.Add("schema", SchemaToJson(*request.schema));
  json.Add("partition-spec", PartitionSpecToJson(request.spec));
  json.Add("write-order", OrderToJson(request.sort_order));
  json.Add("stage-create", Json::Bool(false));
  Properties properties = request.properties;
  properties["format-version"] = std::to_string(request.format_version);
  json.Add("properties", StringsToJson(properties));
  return json.Dump();
}

std::string CommitTableBody(const CommitRequest& request) {
  Json json = Json::Object();
  json.Add("identifier", IdentifierToJson(request.identifier));
  Json requirements = Json::Array();
  for (const TableRequirement& requirement : request.requirements) {
    requirements.Append(TableRequirementToJson(requirement));
  }
  json.Add("requirements", std::move(requirements));
  Json updates = Json::Array();
  for (const TableUpdate& update : request.updates) updates.Append(TableUpdateToJson(update));
  json.Add("updates", std::move(updates));
  return json.Dump();
}

Status ReadNamespaces(const Json& json, std::vector<Namespace>* out) {
  ICEFRAME_ASSIGN_OR_RETURN(const Json* listed, json.Get("namespaces"));
  for (const Json& item : listed->items()) {
    ICEFRAME_ASSIGN_OR_RETURN(Namespace levels, LevelsIn(item));
    out->push_back(std::move(levels));
  }
  return Status::OK();
}

Status ReadIdentifiers(const Json& json, std::vector<TableIdentifier>* out) {
  ICEFRAME_ASSIGN_OR_RETURN(const Json* listed, json.Get("identifiers"));
  for (const Json& item : listed->items()) {
    TableIdentifier identifier;
    ICEFRAME_ASSIGN_OR_RETURN(const Json* levels, item.Get("namespace"));
    ICEFRAME_ASSIGN_OR_RETURN(identifier.name_space, LevelsIn(*levels));
    ICEFRAME_ASSIGN_OR_RETURN(const Json* name, item.Get("name"));
    ICEFRAME_ASSIGN_OR_RETURN(identifier.name, name->AsString());
    out->push_back(std::move(identifier));
  }
  return Status::OK();
}

Result<LoadedTable> ReadLoadedTable(const TableIdentifier& identifier, std::string body) {
  // Items of an array are visited as text: a long metadata is parsed once, by its own parser.
  body.insert(0, R"({"table":[)");
  body += "]}";
  TableParts parts;
  int num_items = 0;
  const auto visit = [&](const Json::Item& item) -> Status {
    ++num_items;
    for (const auto& [key, text] : item.members) {
      ICEFRAME_RETURN_NOT_OK(ReadPart(key, text, &parts));
    }
    return Status::OK();
  };
  ICEFRAME_RETURN_NOT_OK(Json::Parse(body, {{"table", visit}}).status());
  if (num_items != 1 || parts.metadata == nullptr) {
    return Error(ErrorKind::kInvalidMetadata,
                 "answer of the REST catalog has no metadata: ", identifier.ToString());
  }
  ICEFRAME_RETURN_NOT_OK(
      AddCredentials(parts.credentials, parts.metadata->location, &parts.config));
  return LoadedTable{identifier, std::move(parts.metadata_location), std::move(parts.metadata),
                     std::move(parts.config)};
}

}  // namespace iceframe
