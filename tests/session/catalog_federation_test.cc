// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog_federation.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "iceframe/execution/table_resolver.h"

#include "session/lake.h"

namespace iceframe {
namespace {

std::vector<std::string> Lines(const std::vector<ErrorContext>& places) {
  std::vector<std::string> lines;
  for (const ErrorContext& place : places) lines.push_back(place.key + " " + place.value);
  return lines;
}

class CatalogFederationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(federation_, CatalogFederation::Make());
    ASSERT_OK_AND_ASSIGN(prod_, OpenLake(prod_folder_.path()));
    ASSERT_OK_AND_ASSIGN(dev_, OpenLake(dev_folder_.path()));
    for (Session* session : {prod_.get(), dev_.get()}) {
      ASSERT_OK(session->CreateTable(session->NewOperation(), "users", IdSchema(), {}).status());
    }
    ASSERT_OK(prod_->Append(prod_->NewOperation(), "users", *Rows(0, 3), {}).status());
    ASSERT_OK(dev_->Append(dev_->NewOperation(), "users", *Rows(3, 5), {}).status());
    ASSERT_OK(federation_->AddCatalog("prod", prod_));
    ASSERT_OK(federation_->AddCatalog("dev", dev_));
  }

  const Session& session() const { return *federation_->session(); }
  OperationContext NewOperation() const { return session().NewOperation(); }
  Result<std::shared_ptr<arrow::Table>> Run(const Query& query) {
    ICEFRAME_ASSIGN_OR_RETURN(auto reader, federation_->session()->Execute(NewOperation(), query));
    return reader->ToTable();
  }

  TempFolder prod_folder_;
  TempFolder dev_folder_;
  std::shared_ptr<Session> prod_;
  std::shared_ptr<Session> dev_;
  std::shared_ptr<CatalogFederation> federation_;
};

TEST_F(CatalogFederationTest, ReadsTablesByTheirCatalogsName) {
  Session& all = *federation_->session();
  ASSERT_OK_AND_ASSIGN(auto ids, ReadIds(all, "dev.users"));
  EXPECT_EQ(ids, (std::vector<int64_t>{3, 4}));
  ASSERT_OK_AND_ASSIGN(ids, ReadIds(all, "prod.default.users"));
  EXPECT_EQ(ids, (std::vector<int64_t>{0, 1, 2}));
  ASSERT_OK_AND_ASSIGN(const auto table, all.LoadTable(NewOperation(), "prod.users"));
  EXPECT_EQ(table->identifier().ToString(), "prod.default.users");
  ASSERT_OK_AND_ASSIGN(const auto names, all.ListTables(NewOperation(), "dev.default"));
  EXPECT_EQ(names, (std::vector<std::string>{"dev.default.users"}));
}

TEST_F(CatalogFederationTest, WritesGoToTheCatalogThatIsNamed) {
  Session& all = *federation_->session();
  ASSERT_OK(all.CreateTable(NewOperation(), "dev.sales.orders", IdSchema(), {}).status());
  ASSERT_OK(all.Append(NewOperation(), "dev.sales.orders", *Rows(7, 9), {}).status());
  ASSERT_OK_AND_ASSIGN(const auto ids, ReadIds(*dev_, "sales.orders"));
  EXPECT_EQ(ids, (std::vector<int64_t>{7, 8}));
  ASSERT_OK(all.RenameTable(NewOperation(), "dev.sales.orders", "dev.sales.sold"));
  const Status moved = all.RenameTable(NewOperation(), "dev.sales.sold", "prod.default.sold");
  EXPECT_EQ(KindOf(moved), ErrorKind::kUnsupported) << moved.ToString();
  ASSERT_OK(all.DropTable(NewOperation(), "dev.sales.sold", /*purge=*/true));
  ASSERT_OK_AND_ASSIGN(const bool exists, dev_->TableExists(dev_->NewOperation(), "sales.sold"));
  EXPECT_FALSE(exists);
}

TEST_F(CatalogFederationTest, ListsNamespacesBelowTheCatalogs) {
  Catalog& all = *federation_->session()->catalog();
  ASSERT_OK_AND_ASSIGN(const auto top, all.ListNamespaces(NewOperation(), {}));
  EXPECT_EQ(top, (std::vector<Namespace>{{"dev"}, {"prod"}}));
  ASSERT_OK(all.CreateNamespace(NewOperation(), {"dev", "a", "b"}, {{"owner", "ada"}}));
  ASSERT_OK_AND_ASSIGN(const auto below, all.ListNamespaces(NewOperation(), {"dev"}));
  EXPECT_EQ(below, (std::vector<Namespace>{{"dev", "a"}, {"dev", "default"}}));
  ASSERT_OK_AND_ASSIGN(const auto owner,
                       all.LoadNamespaceProperties(NewOperation(), {"dev", "a", "b"}));
  EXPECT_EQ(owner.at("owner"), "ada");
  ASSERT_OK(all.DropNamespace(NewOperation(), {"dev", "a", "b"}));
}

