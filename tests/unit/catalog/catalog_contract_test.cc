// SPDX-License-Identifier: Apache-2.0
#include "contract/catalog_contract.h"

#include <cstdlib>
#include <filesystem>

#include <sqlite3.h>

#include "iceframe/catalog/memory_catalog.h"
#include "iceframe/catalog/memory_pointer_store_internal.h"
#include "iceframe/catalog/metadata_file_catalog_internal.h"
#include "iceframe/catalog/sql_catalog.h"

#include "support/faulty_pointer_store.h"

namespace iceframe {
namespace {

Result<std::shared_ptr<Catalog>> OpenSql(const std::string& uri, const std::string& folder) {
  SqlCatalogOptions options;
  options.uri = uri;
  options.properties = {{"warehouse", folder + "/warehouse"}};
  return MakeSqlCatalog(OperationContext{}, options);
}

// The layout before the column iceberg_type.
Result<std::shared_ptr<Catalog>> OpenOlderLayout(const std::string& folder) {
  const std::string path = folder + "/old.db";
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  EXPECT_EQ(
      sqlite3_exec(database,
                   "CREATE TABLE IF NOT EXISTS iceberg_tables (catalog_name VARCHAR(255) NOT NULL, "
                   "table_namespace VARCHAR(255) NOT NULL, table_name VARCHAR(255) NOT NULL, "
                   "metadata_location VARCHAR(1000), previous_metadata_location VARCHAR(1000), "
                   "PRIMARY KEY (catalog_name, table_namespace, table_name));"
                   "CREATE TABLE IF NOT EXISTS iceberg_namespace_properties ("
                   "catalog_name VARCHAR(255) NOT NULL, namespace VARCHAR(255) NOT NULL, "
                   "property_key VARCHAR(255) NOT NULL, property_value VARCHAR(1000) NOT NULL, "
                   "PRIMARY KEY (catalog_name, namespace, property_key))",
                   nullptr, nullptr, nullptr),
      SQLITE_OK);
  sqlite3_close(database);
  return OpenSql("sqlite:///" + path, folder);
}

// Over a store that can't keep other writers out.
Result<std::shared_ptr<Catalog>> OpenUnlocked(const std::string& folder) {
  ICEFRAME_ASSIGN_OR_RETURN(Warehouse warehouse,
                            Warehouse::Make({{"warehouse", folder + "/warehouse"}}));
  auto store = std::make_unique<FaultyPointerStore>(
      MakeMemoryPointerStore(), FaultyPointerStoreOptions{.holds_what_it_finds = false});
  return std::make_shared<MetadataFileCatalog>("iceframe", "unlocked", false, std::move(store),
                                               std::move(warehouse));
}

// A catalog of its own for each test, in the server's only database; the folder's name is unique.
CatalogCase PostgresCase(const std::string& uri) {
  const auto open = [uri](const std::string& folder) {
    SqlCatalogOptions options;
    options.name = std::filesystem::path(folder).filename().string();
    options.uri = uri;
    options.properties = {{"warehouse", folder + "/warehouse"}};
    return MakeSqlCatalog(OperationContext{}, options);
  };
  return {"Postgres", open, {.is_persistent = true}};
}

const std::vector<CatalogCase> kCases = {
    {"Memory", [](const std::string&) { return MakeMemoryCatalog({}); }, {}},
    {"Sql",
     [](const std::string& folder) { return OpenSql("sqlite:///" + folder + "/c.db", folder); },
     {.is_persistent = true}},
    {"SqlInMemory",
     [](const std::string& folder) { return OpenSql("sqlite:///:memory:", folder); },
     {}},
    {"SqlOlderLayout", OpenOlderLayout, {.is_persistent = true}},
    {"Unlocked", OpenUnlocked, {.supports_locked_commit = false}},
};

// Servers are started by who runs the tests: tests/interop/test_postgres_catalog.py.
std::vector<CatalogCase> Cases() {
  std::vector<CatalogCase> cases = kCases;
  const char* postgres = std::getenv("ICEFRAME_TEST_POSTGRES");
  if (postgres != nullptr) cases.push_back(PostgresCase(postgres));
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Catalogs, CatalogContract, ::testing::ValuesIn(Cases()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace iceframe
