// SPDX-License-Identifier: Apache-2.0
// Queries that take part in a cache: never stale, whoever commits, and never another one's answer.
#include <atomic>
#include <future>
#include <thread>

#include "iceframe/catalog/memory_catalog.h"
#include "iceframe/execution/rows_relation.h"
#include "iceframe/table/transaction.h"

#include "session/lake.h"
#include "support/sanitized.h"

namespace iceframe {
namespace {

QueryOptions Cached(std::optional<std::chrono::nanoseconds> ttl = std::nullopt) {
  QueryOptions options;
  options.cache = ResultCaching{.ttl = ttl, .scope = {}, .as_views = false};
  return options;
}

Result<std::shared_ptr<arrow::Table>> TableOf(
    Result<std::shared_ptr<arrow::RecordBatchReader>> reader) {
  ICEFRAME_RETURN_NOT_OK(reader.status());
  return (*reader)->ToTable();
}

Result<int64_t> CountOf(Session& session, const PreparedQuery& query) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto table,
                            TableOf(session.Execute(session.NewOperation(), query)));
  return static_cast<const arrow::Int64Array&>(*table->column(0)->chunk(0)).Value(0);
}

class CachedQueriesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(session_, Open());
    ASSERT_OK(session_->CreateTable(session_->NewOperation(), "t", IdSchema(), {}).status());
    Append(*session_, 0, 10);
  }

  Result<std::shared_ptr<Session>> Open() {
    SqlCatalogOptions options;
    options.uri = "sqlite:///" + folder_.path() + "/catalog.db";
    options.properties["warehouse"] = "file://" + folder_.path() + "/warehouse";
    ICEFRAME_ASSIGN_OR_RETURN(auto catalog, MakeSqlCatalog(OperationContext(), options));
    return Session::Make(std::move(catalog), {}, nullptr, cache_);
  }

  static void Append(Session& session, int64_t begin, int64_t end, const std::string& name = "t") {
    const auto rows = Rows(begin, end);
    ASSERT_OK(session.Append(session.NewOperation(), name, *rows, {}).status());
  }

  int64_t num_rows(const Query& query) {
    const auto table = TableOf(session_->Execute(session_->NewOperation(), query, Cached()));
    EXPECT_TRUE(table.ok()) << table.status().message();
    return table.ok() ? (*table)->num_rows() : -1;
  }
  int64_t hits() const { return cache_->stats().results.hits; }
  int64_t misses() const { return cache_->stats().results.misses; }

  TempFolder folder_;
  std::shared_ptr<QueryCache> cache_ = QueryCache::Make();
  std::shared_ptr<Session> session_;
};

TEST_F(CachedQueriesTest, AQueryThatDoesNotAskNeverTakesPart) {
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK(TableOf(session_->Execute(session_->NewOperation(), Query("t"))).status());
  }
  EXPECT_EQ(hits() + misses(), 0);
  EXPECT_TRUE(cache_->stats().entries.empty());
}

TEST_F(CachedQueriesTest, TheSecondAnswerIsTheFirst) {
  const Query query = Query("t").Filter("id > 4").Select({"id", "name"});
  ASSERT_OK_AND_ASSIGN(const auto plain,
                       TableOf(session_->Execute(session_->NewOperation(), query)));
  for (int i = 0; i < 3; ++i) {
    // Built anew each time.
    const Query again = Query("t").Filter("4 < id").Select({"id", "name"});
    ASSERT_OK_AND_ASSIGN(const auto cached,
                         TableOf(session_->Execute(session_->NewOperation(), again, Cached())));
    EXPECT_TRUE(cached->Equals(*plain));
    EXPECT_TRUE(cached->schema()->Equals(*plain->schema(), true));
  }
  EXPECT_EQ(hits(), 2);
  EXPECT_EQ(misses(), 1);
}

