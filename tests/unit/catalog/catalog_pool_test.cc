// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/catalog_pool.h"

#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/catalog/make_catalog.h"

#include "support/catalog_samples.h"
#include "support/temp_folder.h"

namespace iceframe {
namespace {

using ::testing::HasSubstr;

class CatalogPoolTest : public ::testing::Test {
 protected:
  Properties Config() const {
    return {{"type", "sql"},
            {"uri", "sqlite:///" + folder_.path() + "/c.db"},
            {"warehouse", folder_.path() + "/warehouse"}};
  }
  std::shared_ptr<Catalog> Open() { return *MakeCatalog(context_, Config()); }

  TempFolder folder_;
  OperationContext context_;
  const TableIdentifier id_{{"a"}, "t"};
};

TEST_F(CatalogPoolTest, CatalogsOfEqualConfigurationAreOne) {
  const auto catalog = Open();
  EXPECT_EQ(Open(), catalog);
  Properties other = Config();
  other["token"] = "somebody else's";
  EXPECT_NE(*MakeCatalog(context_, other), catalog);
  // What lies in memory is its catalog's alone.
  for (const Properties& memory : std::vector<Properties>{
           {{"type", "memory"}}, {{"uri", "sqlite://"}}, {{"uri", "sqlite:///:memory:"}}}) {
    EXPECT_NE(*MakeCatalog(context_, memory), *MakeCatalog(context_, memory));
  }
}

TEST_F(CatalogPoolTest, AConnectionIsACatalogByItself) {
  const auto pool = CatalogPool::Make(*MakeUnconnectedCatalog(context_, Config()), {.max_size = 1});
  EXPECT_EQ(pool->connections()->Stats().num_opened, 0);
  CatalogLease lease = *pool->Acquire(context_);
  const std::shared_ptr<Catalog> catalog = lease.catalog();
  // All of it through the one connection there may be.
  ASSERT_TRUE(catalog->CreateNamespace(context_, id_.name_space, {}).ok());
  const LoadedTable table = *catalog->CreateTable(context_, NewTableRequest("a.t"));
  EXPECT_EQ(catalog->CommitTable(context_, SetProperty(table, "k", "v")).kind,
            CommitOutcomeKind::kCommitted);
  EXPECT_EQ(catalog->ListTables(context_, id_.name_space)->size(), 1U);
  EXPECT_EQ(pool->connections()->Stats().num_lent, 1);
  EXPECT_EQ(pool->connections()->Stats().num_opened, 1);
  ASSERT_TRUE(pool->Return(lease).ok());
  // It outlives the loan, and draws from the pool then.
  EXPECT_EQ(catalog->LoadTable(context_, id_)->metadata->properties.at("k"), "v");
  EXPECT_EQ(pool->connections()->Stats().num_lent, 2);
  EXPECT_EQ(catalog->identity(), pool->catalog()->identity());
}

TEST_F(CatalogPoolTest, OthersOfTheConfigurationDrawFromTheSameConnections) {
  const auto catalog = Open();
  const auto pool = CatalogPool::Make(Open(), {.max_size = 1});
  ASSERT_TRUE(catalog->CreateNamespace(context_, {"a"}, {}).ok());
  CatalogLease lease = *pool->Acquire(context_);
  OperationContext hurried;
  hurried.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  const Status status = catalog->ListTables(hurried, {"a"}).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kTimeout);
  EXPECT_THAT(status.message(), HasSubstr("1 of 1 are in use"));
  ASSERT_TRUE(pool->Return(lease).ok());
  EXPECT_TRUE(catalog->ListTables(context_, {"a"}).ok());
  EXPECT_EQ(pool->connections()->Stats().num_opened, 1);
}

TEST_F(CatalogPoolTest, RefusesWhatIsReturnedTwiceOrNotItsOwn) {
  const auto pool = CatalogPool::Make(Open());
  const auto other = CatalogPool::Make(Open());
  CatalogLease lease = *pool->Acquire(context_);
  EXPECT_EQ(KindOf(other->Return(lease)), ErrorKind::kInvalidArgument);
  EXPECT_TRUE(pool->Return(lease).ok());
  const Status twice = pool->Return(lease);
  EXPECT_EQ(KindOf(twice), ErrorKind::kInvalidArgument);
  EXPECT_THAT(twice.message(), HasSubstr("given back already"));
  {
    const auto dropped = pool->Acquire(context_);
  }
  EXPECT_EQ(pool->connections()->Stats().num_used, 0);
}

TEST_F(CatalogPoolTest, CountsTheUsersOfACatalogInMemory) {
  for (const Properties& config : std::vector<Properties>{
           {{"type", "memory"}}, {{"uri", "sqlite:///:memory:"}, {"warehouse", folder_.path()}}}) {
    const auto pool = CatalogPool::Make(*MakeCatalog(context_, config), {.max_size = 2});
    CatalogLease first = *pool->Acquire(context_);
    CatalogLease second = *pool->Acquire(context_);
    ASSERT_TRUE(first.catalog()->CreateNamespace(context_, {"a"}, {}).ok());
    EXPECT_TRUE(*second.catalog()->NamespaceExists(context_, {"a"}));
    const auto third = pool->Acquire(context_, std::chrono::milliseconds(10));
    EXPECT_EQ(KindOf(third.status()), ErrorKind::kTimeout);
  }
}

TEST_F(CatalogPoolTest, AClosedPoolLendsNothingAndTheCatalogGoesOn) {
  const auto catalog = Open();
  ASSERT_TRUE(catalog->CreateNamespace(context_, {"a"}, {}).ok());
  const auto pool = CatalogPool::Make(Open(), {.max_size = 1});
  CatalogLease lease = *pool->Acquire(context_);
  std::thread waiter([&] {
    const auto refused = pool->Acquire(context_, std::chrono::minutes(5));
    EXPECT_EQ(KindOf(refused.status()), ErrorKind::kUnavailable);
  });
  while (pool->connections()->Stats().num_waiting == 0) std::this_thread::yield();
  pool->Close();
  waiter.join();
  EXPECT_EQ(KindOf(pool->Acquire(context_).status()), ErrorKind::kUnavailable);
  EXPECT_TRUE(lease.catalog()->NamespaceExists(context_, {"a"}).ok());
  EXPECT_TRUE(pool->Return(lease).ok());
  EXPECT_EQ(pool->connections()->Stats().num_idle, 0);
  EXPECT_TRUE(*catalog->NamespaceExists(context_, {"a"}));
}

TEST_F(CatalogPoolTest, DrainingWaitsForWhatIsLent) {
  const auto pool = CatalogPool::Make(Open());
  CatalogLease lease = *pool->Acquire(context_);
  const Status late = pool->Drain(context_, std::chrono::milliseconds(10));
  EXPECT_EQ(KindOf(late), ErrorKind::kTimeout);
  EXPECT_THAT(late.message(), HasSubstr("1 are missing"));
  const auto other = CatalogPool::Make(Open());
  CatalogLease second = *other->Acquire(context_);
  std::thread drainer([&] { EXPECT_TRUE(other->Drain(context_, std::chrono::minutes(5)).ok()); });
  while (!other->is_closed()) std::this_thread::yield();
  EXPECT_TRUE(other->Return(second).ok());
  drainer.join();
}

TEST_F(CatalogPoolTest, ADatabaseThatWasTakenAwayIsMadeAnew) {
  const auto catalog = Open();
  ASSERT_TRUE(catalog->CreateNamespace(context_, {"a"}, {}).ok());
  for (const auto* end : {"", "-wal", "-shm"}) {
    std::filesystem::remove(folder_.path() + "/c.db" + end);
  }
  const auto again = Open();
  EXPECT_FALSE(*again->NamespaceExists(context_, {"a"}));
  ASSERT_TRUE(again->CreateNamespace(context_, {"b"}, {}).ok());
  EXPECT_TRUE(std::filesystem::exists(folder_.path() + "/c.db"));
}

}  // namespace
}  // namespace iceframe
