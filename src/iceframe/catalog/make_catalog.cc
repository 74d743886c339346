// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/make_catalog.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/ascii.h"
#include "iceframe/base/nearest_name.h"
#include "iceframe/catalog/catalog_config.h"
#include "iceframe/catalog/hadoop_catalog.h"
#include "iceframe/catalog/memory_catalog.h"
#include "iceframe/catalog/postgres_uri_internal.h"
#include "iceframe/catalog/rest_catalog.h"
#include "iceframe/catalog/rest_options_internal.h"
#include "iceframe/catalog/shared_catalogs_internal.h"
#include "iceframe/catalog/sql_catalog.h"
#include "iceframe/catalog/sqlite_uri_internal.h"
#include "iceframe/runtime/settings.h"

namespace iceframe {

namespace {

constexpr auto kTypes =
    std::to_array<std::string_view>({"sql", "jdbc", "memory", "in-memory", "rest", "hadoop"});
constexpr auto kTypesNotBuilt =
    std::to_array<std::string_view>({"bigquery", "custom", "dynamodb", "ecs", "glue", "hive",
                                     "nessie", "s3tables", "snowflake", "unity"});

// Keys that these catalogs read.
constexpr auto kCatalogKeys = std::to_array<std::string_view>({
    "allowed-locations",
    "init_catalog_tables",
    "name",
    "schema_version",
    "type",
    "uri",
    "warehouse",
});

// Known keys and families of PyIceberg that mean nothing to these catalogs and to the stores
// that are built.
constexpr auto kIgnoredKeys = std::to_array<std::string_view>({
    "audience",
    "catalog-impl",
    "credential",
    "echo",
    "io-impl",
    "namespace-separator",
    "oauth2-server-uri",
    "pool_pre_ping",
    "prefix",
    "py-io-impl",
    "resource",
    "rest-page-size",
    "scan-planning-mode",
    "scope",
    "snapshot-loading-mode",
    "token",
    "ugi",
    "view-endpoints-supported",
});
// Families of which the stores read keys.
constexpr auto kStoreFamilies = std::to_array<std::string_view>({"client.", "s3."});
constexpr auto kIgnoredFamilies = std::to_array<std::string_view>({
    "adls.",
    "auth.",
    "dynamodb.",
    "gcp.",
    "gcs.",
    "glue.",
    "hdfs.",
    "header.",
    "hf.",
    "hive.",
    "io.",
    "jdbc.",
    "rest.",
    "ssl.",
    "table-default.",
});

template <size_t N>
bool Contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Status CheckKeys(const OperationContext& context, const Properties& properties, bool is_rest) {
  const bool reads_jdbc = IsPostgresUri(ValueOf(properties, "uri"));
  for (const auto& [key, value] : properties) {
    const auto begins_key = [k = std::string_view(key)](std::string_view family) {
      return k.starts_with(family);
    };
    const bool is_read = Contains(kCatalogKeys, key) || (is_rest && IsRestKey(key)) ||
                         (reads_jdbc && key.starts_with("jdbc.")) ||
                         std::any_of(kStoreFamilies.begin(), kStoreFamilies.end(), begins_key);
    if (is_read) continue;
    const bool is_known = Contains(kIgnoredKeys, key) ||
                          std::any_of(kIgnoredFamilies.begin(), kIgnoredFamilies.end(), begins_key);
    if (is_known) {
      context.Log(LogLevel::kWarning, "catalog", "key has no effect on this catalog: ", key);
      continue;
    }
    std::vector<std::string_view> names(kCatalogKeys.begin(), kCatalogKeys.end());
    names.insert(names.end(), kIgnoredKeys.begin(), kIgnoredKeys.end());
    return Error(ErrorKind::kInvalidArgument, "unknown key of a catalog: '", key,
                 "' (the nearest known one is '", NearestName(key, names), "')");
  }
  return Status::OK();
}

Result<std::string> TypeOf(const Properties& properties) {
  if (!ValueOf(properties, "py-catalog-impl").empty()) {
    return Error(ErrorKind::kUnsupported,
                 "catalogs written in Python can't be loaded: "
                 "py-catalog-impl");
  }
  const std::string type = AsciiLower(ValueOf(properties, "type"));
  if (!type.empty()) {
    // Java's name for it.
    if (type == "jdbc") return std::string("sql");
    if (Contains(kTypes, type)) return type;
    if (Contains(kTypesNotBuilt, type)) {
      return Error(ErrorKind::kUnsupported, "catalog type is not built yet: ", type);
    }
    std::vector<std::string_view> names(kTypes.begin(), kTypes.end());
    names.insert(names.end(), kTypesNotBuilt.begin(), kTypesNotBuilt.end());
    return Error(ErrorKind::kInvalidArgument, "unknown catalog type: '", type,
                 "' (the nearest known one is '", NearestName(type, names), "')");
  }
  const std::string uri = ValueOf(properties, "uri");
  const std::string scheme = AsciiLower(uri.substr(0, uri.find(':')));
  if (scheme.starts_with("sqlite") || scheme == "jdbc" || IsPostgresUri(uri)) {
    return std::string("sql");
  }
  if (scheme == "http" || scheme == "https") return std::string("rest");
  if (scheme == "thrift") {
    return Error(ErrorKind::kUnsupported, "catalog type is not built yet: hive");
  }
  return Error(ErrorKind::kInvalidArgument,
               "catalog type can't be told from the uri's scheme (give 'type')");
}

// Whether the database is one that an SQL catalog can lie in.
Status CheckDatabase(const std::string& uri) {
  const std::string_view rest =
      uri.starts_with("jdbc:") ? std::string_view(uri).substr(5) : std::string_view(uri);
  const std::string scheme = AsciiLower(std::string(rest.substr(0, rest.find_first_of(":+"))));
  if (IsPostgresUri(uri) || (scheme == "sqlite" && rest == uri)) return Status::OK();
  const bool is_known =
      Contains(std::to_array<std::string_view>({"mysql", "mariadb", "mssql", "oracle"}), scheme);
  if (is_known) {
    return Error(ErrorKind::kUnsupported,
                 "sql catalog over this database is not built yet: ", scheme);
  }
  return Error(ErrorKind::kInvalidArgument,
               "catalog of type sql has a 'uri' of another kind (sqlite:///… or postgresql://…)");
}

Result<std::shared_ptr<Catalog>> MakeSql(const OperationContext& context,
                                         const Properties& properties,
                                         const std::string& private_folder) {
  SqlCatalogOptions options;
  options.private_folder = private_folder;
  options.name = ValueOf(properties, "name");
  options.uri = ValueOf(properties, "uri");
  options.properties = properties;
  options.connect = false;
  if (options.uri.empty()) {
    return Error(ErrorKind::kInvalidArgument,
                 "catalog of type sql has no 'uri' (for example sqlite:////path/catalog.db)");
  }
  ICEFRAME_RETURN_NOT_OK(CheckDatabase(options.uri));
  if (const std::string text = ValueOf(properties, "init_catalog_tables"); !text.empty()) {
    ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(options.create_tables, ParseBool(text), "key",
                                      "init_catalog_tables");
  }
  const std::string version = AsciiLower(ValueOf(properties, "schema_version"));
  if (!version.empty() && version != "v0" && version != "v1") {
    return Error(ErrorKind::kInvalidArgument, "schema_version is neither v0 nor v1: ", version);
  }
  options.add_type_column = version == "v1";
  return MakeSqlCatalog(context, std::move(options));
}

// What lies in memory is its own catalog's alone.
bool IsShared(const std::string& uri) {
  if (IsPostgresUri(uri)) return true;
  const Result<std::string> path = SqlitePathOfUri(uri);
  return path.ok() && *path != ":memory:";
}

Result<std::shared_ptr<Catalog>> MakeFromResolved(const OperationContext& context,
                                                  const Properties& properties,
                                                  const std::string& private_folder) {
  ICEFRAME_ASSIGN_OR_RETURN(const std::string type, TypeOf(properties));
  ICEFRAME_RETURN_NOT_OK(CheckKeys(context, properties, type == "rest"));
  Properties named = properties;
  if (ValueOf(named, "name").empty()) named["name"] = kDefaultCatalogName;
  if (type == "rest") {
    return SharedCatalog(named, [&] { return MakeRestCatalog({.properties = named}); });
  }
  if (type == "hadoop") {
    return MakeHadoopCatalog({.name = ValueOf(named, "name"), .properties = named});
  }
  // PyIceberg's in-memory catalog is an SQL one whose uri can be set.
  if (type == "sql" || !ValueOf(named, "uri").empty()) {
    const auto make = [&] { return MakeSql(context, named, private_folder); };
    return IsShared(ValueOf(named, "uri")) ? SharedCatalog(named, make) : make();
  }
  MemoryCatalogOptions options;
  options.name = ValueOf(named, "name");
  options.properties = named;
  return MakeMemoryCatalog(std::move(options));
}

}  // namespace

Result<std::shared_ptr<Catalog>> MakeCatalogFromResolved(const OperationContext& context,
                                                         const Properties& properties) {
  ICEFRAME_ASSIGN_OR_RETURN(auto catalog, MakeFromResolved(context, properties, ""));
  ICEFRAME_RETURN_NOT_OK(catalog->Connect(context));
  return catalog;
}

Result<std::shared_ptr<Catalog>> MakeCatalog(const OperationContext& context,
                                             const Properties& config) {
  ICEFRAME_ASSIGN_OR_RETURN(auto catalog, MakeUnconnectedCatalog(context, config));
  ICEFRAME_RETURN_NOT_OK(catalog->Connect(context));
  return catalog;
}

Result<std::shared_ptr<Catalog>> MakeUnconnectedCatalog(const OperationContext& context,
                                                        const Properties& config) {
  ICEFRAME_ASSIGN_OR_RETURN(const CatalogConfigSources sources,
                            ProcessCatalogConfigSources(config));
  ICEFRAME_ASSIGN_OR_RETURN(const CatalogConfig resolved, ResolveCatalogConfig(sources));
  return MakeFromResolved(context, resolved.properties, resolved.embedded_folder);
}

Result<std::shared_ptr<Catalog>> MakeCatalog(const Properties& config) {
  return MakeCatalog(OperationContext{}, config);
}

}  // namespace iceframe