TEST_F(CachedQueriesTest, ACommitByAnotherSessionIsSeen) {
  ASSERT_OK_AND_ASSIGN(const auto other, Open());
  const PreparedQuery query(Query("t").Select({"count(*) AS n"}), Cached(std::chrono::hours(1)));
  for (int64_t i = 1; i <= 5; ++i) {
    EXPECT_EQ(CountOf(*session_, query).ValueOr(-1), 10 * i);
    EXPECT_EQ(CountOf(*session_, query).ValueOr(-1), 10 * i);
    Append(*other, 0, 10);
  }
  EXPECT_EQ(hits(), 5);
}

TEST_F(CachedQueriesTest, APreparedQueryIsFoundWithoutBeingBound) {
  const PreparedQuery query(Query("t"), Cached());
  ASSERT_OK_AND_ASSIGN(auto kept, session_->FindKept(session_->NewOperation(), query));
  EXPECT_EQ(kept, nullptr);
  ASSERT_OK(TableOf(session_->Execute(session_->NewOperation(), query)).status());
  ASSERT_OK_AND_ASSIGN(kept, session_->FindKept(session_->NewOperation(), query));
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(kept->num_rows, 10);
  EXPECT_EQ(misses(), 1);
  EXPECT_EQ(hits(), 1);
  Append(*session_, 0, 1);
  ASSERT_OK_AND_ASSIGN(kept, session_->FindKept(session_->NewOperation(), query));
  EXPECT_EQ(kept, nullptr);
}

TEST_F(CachedQueriesTest, APreparedQueryIsForAnySession) {
  ASSERT_OK_AND_ASSIGN(auto catalog, MakeMemoryCatalog({}));
  ASSERT_OK_AND_ASSIGN(const auto other, Session::Make(catalog, {}, nullptr, cache_));
  ASSERT_OK(other->CreateTable(other->NewOperation(), "t", IdSchema(), {}).status());
  const PreparedQuery query(Query("t").Select({"count(*) AS n"}), Cached());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(CountOf(*session_, query).ValueOr(-1), 10);
    EXPECT_EQ(CountOf(*other, query).ValueOr(-1), 0);
  }
}

TEST_F(CachedQueriesTest, CatalogsOfOneNameDoNotShare) {
  const PreparedQuery query(Query("t").Select({"count(*) AS n"}), Cached());
  std::vector<std::shared_ptr<Session>> sessions;
  for (int64_t i = 1; i <= 3; ++i) {
    ASSERT_OK_AND_ASSIGN(auto catalog, MakeMemoryCatalog({}));
    ASSERT_OK_AND_ASSIGN(const auto session, Session::Make(catalog, {}, nullptr, cache_));
    ASSERT_OK(session->CreateTable(session->NewOperation(), "t", IdSchema(), {}).status());
    Append(*session, 0, i);
    sessions.push_back(session);
  }
  for (size_t i = 0; i < sessions.size(); ++i) {
    EXPECT_EQ(CountOf(*sessions[i], query).ValueOr(-1), static_cast<int64_t>(i + 1));
  }
  EXPECT_EQ(hits(), 0);
}

TEST_F(CachedQueriesTest, EveryTableOfAJoinCounts) {
  ASSERT_OK(session_->CreateTable(session_->NewOperation(), "u", IdSchema(), {}).status());
  Append(*session_, 0, 3, "u");
  const Query joined = Query("t").Join(Query("u"), {{"id"}, {"id"}});
  EXPECT_EQ(num_rows(joined), 3);
  EXPECT_EQ(num_rows(joined), 3);
  Append(*session_, 3, 4, "u");
  EXPECT_EQ(num_rows(joined), 4);
  EXPECT_EQ(misses(), 2);
}

TEST_F(CachedQueriesTest, OtherVersionsOfATableAreOtherAnswers) {
  ASSERT_OK_AND_ASSIGN(const auto table, session_->LoadTable(session_->NewOperation(), "t"));
  TableVersion old;
  old.snapshot_id = table->metadata()->current_snapshot_id;
  Append(*session_, 0, 5);
  EXPECT_EQ(num_rows(Query("t")), 15);
  EXPECT_EQ(num_rows(Query("t", old)), 10);
  EXPECT_EQ(num_rows(Query("t", old)), 10);
  EXPECT_EQ(hits(), 1);
}

