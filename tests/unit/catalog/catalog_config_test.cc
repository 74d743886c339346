// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/catalog_config.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace iceframe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class CatalogConfigTest : public ::testing::Test {
 protected:
  CatalogConfigTest() {
    sources_.home_folder = "/users/me";
    sources_.current_folder = "/here";
    sources_.read_file = [this](const std::string& path) -> Result<std::optional<std::string>> {
      asked_.push_back(path);
      const auto found = files_.find(path);
      if (found == files_.end()) return std::optional<std::string>();
      return std::optional<std::string>(found->second);
    };
  }

  Properties Resolve() {
    auto resolved = ResolveCatalogConfig(sources_);
    EXPECT_TRUE(resolved.ok()) << resolved.status().ToString();
    return resolved.ok() ? resolved->properties : Properties();
  }

  std::map<std::string, std::string> files_;
  std::vector<std::string> asked_;
  CatalogConfigSources sources_;
};

TEST_F(CatalogConfigTest, NothingAtAllIsTheEmbeddedCatalog) {
  EXPECT_EQ(Resolve(), (Properties{{"name", "iceframe"},
                                   {"type", "sql"},
                                   {"uri", "sqlite:////users/me/.local/share/iceframe/catalog.db"},
                                   {"warehouse", "/users/me/.local/share/iceframe/warehouse"}}));
  sources_.environment["XDG_DATA_HOME"] = "/xdg";
  EXPECT_EQ(ResolveCatalogConfig(sources_)->embedded_folder, "/xdg/iceframe");
  sources_.arguments = {{"warehouse", "/wh"}, {"name", "other"}};
  EXPECT_EQ(Resolve(), (Properties{{"name", "other"},
                                   {"type", "sql"},
                                   {"uri", "sqlite:////xdg/iceframe/catalog.db"},
                                   {"warehouse", "/wh"}}));
  sources_.environment.clear();
  sources_.home_folder.clear();
  EXPECT_EQ(KindOf(ResolveCatalogConfig(sources_).status()), ErrorKind::kInvalidArgument);
}

TEST_F(CatalogConfigTest, ArgumentsThatDescribeACatalogStandAlone) {
  sources_.arguments = {{"uri", "sqlite:///a.db"}};
  sources_.environment = {{"ICEBERG_CATALOG_URI", "http://other"},
                          {"ICEBERG_TOKEN", "hunter2"},
                          {"PYICEBERG_CATALOG__DEFAULT__TOKEN", "hunter2"},
                          {"PYICEBERG_CATALOG__ICEFRAME__TOKEN", "hunter2"}};
  EXPECT_EQ(Resolve(), (Properties{{"name", "iceframe"}, {"uri", "sqlite:///a.db"}}));
}

TEST_F(CatalogConfigTest, LooksForTheFileWherePyIcebergDoes) {
  sources_.environment["PYICEBERG_HOME"] = "/ph";
  Resolve();
  EXPECT_EQ(asked_, (std::vector<std::string>{"/ph/.pyiceberg.yaml", "/users/me/.pyiceberg.yaml",
                                              "/here/.pyiceberg.yaml"}));
  files_["/here/.pyiceberg.yaml"] = "catalog:\n  default:\n    uri: sqlite:///here.db\n";
  EXPECT_EQ(Resolve().at("uri"), "sqlite:///here.db");
  files_["/users/me/.pyiceberg.yaml"] = "catalog:\n  default:\n    uri: sqlite:///home.db\n";
  EXPECT_EQ(Resolve().at("uri"), "sqlite:///home.db");
  files_["/ph/.pyiceberg.yaml"] = "";
  EXPECT_EQ(Resolve().at("uri"), "sqlite:///home.db") << "an empty file is passed by";
  files_["/ph/.pyiceberg.yaml"] = "catalog:\n  default:\n    uri: sqlite:///ph.db\n";
  EXPECT_EQ(Resolve().at("uri"), "sqlite:///ph.db");
}

TEST_F(CatalogConfigTest, TakesSectionsByNameInAnyCase) {
  files_["/users/me/.pyiceberg.yaml"] =
      "catalog:\n"
      "  Prod:\n"
      "    URI: sqlite:///prod.db\n"
      "    s3:\n"
      "      endpoint: http://s3\n"
      "  iceframe:\n"
      "    uri: sqlite:///ours.db\n"
      "  default:\n"
      "    uri: sqlite:///default.db\n";
  EXPECT_EQ(Resolve(), (Properties{{"name", "iceframe"}, {"uri", "sqlite:///ours.db"}}));
  sources_.arguments = {{"name", "PROD"}, {"warehouse", "/wh"}};
  EXPECT_EQ(Resolve(), (Properties{{"name", "PROD"},
                                   {"s3.endpoint", "http://s3"},
                                   {"uri", "sqlite:///prod.db"},
                                   {"warehouse", "/wh"}}));
}