TEST_F(CatalogFederationTest, OnePlanReadsSeveralCatalogs) {
  const Query both =
      Query("prod.users").Join(Query("dev.users"), {{"id"}, {"id"}}, JoinKind::kFull);
  ASSERT_OK_AND_ASSIGN(const auto rows, Run(both));
  EXPECT_EQ(rows->num_rows(), 5);
}

TEST_F(CatalogFederationTest, UnitesTables) {
  ASSERT_OK_AND_ASSIGN(const Query all,
                       CatalogFederation::UnionOf({{"prod", "users"}, {"dev", "default.users"}},
                                                  {.filter = Greater(Col("id"), Lit(int64_t{1})),
                                                   .catalog_column = "from",
                                                   .table_column = "table"}));
  ASSERT_OK_AND_ASSIGN(const auto rows, Run(all));
  EXPECT_EQ(rows->schema()->field_names(),
            (std::vector<std::string>{"id", "name", "from", "table"}));
  ASSERT_EQ(rows->num_rows(), 3);
  ASSERT_OK_AND_ASSIGN(const auto from, rows->GetColumnByName("from")->GetScalar(2));
  EXPECT_EQ(from->ToString(), "dev");
  ASSERT_OK_AND_ASSIGN(const auto table, rows->GetColumnByName("table")->GetScalar(2));
  EXPECT_EQ(table->ToString(), "default.users");
  EXPECT_EQ(KindOf(CatalogFederation::UnionOf({}).status()), ErrorKind::kInvalidArgument);
}

TEST_F(CatalogFederationTest, ReadsTheTablesOfAUnionAtOnce) {
  std::vector<FederatedTable> tables;
  for (int i = 0; i < 8; ++i) tables.push_back({i % 2 == 0 ? "prod" : "dev", "users"});
  UnionReadOptions how{.max_parallel = 8};
  // Each read waits until all have begun.
  std::mutex mutex;
  std::condition_variable changed;
  size_t num_begun = 0;
  how.wrap_rows = [&](const OperationContext&, auto rows) {
    std::unique_lock lock(mutex);
    ++num_begun;
    changed.notify_all();
    changed.wait_for(lock, std::chrono::minutes(5), [&] { return num_begun == tables.size(); });
    return rows;
  };
  ASSERT_OK_AND_ASSIGN(
      const UnionRows united,
      federation_->ReadUnion(
          NewOperation(), tables,
          {.columns = {{"id"}}, .filter = GreaterEqual(Col("id"), Lit(int64_t{1}))}, how));
  EXPECT_EQ(num_begun, tables.size());
  EXPECT_EQ(united.rows->num_rows(), 16);
  EXPECT_TRUE(united.failures.empty());
}

TEST_F(CatalogFederationTest, TablesThatFailAreLeftOutOnRequest) {
  SessionOptions far;
  far.catalog = {{"type", "sql"}, {"uri", "sqlite:////nowhere/catalog.db"}};
  ASSERT_OK(federation_->AddCatalog("far", far));
  const std::vector<FederatedTable> tables{
      {"far", "users"}, {"prod", "users"}, {"dev", "nope"}, {"dev", "users"}};
  const auto failed = federation_->ReadUnion(NewOperation(), tables);
  EXPECT_EQ(Lines(ContextOf(failed.status())).back(), "table far.users");
  ASSERT_OK_AND_ASSIGN(const UnionRows rest,
                       federation_->ReadUnion(NewOperation(), tables, {}, {.skip_failures = true}));
  EXPECT_EQ(rest.rows->num_rows(), 5);
  ASSERT_EQ(rest.failures.size(), 2U);
  EXPECT_EQ(rest.failures[0].index, 0U);
  EXPECT_EQ(rest.failures[1].index, 2U);
  EXPECT_EQ(KindOf(rest.failures[1].status), ErrorKind::kNotFound);
  // Nothing is left, or the call can't be meant.
  EXPECT_FALSE(
      federation_->ReadUnion(NewOperation(), {tables[0]}, {}, {.skip_failures = true}).ok());
  const auto wrong = federation_->ReadUnion(NewOperation(), tables, {.columns = {{"none"}}},
                                            {.skip_failures = true});
  EXPECT_EQ(KindOf(wrong.status()), ErrorKind::kInvalidArgument);
}

TEST_F(CatalogFederationTest, AFileThatFailsNamesItsCatalogAndTable) {
  ASSERT_OK_AND_ASSIGN(const auto table, dev_->LoadTable(dev_->NewOperation(), "users"));
  std::filesystem::remove_all(dev_folder_.path() + "/warehouse/default/users/data");
  const std::vector<FederatedTable> tables{{"prod", "users"}, {"dev", "users"}};
  const auto failed = federation_->ReadUnion(NewOperation(), tables);
  ASSERT_FALSE(failed.ok());
  const auto places = Lines(ContextOf(failed.status()));
  EXPECT_NE(std::ranges::find(places, "catalog dev"), places.end()) << failed.status().ToString();
  EXPECT_NE(std::ranges::find(places, "table dev.users"), places.end());
  ASSERT_OK_AND_ASSIGN(const UnionRows rest,
                       federation_->ReadUnion(NewOperation(), tables, {}, {.skip_failures = true}));
  EXPECT_EQ(rest.rows->num_rows(), 3);
  EXPECT_EQ(rest.failures.size(), 1U);
}