TEST_F(CachedQueriesTest, ARenamedColumnIsAMiss) {
  const Query all("t");
  EXPECT_EQ(num_rows(all), 10);
  ASSERT_OK_AND_ASSIGN(const auto table, session_->LoadTable(session_->NewOperation(), "t"));
  Transaction transaction(session_->NewOperation(), table);
  ASSERT_OK(transaction.UpdateSchema(session_->NewOperation(), {RenameColumn{"name", "label"}}));
  ASSERT_OK(transaction.Commit(session_->NewOperation()).status());
  ASSERT_OK_AND_ASSIGN(const auto renamed,
                       TableOf(session_->Execute(session_->NewOperation(), all, Cached())));
  EXPECT_EQ(renamed->schema()->field_names(), (std::vector<std::string>{"id", "label"}));
  EXPECT_EQ(misses(), 2);
}

TEST_F(CachedQueriesTest, ATableMadeAnewUnderItsNameIsAMiss) {
  const PreparedQuery query(Query("t").Select({"count(*) AS n"}), Cached());
  EXPECT_EQ(CountOf(*session_, query).ValueOr(-1), 10);
  ASSERT_OK(session_->DropTable(session_->NewOperation(), "t", true));
  EXPECT_EQ(KindOf(CountOf(*session_, query).status()), ErrorKind::kNotFound);
  ASSERT_OK(session_->CreateTable(session_->NewOperation(), "t", IdSchema(), {}).status());
  EXPECT_EQ(CountOf(*session_, query).ValueOr(-1), 0);
}

TEST_F(CachedQueriesTest, ScopesDoNotShare) {
  QueryOptions other = Cached();
  other.cache->scope = "another tenant";
  ASSERT_OK(TableOf(session_->Execute(session_->NewOperation(), Query("t"), Cached())).status());
  ASSERT_OK(TableOf(session_->Execute(session_->NewOperation(), Query("t"), other)).status());
  EXPECT_EQ(misses(), 2);
}

TEST_F(CachedQueriesTest, ALimitWithoutOrderIsComputedEachTime) {
  EXPECT_EQ(num_rows(Query("t").Limit(3)), 3);
  EXPECT_EQ(num_rows(Query("t").Limit(3)), 3);
  EXPECT_EQ(num_rows(Query("t").OrderBy({"id"}).Limit(3)), 3);
  EXPECT_EQ(num_rows(Query("t").OrderBy({"id"}).Limit(3)), 3);
  EXPECT_EQ(cache_->stats().of(ResultRefusal::kNoOrder), 2);
  EXPECT_EQ(hits(), 1);
}

TEST_F(CachedQueriesTest, RowsThatTheirOwnerChangesAreReadAnew) {
  const auto schema = arrow::schema({arrow::field("id", arrow::int64())});
  std::vector<int64_t> ids = {1, 2};
  auto buffer = std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t*>(ids.data()), 16);
  auto batch = arrow::RecordBatch::Make(
      schema, 2, {arrow::ArrayData::Make(arrow::int64(), 2, {nullptr, buffer})});
  ASSERT_OK_AND_ASSIGN(const Query rows, FromBatches(schema, {batch}));
  const PreparedQuery query(rows.Join(Query("t"), {{"id"}, {"id"}}).Select({"count(*) AS n"}),
                            Cached());
  EXPECT_EQ(CountOf(*session_, query).ValueOr(-1), 2);
  EXPECT_EQ(CountOf(*session_, query).ValueOr(-1), 2);
  EXPECT_EQ(hits(), 1);
  ids[1] = 1000;
  EXPECT_EQ(CountOf(*session_, query).ValueOr(-1), 1);
}

TEST_F(CachedQueriesTest, ExplanationsSayWhereTheAnswerComesFrom) {
  const auto explain = [&](const Query& query) {
    return session_->Explain(session_->NewOperation(), query, false, Cached()).ValueOrDie().text;
  };
  const Query query = Query("t").Filter("id > 4");
  EXPECT_EQ(explain(query).find("Answer: computed, then kept\n  Scan: t"), 0U) << explain(query);
  EXPECT_EQ(num_rows(query), 5);
  EXPECT_EQ(explain(query).find("Answer: from cache (5 rows, "), 0U) << explain(query);
  EXPECT_EQ(explain(query.Limit(1)).find("Answer: not kept (no_order)"), 0U);
  // Looking changes nothing.
  EXPECT_EQ(hits(), 0);
}