TEST_F(CatalogConfigTest, AMistypedNameIsRefusedWhereCatalogsAreNamed) {
  files_["/users/me/.pyiceberg.yaml"] =
      "catalog:\n  prod: {uri: 'sqlite:///p.db'}\n  test: {uri: 'sqlite:///t.db'}\n";
  sources_.arguments = {{"name", "prodx"}};
  const Status status = ResolveCatalogConfig(sources_).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("name 'prodx' (the nearest one is 'prod')"));
  sources_.arguments["uri"] = "sqlite:///mine.db";
  EXPECT_EQ(Resolve()["uri"], "sqlite:///mine.db") << "described, it may have any name";
}

TEST_F(CatalogConfigTest, TheDefaultSectionKeepsItsName) {
  files_["/users/me/.pyiceberg.yaml"] =
      "default-catalog: prod\n"
      "catalog:\n"
      "  prod:\n"
      "    uri: sqlite:///prod.db\n";
  EXPECT_EQ(Resolve(), (Properties{{"name", "prod"}, {"uri", "sqlite:///prod.db"}}));
  sources_.environment["PYICEBERG_DEFAULT_CATALOG"] = "dev";
  sources_.environment["PYICEBERG_CATALOG__DEV__URI"] = "sqlite:///dev.db";
  EXPECT_EQ(Resolve(), (Properties{{"name", "dev"}, {"uri", "sqlite:///dev.db"}}));
}

TEST_F(CatalogConfigTest, VariablesNestAsInPyIceberg) {
  sources_.environment = {
      {"PYICEBERG_CATALOG__MY_CATALOG__URI", "sqlite:///x.db"},
      {"pyiceberg_catalog__my_catalog__s3__access_key_id", "id"},
      {"PYICEBERG_CATALOG__MY_CATALOG__PY_IO_IMPL", "p"},
  };
  sources_.arguments = {{"name", "my-catalog"}};
  EXPECT_EQ(Resolve(), (Properties{{"name", "my-catalog"},
                                   {"py-io-impl", "p"},
                                   {"s3.access-key-id", "id"},
                                   {"uri", "sqlite:///x.db"}}));
}

TEST_F(CatalogConfigTest, VariablesWinOverTheFileAndArgumentsOverVariables) {
  files_["/users/me/.pyiceberg.yaml"] =
      "catalog:\n  default:\n    uri: sqlite:///file.db\n    warehouse: /file\n    token: file\n";
  sources_.environment = {{"PYICEBERG_CATALOG__DEFAULT__WAREHOUSE", "/variable"},
                          {"PYICEBERG_CATALOG__DEFAULT__TOKEN", "variable"}};
  sources_.arguments = {{"token", "argument"}, {"warehouse", ""}};
  EXPECT_EQ(Resolve(), (Properties{{"name", "default"},
                                   {"token", "argument"},
                                   {"uri", "sqlite:///file.db"},
                                   {"warehouse", "/variable"}}));
}

TEST_F(CatalogConfigTest, TakesTheIcebergVariablesAsOneCatalog) {
  sources_.environment = {
      {"ICEBERG_CATALOG_URI", "http://c"}, {"ICEBERG_CATALOG_TYPE", "rest"},
      {"ICEBERG_CATALOG_WAREHOUSE", "wh"}, {"ICEBERG_TOKEN", "t"},
      {"ICEBERG_CATALOG_TOKEN", "alias"},  {"ICEBERG_OAUTH2_SERVER_URI", "http://o"},
      {"ICEBERG_CREDENTIAL", "c"},         {"ICEBERG_CREDENTIAL_VENDING", "true"},
      {"ICEBERG_HEADER_X_Tenant", "me"},   {"PYICEBERG_CATALOG__DEFAULT__URI", "sqlite:///not.db"}};
  EXPECT_EQ(Resolve(), (Properties{{"credential", "c"},
                                   {"header.X-Iceberg-Access-Delegation", "vended-credentials"},
                                   {"header.X-Tenant", "me"},
                                   {"name", "iceframe"},
                                   {"oauth2-server-uri", "http://o"},
                                   {"token", "t"},
                                   {"type", "rest"},
                                   {"uri", "http://c"},
                                   {"warehouse", "wh"}}));
}

TEST_F(CatalogConfigTest, SaysWhatDoesNotNest) {
  sources_.environment = {{"PYICEBERG_CATALOG", "x"}, {"PYICEBERG_CATALOG__A__URI", "hunter2"}};
  const Status status = ResolveCatalogConfig(sources_).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("PYICEBERG_CATALOG__A__URI"));
  EXPECT_THAT(status.message(), Not(HasSubstr("hunter2")));
  sources_.environment = {{"PYICEBERG_CATALOG__DEFAULT", "x"}};
  EXPECT_FALSE(ResolveCatalogConfig(sources_).ok());
}

TEST_F(CatalogConfigTest, NamesAFileThatIsNotYaml) {
  files_["/users/me/.pyiceberg.yaml"] = "catalog: [";
  EXPECT_THAT(ResolveCatalogConfig(sources_).status().message(),
              HasSubstr("/users/me/.pyiceberg.yaml"));
}

}  // namespace
}  // namespace iceframe