TEST_F(CatalogFederationTest, AUnionIsReadRowByRow) {
  const auto counted = federation_->ReadUnion(NewOperation(), {{"prod", "users"}, {"dev", "users"}},
                                              {.columns = {{"count(*) AS n"}}});
  EXPECT_EQ(KindOf(counted.status()), ErrorKind::kInvalidArgument);
}

TEST_F(CatalogFederationTest, AQuerySeesOneStateOfATableUnderAllItsNames) {
  int num_found = 0;
  TableResolver resolver([&](const std::string& name) -> Result<std::shared_ptr<const Table>> {
    // A commit between two uses.
    if (num_found++ > 0) {
      ICEFRAME_RETURN_NOT_OK(
          prod_->Append(prod_->NewOperation(), "users", *Rows(9, 10), {}).status());
    }
    return federation_->session()->LoadTable(NewOperation(), name);
  });
  ASSERT_OK(BindQuery(Query("prod.users").Union(Query("prod.default.users")), &resolver).status());
  ASSERT_EQ(resolver.states().size(), 2U);
  EXPECT_EQ(resolver.states()[0].snapshot->snapshot_id, resolver.states()[1].snapshot->snapshot_id);
}

TEST_F(CatalogFederationTest, AnErrorNamesItsCatalog) {
  const auto missing = federation_->session()->LoadTable(NewOperation(), "dev.nope");
  EXPECT_EQ(KindOf(missing.status()), ErrorKind::kNotFound);
  EXPECT_EQ(Lines(ContextOf(missing.status())), (std::vector<std::string>{"catalog dev"}));
  const auto unknown = federation_->session()->LoadTable(NewOperation(), "test.users");
  EXPECT_EQ(unknown.status().message(),
            "catalog does not exist in the federation: test; it has prod, dev (tables are named "
            "catalog.namespace.table)");
}

TEST_F(CatalogFederationTest, ACatalogIsOpenedWhenItIsFirstUsed) {
  const std::string file = prod_folder_.path() + "/nowhere/catalog.db";
  SessionOptions options;
  options.catalog = {{"type", "sql"}, {"uri", "sqlite:///" + file}, {"token", "s3cret"}};
  ASSERT_OK(federation_->AddCatalog("later", options));
  EXPECT_EQ(federation_->ListCatalogs(), (std::vector<std::string>{"prod", "dev", "later"}));
  EXPECT_EQ(federation_->ToString(), "federation of prod, dev, later");
  ASSERT_OK(ReadIds(*federation_->session(), "prod.users").status());
  const auto failed = federation_->GetCatalog(NewOperation(), "later");
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.status().ToString().find("s3cret"), std::string::npos);
  EXPECT_EQ(Lines(ContextOf(failed.status())).back(), "catalog later");
}

TEST_F(CatalogFederationTest, ACatalogIsOpenedOnceForAllWhoAsk) {
  SessionOptions options;
  options.catalog = {{"type", "in-memory"}};
  ASSERT_OK(federation_->AddCatalog("made", options));
  std::vector<Result<std::shared_ptr<Session>>> found(16, Status::Cancelled("not asked"));
  std::vector<std::thread> threads;
  for (auto& session : found) {
    threads.emplace_back(
        [&session, this] { session = federation_->GetCatalog(NewOperation(), "made"); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& session : found) {
    ASSERT_OK(session.status());
    EXPECT_EQ(*session, *found[0]);
  }
}

TEST_F(CatalogFederationTest, NamesAreCheckedAndTakenOnce) {
  for (const std::string name : {"", "a.b", "a/b", "..", "a\n"}) {
    EXPECT_EQ(KindOf(federation_->AddCatalog(name, prod_)), ErrorKind::kInvalidArgument) << name;
  }
  EXPECT_EQ(KindOf(federation_->AddCatalog("prod", dev_)), ErrorKind::kAlreadyExists);
  EXPECT_EQ(KindOf(federation_->AddCatalog("x", nullptr)), ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(federation_->RemoveCatalog("x")), ErrorKind::kNotFound);
}

TEST_F(CatalogFederationTest, WhatIsReadOutlivesItsCatalogsRemoval) {
  ASSERT_OK_AND_ASSIGN(auto reader, federation_->session()->Scan(NewOperation(), "prod.users", {}));
  ASSERT_OK(federation_->RemoveCatalog("prod"));
  ASSERT_OK_AND_ASSIGN(const auto rows, reader->ToTable());
  EXPECT_EQ(rows->num_rows(), 3);
  EXPECT_EQ(KindOf(ReadIds(*federation_->session(), "prod.users").status()), ErrorKind::kNotFound);
  ASSERT_OK(federation_->AddCatalog("prod", dev_));
  ASSERT_OK_AND_ASSIGN(const auto ids, ReadIds(*federation_->session(), "prod.users"));
  EXPECT_EQ(ids, (std::vector<int64_t>{3, 4}));
}

}  // namespace
}  // namespace iceframe