TEST_F(CachedQueriesTest, InvalidatingIsByTableAndClearingByAll) {
  EXPECT_EQ(num_rows(Query("t")), 10);
  cache_->Invalidate({{"default"}, "u"});
  EXPECT_EQ(num_rows(Query("t")), 10);
  EXPECT_EQ(hits(), 1);
  cache_->Invalidate({{"default"}, "t"});
  EXPECT_EQ(num_rows(Query("t")), 10);
  EXPECT_EQ(misses(), 2);
}

// -- no interleaving of commits and reads gives an old answer
// --------------------------------------

// Commits `num_commits` times while another thread asks; every answer is one that the table had
// while it was asked for.
void ReadWhileCommitting(const std::shared_ptr<Session>& writer, Session& reader,
                         const std::string& table, int num_commits, std::atomic<int>* num_reads) {
  ASSERT_OK(writer->CreateTable(writer->NewOperation(), table, IdSchema(), {}).status());
  std::atomic<int64_t> begun = 0;
  std::atomic<int64_t> landed = 0;
  std::atomic<bool> is_done = false;
  auto commits = std::async(std::launch::async, [&] {
    for (int i = 0; i < num_commits; ++i) {
      const auto rows = Rows(i, i + 1);
      ++begun;
      EXPECT_TRUE(writer->Append(writer->NewOperation(), table, *rows, {}).ok());
      ++landed;
    }
    is_done = true;
  });
  const PreparedQuery prepared(Query(table).Select({"count(*) AS n"}), Cached());
  for (int i = 0; !is_done || i < 50; ++i) {
    const int64_t least = landed;
    // One in four is built anew.
    const PreparedQuery fresh(prepared.query(), Cached());
    const auto count = CountOf(reader, i % 4 != 0 ? prepared : fresh);
    const int64_t most = begun;
    ASSERT_TRUE(count.ok()) << count.status().message();
    ASSERT_GE(*count, least) << table;
    ASSERT_LE(*count, most) << table;
    ++*num_reads;
  }
  commits.get();
}

TEST(CacheFreshness, HoldsOverTenThousandInterleavings) {
  constexpr int kTables = kIsSanitized ? 20 : 200;
  constexpr int kCommits = 3;
  const TempFolder folder;
  const auto cache = QueryCache::Make();
  ASSERT_OK_AND_ASSIGN(auto in_memory, MakeMemoryCatalog({}));
  SqlCatalogOptions options;
  options.uri = "sqlite:///" + folder.path() + "/catalog.db";
  options.properties["warehouse"] = "file://" + folder.path() + "/warehouse";
  ASSERT_OK_AND_ASSIGN(auto in_sqlite, MakeSqlCatalog(OperationContext(), options));
  // What other processes do: other sessions, over other connections.
  ASSERT_OK_AND_ASSIGN(auto in_sqlite_too, MakeSqlCatalog(OperationContext(), options));
  ASSERT_OK_AND_ASSIGN(const auto memory, Session::Make(in_memory, {}, nullptr, cache));
  ASSERT_OK_AND_ASSIGN(const auto sqlite, Session::Make(in_sqlite, {}, nullptr, cache));
  ASSERT_OK_AND_ASSIGN(const auto writer, Session::Make(in_sqlite_too, {}, nullptr, cache));
  std::atomic<int> num_reads = 0;
  for (int i = 0; i < kTables && !::testing::Test::HasFailure(); ++i) {
    const std::string table = "t" + std::to_string(i);
    ReadWhileCommitting(i % 2 == 0 ? memory : writer, i % 2 == 0 ? *memory : *sqlite, table,
                        kCommits, &num_reads);
  }
  EXPECT_GE(num_reads, 50 * kTables);
  EXPECT_GT(cache->stats().results.hits, 5 * kTables);
}

}  // namespace
}  // namespace iceframe
