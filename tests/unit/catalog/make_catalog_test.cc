// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/make_catalog.h"

#include <cstdlib>
#include <filesystem>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/catalog_samples.h"
#include "support/temp_folder.h"

namespace iceframe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kCanary = "canary-7f3a";

class MakeCatalogTest : public ::testing::Test {
 protected:
  MakeCatalogTest() {
    context_.log = MakeLogSink([this](LogLevel, std::string_view, std::string_view message) {
      const std::lock_guard lock(mutex_);
      log_ += std::string(message) + "\n";
    });
  }

  Result<std::shared_ptr<Catalog>> Make(const Properties& properties) {
    return MakeCatalogFromResolved(context_, properties);
  }
  std::string Uri() const { return "sqlite:///" + folder_.path() + "/c.db"; }

  TempFolder folder_;
  OperationContext context_;
  std::mutex mutex_;
  std::string log_;
};

TEST_F(MakeCatalogTest, TheTypeFollowsFromTheUri) {
  EXPECT_THAT((*Make({{"uri", Uri()}}))->ToString(), HasSubstr("sql catalog 'iceframe'"));
  EXPECT_THAT((*Make({{"type", "memory"}, {"name", "m"}}))->ToString(),
              HasSubstr("memory catalog 'm'"));
  EXPECT_THAT((*Make({{"type", "In-Memory"}}))->ToString(), HasSubstr("memory catalog"));
  EXPECT_EQ((*Make({{"uri", Uri()}, {"name", "x"}}))->name(), "x");
}

TEST_F(MakeCatalogTest, WhatIsNotBuiltIsRefusedByName) {
  for (const std::string type : {"glue", "hive", "dynamodb", "bigquery"}) {
    const Status status = Make({{"type", type}, {"uri", "http://x"}}).status();
    EXPECT_EQ(KindOf(status), ErrorKind::kUnsupported);
    EXPECT_THAT(status.message(), HasSubstr(type));
  }
  EXPECT_EQ(KindOf(Make({{"uri", "thrift://x"}}).status()), ErrorKind::kUnsupported);
  const Status status = Make({{"type", "sql"}, {"uri", "mysql://u:canary-7f3a@h/d"}}).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("mysql"));
}

TEST_F(MakeCatalogTest, UnknownKeysAndTypesNameTheNearest) {
  Status status = Make({{"uri", Uri()}, {"warehose", "/x"}}).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("'warehouse'"));
  status = Make({{"type", "sqll"}}).status();
  EXPECT_THAT(status.message(), HasSubstr("'sql'"));
  EXPECT_EQ(KindOf(Make({{"uri", "ftp://x"}}).status()), ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(Make({{"type", "sql"}}).status()), ErrorKind::kInvalidArgument);
}

TEST_F(MakeCatalogTest, KeysWithoutMeaningAreLogged) {
  const auto catalog = Make({{"uri", Uri()},
                             {"echo", "true"},
                             {"pool_pre_ping", "true"},
                             {"py-io-impl", "x"},
                             {"glue.endpoint", "y"}});
  ASSERT_TRUE(catalog.ok());
  for (const std::string key : {"echo", "pool_pre_ping", "py-io-impl", "glue.endpoint"}) {
    EXPECT_THAT(log_, HasSubstr("no effect on this catalog: " + key));
  }
}

TEST_F(MakeCatalogTest, MakesNoTablesWhereToldNotTo) {
  const Properties properties = {{"uri", Uri()}, {"init_catalog_tables", "false"}};
  EXPECT_EQ(KindOf(Make(properties).status()), ErrorKind::kNotFound);
  ASSERT_TRUE(Make({{"uri", Uri()}}).ok());
  EXPECT_TRUE(Make(properties).ok());
  EXPECT_FALSE(Make({{"uri", Uri()}, {"schema_version", "v7"}}).ok());
}

TEST_F(MakeCatalogTest, SecretsShowNowhere) {
  const std::string secret(kCanary);
  const Properties properties = {
      {"uri", Uri() + "?timeout=" + secret},
      {"warehouse", folder_.path() + "/wh"},
      {"token", secret},
      {"credential", "id:" + secret},
      {"s3.access-key-id", secret},
      {"s3.secret-access-key", secret},
      {"header.Authorization", "Bearer " + secret},
      {"client.session-token", secret},
  };
  std::string seen;
  const auto catalog = Make(properties).ValueOrDie();
  seen += catalog->ToString();
  EXPECT_TRUE(catalog->CreateNamespace(context_, {"a"}, {}).ok());
  seen += catalog->LoadTable(context_, {{"a"}, "t"}).status().ToString();
  const LoadedTable table = catalog->CreateTable(context_, NewTableRequest("a.t")).ValueOrDie();
  for (const auto& [key, value] : table.config) seen += key + value;
  for (const auto& [key, value] : table.metadata->properties) seen += key + value;
  for (const std::string& broken :
       {"sqlite://user:" + secret + "@host/x", "mysql://u:" + secret + "@h/d", "x:" + secret,
        "sqlite:///a.db?password=" + secret, "postgresql://u:" + secret + "@127.0.0.1:1/d"}) {
    seen += Make({{"uri", broken}, {"type", "sql"}}).status().ToString();
    seen += Make({{"uri", broken}}).status().ToString();
  }
  seen += log_;
  EXPECT_FALSE(seen.empty());
  EXPECT_THAT(seen, Not(HasSubstr(secret)));
}

TEST_F(MakeCatalogTest, WithoutConfigurationACatalogIsMade) {
  ::setenv("XDG_DATA_HOME", folder_.path().c_str(), 1);
  ::setenv("HOME", folder_.path().c_str(), 1);
  const auto catalog = MakeCatalog(Properties()).ValueOrDie();
  EXPECT_TRUE(catalog->CreateNamespace(context_, {"a"}, {}).ok());
  const LoadedTable table = catalog->CreateTable(context_, NewTableRequest("a.t")).ValueOrDie();
  EXPECT_EQ(table.metadata->location, folder_.path() + "/iceframe/warehouse/a/t");
  const auto permissions = std::filesystem::status(folder_.path() + "/iceframe").permissions();
  EXPECT_EQ(permissions, std::filesystem::perms::owner_all);
}

}  // namespace
}  // namespace iceframe
