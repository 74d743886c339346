// SPDX-License-Identifier: Apache-2.0
// What only an SQL catalog does: many processes, rows of other kinds, several names.
#include "iceframe/catalog/sql_catalog.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "support/catalog_samples.h"
#include "support/temp_folder.h"

namespace iceframe {
namespace {

using ::testing::HasSubstr;

class SqlCatalogTest : public ::testing::Test {
 protected:
  std::string DatabasePath() const { return folder_.path() + "/c.db"; }

  std::shared_ptr<Catalog> Open(const std::string& name = "iceframe") {
    SqlCatalogOptions options;
    options.name = name;
    options.uri = "sqlite:///" + DatabasePath();
    options.properties = {{"warehouse", folder_.path() + "/warehouse"}};
    auto catalog = MakeSqlCatalog(context_, options);
    EXPECT_TRUE(catalog.ok()) << catalog.status().ToString();
    return *catalog;
  }

  void Execute(const std::string& sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(DatabasePath().c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }

  TempFolder folder_;
  OperationContext context_;
  const TableIdentifier id_{{"a"}, "t"};
};

// Adds one to a property, from whatever it is.
CommitRequest Increment(const LoadedTable& current) {
  const auto found = current.metadata->properties.find("count");
  const int count = found == current.metadata->properties.end() ? 0 : std::stoi(found->second);
  return SetProperty(current, "count", std::to_string(count + 1));
}

TEST_F(SqlCatalogTest, CommitsOfManyProcessesAllLand) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "at a fork libarrow's allocator takes more locks than TSan can note";
#endif
  constexpr int kProcesses = 8;
  constexpr int kCommits = 50;
  const auto catalog = Open();
  ASSERT_TRUE(catalog->CreateNamespace(context_, {"a"}, {}).ok());
  ASSERT_TRUE(catalog->CreateTable(context_, NewTableRequest("a.t")).ok());
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      OperationContext context;
      for (int j = 0; j < kCommits; ++j) {
        const CommitOutcome outcome = catalog->CommitTableLocked(context, id_, Increment);
        if (outcome.kind != CommitOutcomeKind::kCommitted) ::_exit(1);
      }
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  const LoadedTable table = catalog->LoadTable(context_, id_).ValueOrDie();
  EXPECT_EQ(table.metadata->properties.at("count"), std::to_string(kProcesses * kCommits));
  EXPECT_THAT(table.metadata_location, HasSubstr("/metadata/00400-"));
}

TEST_F(SqlCatalogTest, UnlockedCommitsOfManyThreadsAreNeverLost) {
  const auto catalog = Open();
  ASSERT_TRUE(catalog->CreateNamespace(context_, {"a"}, {}).ok());
  ASSERT_TRUE(catalog->CreateTable(context_, NewTableRequest("a.t")).ok());
  std::atomic<int> landed{0};
  std::atomic<int> conflicts{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 25; ++j) {
        const LoadedTable table = catalog->LoadTable(context_, id_).ValueOrDie();
        const std::string key = std::to_string(i) + "-" + std::to_string(j);
        const auto outcome = catalog->CommitTable(context_, SetProperty(table, key, "x"));
        if (outcome.kind == CommitOutcomeKind::kCommitted) ++landed;
        if (outcome.kind == CommitOutcomeKind::kConflict) ++conflicts;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(landed + conflicts, 100);
  const LoadedTable table = catalog->LoadTable(context_, id_).ValueOrDie();
  EXPECT_EQ(table.metadata->properties.size(), static_cast<size_t>(landed));
  const auto files = catalog->FileIOFor(table).ValueOrDie()->List(
      context_, table.metadata->location + "/metadata");
  EXPECT_EQ(files->size(), static_cast<size_t>(landed) + 1) << "lost attempts leave no file";
}

TEST_F(SqlCatalogTest, CatalogsOfSeveralNamesShareADatabase) {
  const auto one = Open("one");
  const auto two = Open("two");
  ASSERT_TRUE(one->CreateNamespace(context_, {"a"}, {}).ok());
  ASSERT_TRUE(one->CreateTable(context_, NewTableRequest("a.t")).ok());
  EXPECT_FALSE(two->NamespaceExists(context_, {"a"}).ValueOrDie());
  ASSERT_TRUE(two->CreateNamespace(context_, {"a"}, {}).ok());
  const LoadedTable other = two->CreateTable(context_, NewTableRequest("a.t")).ValueOrDie();
  const LoadedTable table = one->LoadTable(context_, id_).ValueOrDie();
  EXPECT_NE(other.metadata->location, table.metadata->location) << "one warehouse, two tables";
  EXPECT_TRUE(two->DropTable(context_, id_, true).ok());
  EXPECT_TRUE(one->LoadTable(context_, id_).ok());
}

TEST_F(SqlCatalogTest, ViewsAreNoTables) {
  const auto catalog = Open();
  ASSERT_TRUE(catalog->CreateNamespace(context_, {"a"}, {}).ok());
  Execute(
      "INSERT INTO iceberg_tables VALUES ('iceframe', 'a', 'v', '/x/metadata/v.json', NULL, "
      "'VIEW'), ('iceframe', 'a', 'u', '/x/metadata/u.json', NULL, NULL)");
  const auto tables = catalog->ListTables(context_, {"a"}).ValueOrDie();
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(tables[0].name, "u");
  EXPECT_FALSE(catalog->TableExists(context_, {{"a"}, "v"}).ValueOrDie());
  EXPECT_EQ(KindOf(catalog->DropTable(context_, {{"a"}, "v"}, false)), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(catalog->CreateTable(context_, NewTableRequest("a.v")).status()),
            ErrorKind::kAlreadyExists);
}

TEST_F(SqlCatalogTest, OpeningAndReadingMakeNoDatabase) {
  const auto catalog = Open();
  EXPECT_TRUE(catalog->ListNamespaces(context_, {}).ValueOrDie().empty());
  EXPECT_FALSE(catalog->NamespaceExists(context_, {"a"}).ValueOrDie());
  EXPECT_EQ(KindOf(catalog->LoadTable(context_, id_).status()), ErrorKind::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(DatabasePath()));
  const auto other = Open();
  ASSERT_TRUE(other->CreateNamespace(context_, {"a"}, {}).ok());
  EXPECT_TRUE(std::filesystem::exists(DatabasePath()));
  EXPECT_TRUE(catalog->NamespaceExists(context_, {"a"}).ValueOrDie());
}

TEST_F(SqlCatalogTest, ANamespaceMadeWithoutTheMarkerOutlivesItsLastProperty) {
  const auto catalog = Open();
  ASSERT_TRUE(catalog->CreateNamespace(context_, {"b"}, {}).ok());
  Execute("INSERT INTO iceberg_namespace_properties VALUES ('iceframe', 'a', 'k', 'v')");
  EXPECT_EQ(catalog->LoadNamespaceProperties(context_, {"a"}).ValueOrDie(),
            (Properties{{"k", "v"}}));
  ASSERT_TRUE(catalog->UpdateNamespaceProperties(context_, {"a"}, {}, {"k"}).ok());
  EXPECT_TRUE(catalog->NamespaceExists(context_, {"a"}).ValueOrDie());
  EXPECT_EQ(KindOf(catalog->CreateNamespace(context_, {"b"}, {{"exists", "no"}})),
            ErrorKind::kInvalidArgument);
}

TEST_F(SqlCatalogTest, ALocationOutsideOfTheAllowedOnesIsNotWritten) {
  const auto catalog = Open();
  ASSERT_TRUE(catalog->CreateNamespace(context_, {"a"}, {}).ok());
  ASSERT_TRUE(catalog->CreateTable(context_, NewTableRequest("a.t")).ok());
  CommitRequest request;
  request.identifier = id_;
  request.updates = {SetLocation{folder_.path() + "/outside"}};
  const CommitOutcome outcome = catalog->CommitTable(context_, request);
  EXPECT_EQ(outcome.kind, CommitOutcomeKind::kRejected);
  EXPECT_EQ(KindOf(outcome.status), ErrorKind::kUnauthorized);
}

TEST_F(SqlCatalogTest, ReadersDoNotWaitForALockedCommit) {
  const auto catalog = Open();
  ASSERT_TRUE(catalog->CreateNamespace(context_, {"a"}, {}).ok());
  ASSERT_TRUE(catalog->CreateTable(context_, NewTableRequest("a.t")).ok());
  const auto outcome = catalog->CommitTableLocked(context_, id_, [&](const LoadedTable& current) {
    std::thread reader([&] {
      OperationContext hurried;
      hurried.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
      EXPECT_TRUE(catalog->LoadTable(hurried, id_).ok());
      EXPECT_EQ(KindOf(catalog->CreateNamespace(hurried, {"b"}, {})), ErrorKind::kTimeout);
    });
    reader.join();
    return Increment(current);
  });
  EXPECT_EQ(outcome.kind, CommitOutcomeKind::kCommitted);
}

}  // namespace
}  // namespace iceframe
