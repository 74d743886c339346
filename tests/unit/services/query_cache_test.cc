// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/query_cache.h"

#include <atomic>
#include <future>
#include <thread>

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include "iceframe/catalog/memory_catalog.h"
#include "iceframe/services/known_catalogs.h"

#include "support/manual_clock.h"

namespace iceframe {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Reader = std::shared_ptr<arrow::RecordBatchReader>;

const auto kSchema =
    arrow::schema({arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8())});

Reader CachedRows(int64_t num_rows, const std::string& name = "a name of some length") {
  arrow::Int64Builder ids(arrow::system_memory_pool());
  arrow::StringBuilder names(arrow::system_memory_pool());
  for (int64_t i = 0; i < num_rows; ++i) {
    EXPECT_TRUE(ids.Append(i).ok());
    EXPECT_TRUE(names.Append(name).ok());
  }
  auto batch = arrow::RecordBatch::Make(kSchema, num_rows,
                                        {ids.Finish().ValueOrDie(), names.Finish().ValueOrDie()});
  return arrow::RecordBatchReader::Make({batch}, kSchema).ValueOrDie();
}

ResultRequest Request(const std::string& key,
                      std::optional<std::chrono::nanoseconds> ttl = std::nullopt) {
  ResultRequest request;
  request.key = key;
  request.caching.ttl = ttl;
  return request;
}

Result<int64_t> CountRows(Result<Reader> reader) {
  ICEFRAME_RETURN_NOT_OK(reader.status());
  ICEFRAME_ASSIGN_OR_RETURN(const auto table, (*reader)->ToTable());
  return table->num_rows();
}

TEST(QueryCache, HasTheLimitsItIsMadeWith) {
  EXPECT_EQ(QueryCache::Make()->max_entries(), 100);
  EXPECT_EQ(QueryCache::Make({.max_entries = 7})->max_entries(), 7);
  EXPECT_EQ(QueryCache::Make({.max_bytes = 1 << 20})->max_bytes(), 1 << 20);
}

TEST(QueryCache, AnswersWhatItKnows) {
  const auto cache = QueryCache::Make();
  int num_computed = 0;
  const auto compute = [&]() -> Result<Reader> {
    ++num_computed;
    return CachedRows(1000);
  };
  const OperationContext context;
  const auto first = cache->GetOrCompute(context, Request("k"), compute).ValueOrDie()->ToTable();
  bool was_kept = false;
  const auto second =
      cache->GetOrCompute(context, Request("k"), compute, &was_kept).ValueOrDie()->ToTable();
  EXPECT_TRUE(was_kept);
  EXPECT_EQ(num_computed, 1);
  EXPECT_TRUE((*first)->Equals(**second));
  EXPECT_TRUE((*second)->schema()->Equals(*kSchema));
  EXPECT_TRUE((*second)->Equals(*CachedRows(1000)->ToTable().ValueOrDie()));
  ASSERT_TRUE(cache->GetOrCompute(context, Request("other"), compute).ok());
  EXPECT_EQ(num_computed, 2);
  const QueryCacheStats stats = cache->stats();
  EXPECT_EQ(stats.results.hits, 1);
  EXPECT_EQ(stats.results.misses, 2);
  ASSERT_EQ(stats.entries.size(), 2U);
  EXPECT_EQ(stats.entries[0].num_rows, 1000);
  EXPECT_FALSE(stats.entries[0].is_callers);
}

TEST(QueryCache, GivesViewsWithoutCopying) {
  const auto cache = QueryCache::Make();
  ResultRequest request = Request("k");
  request.caching.as_views = true;
  const auto compute = []() -> Result<Reader> { return CachedRows(10); };
  const auto read = [&] {
    return cache->GetOrCompute(OperationContext(), request, compute)
        .ValueOrDie()
        ->ToRecordBatches()
        .ValueOrDie()[0];
  };
  const auto first = read();
  EXPECT_EQ(first->schema()->field(1)->type()->id(), arrow::Type::STRING_VIEW);
  EXPECT_EQ(first->column_data(1)->buffers[1], read()->column_data(1)->buffers[1]);
}

// Two batches come as one, of which a caller's rows keep nothing.
TEST(QueryCache, CopiesWhatItKeeps) {
  const auto cache = QueryCache::Make();
  std::vector<int64_t> values = {1, 2};
  const auto compute = [&]() -> Result<Reader> {
    const auto schema = arrow::schema({arrow::field("id", arrow::int64())});
    auto buffer =
        std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t*>(values.data()), 16);
    auto data = arrow::ArrayData::Make(arrow::int64(), 2, {nullptr, buffer});
    auto batch = arrow::RecordBatch::Make(schema, 2, {data});
    return arrow::RecordBatchReader::Make({batch, batch->Slice(1)}, schema);
  };
  ASSERT_TRUE(cache->GetOrCompute(OperationContext(), Request("k"), compute).ok());
  values = {7, 7};
  const auto kept = cache->Find("k", {});
  ASSERT_EQ(kept->batches.size(), 1U);
  EXPECT_EQ(kept->batches[0]->column(0)->ToString(), "[\n  1,\n  2,\n  2\n]");
}

TEST(QueryCache, HundredThreadsComputeOnce) {
  const auto cache = QueryCache::Make();
  std::atomic<int> num_computed = 0;
  const auto compute = [&]() -> Result<Reader> {
    ++num_computed;
    std::this_thread::sleep_for(milliseconds(50));
    return CachedRows(5);
  };
  std::vector<std::future<Result<int64_t>>> answers;
  for (int i = 0; i < 100; ++i) {
    answers.push_back(std::async(std::launch::async, [&] {
      return CountRows(cache->GetOrCompute(OperationContext(), Request("k"), compute));
    }));
  }
  for (auto& answer : answers) EXPECT_EQ(answer.get().ValueOr(-1), 5);
  EXPECT_EQ(num_computed, 1);
  const SharedCacheStats stats = cache->stats().results;
  EXPECT_EQ(stats.misses, 1);
  EXPECT_EQ(stats.hits + stats.coalesced, 99);
}

TEST(QueryCache, WhoWaitsForACancelledLeaderLeadsItself) {
  const auto cache = QueryCache::Make();
  std::promise<void> started;
  OperationContext leader;
  const auto blocked = [&]() -> Result<Reader> {
    started.set_value();
    ICEFRAME_RETURN_NOT_OK(leader.Sleep(seconds(60)));
    return CachedRows(1);
  };
  auto first = std::async(std::launch::async, [&] {
    return cache->GetOrCompute(leader, Request("k"), blocked).status();
  });
  started.get_future().wait();
  auto second = std::async(std::launch::async, [&] {
    return CountRows(cache->GetOrCompute(OperationContext(), Request("k"),
                                         []() -> Result<Reader> { return CachedRows(2); }));
  });
  std::this_thread::sleep_for(milliseconds(20));
  leader.cancel.Cancel();
  EXPECT_EQ(KindOf(first.get()), ErrorKind::kCancelled);
  EXPECT_EQ(second.get().ValueOr(-1), 2);
}

TEST(QueryCache, AFailureIsNotKept) {
  const auto cache = QueryCache::Make();
  const auto fails = []() -> Result<Reader> { return Error(ErrorKind::kIo, "disk on fire"); };
  EXPECT_EQ(KindOf(cache->GetOrCompute(OperationContext(), Request("k"), fails).status()),
            ErrorKind::kIo);
  const auto compute = []() -> Result<Reader> { return CachedRows(3); };
  EXPECT_EQ(CountRows(cache->GetOrCompute(OperationContext(), Request("k"), compute)).ValueOr(-1),
            3);
}

TEST(QueryCache, StreamsWhatIsTooLarge) {
  const auto cache = QueryCache::Make({.max_bytes = 80'000});
  int num_computed = 0;
  const auto compute = [&]() -> Result<Reader> {
    ++num_computed;
    const auto batches = CachedRows(200)->ToRecordBatches().ValueOrDie();
    return arrow::RecordBatchReader::Make({batches[0], batches[0], batches[0], batches[0]},
                                          kSchema);
  };
  const auto ask = [&] {
    return CountRows(cache->GetOrCompute(OperationContext(), Request("k"), compute)).ValueOr(-1);
  };
  EXPECT_EQ(ask(), 800);
  EXPECT_EQ(ask(), 800);
  EXPECT_EQ(num_computed, 2);
  EXPECT_EQ(cache->stats().of(ResultRefusal::kTooLarge), 2);
  EXPECT_TRUE(cache->stats().entries.empty());
}

TEST(QueryCache, KeepsNothingThatTheLimitOfWhoAsksHasNoRoomFor) {
  const auto cache = QueryCache::Make();
  OperationContext context;
  context.memory = MemoryBudget::Process()->MakeChild("session", 10'000);
  const auto compute = []() -> Result<Reader> { return CachedRows(2000); };
  EXPECT_EQ(CountRows(cache->GetOrCompute(context, Request("k"), compute)).ValueOr(-1), 2000);
  EXPECT_EQ(cache->stats().of(ResultRefusal::kNoMemory), 1);
  EXPECT_TRUE(cache->stats().entries.empty());
}

TEST(QueryCache, WhoWaitsForWhatIsTooLargeComputesItself) {
  const auto cache = QueryCache::Make({.max_bytes = 1000});
  const auto compute = [&]() -> Result<Reader> {
    std::this_thread::sleep_for(milliseconds(20));
    return CachedRows(500);
  };
  std::vector<std::future<Result<int64_t>>> answers;
  for (int i = 0; i < 8; ++i) {
    answers.push_back(std::async(std::launch::async, [&] {
      return CountRows(cache->GetOrCompute(OperationContext(), Request("k"), compute));
    }));
  }
  for (auto& answer : answers) EXPECT_EQ(answer.get().ValueOr(-1), 500);
}

TEST(QueryCache, AnAnswerIsNoOlderThanTheQueryAllows) {
  ManualClock clock;
  const auto cache = QueryCache::Make({.clock = &clock});
  int num_computed = 0;
  const auto compute = [&]() -> Result<Reader> { return CachedRows(++num_computed); };
  const auto ask = [&](std::optional<std::chrono::nanoseconds> ttl) {
    return CountRows(cache->GetOrCompute(OperationContext(), Request("k", ttl), compute))
        .ValueOr(-1);
  };
  EXPECT_EQ(ask(seconds(10)), 1);
  clock.Advance(seconds(9));
  EXPECT_EQ(ask(seconds(10)), 1);
  EXPECT_EQ(ask(std::nullopt), 1);
  // Young enough for who kept it, too old for who asks.
  EXPECT_EQ(cache->Find("k", Request("k", seconds(5)).caching), nullptr);
  EXPECT_EQ(ask(seconds(5)), 2);
  clock.Advance(seconds(6));
  EXPECT_EQ(cache->Find("k", {}), nullptr);
  EXPECT_EQ(ask(std::nullopt), 3);
  EXPECT_GE(cache->stats().results.evictions.expired, 1);
  EXPECT_EQ(cache->stats().entries[0].expires_at_ms, std::nullopt);
}

TEST(QueryCache, HoldsNoMoreEntriesThanItMay) {
  const auto cache = QueryCache::Make({.max_entries = 10});
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(cache
                    ->GetOrCompute(OperationContext(), Request(std::to_string(i)),
                                   []() -> Result<Reader> { return CachedRows(1); })
                    .ok());
  }
  EXPECT_LE(cache->stats().entries.size(), 10U);
  EXPECT_GE(cache->stats().results.evictions.entries, 40);
}

TEST(QueryCache, IsChargedToItsBudget) {
  const auto budget = MemoryBudget::Process()->MakeChild("test");
  const auto cache = QueryCache::Make({.budget = budget});
  ASSERT_TRUE(cache
                  ->GetOrCompute(OperationContext(), Request("k"),
                                 []() -> Result<Reader> { return CachedRows(10'000); })
                  .ok());
  EXPECT_GE(budget->used_bytes(), 10'000 * (8 + 16 + 21));
  cache->Clear();
  EXPECT_EQ(budget->used_bytes(), 0);
}

// -- what callers put ------------------------------------------------------------------------

class CallersRowsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    catalog_ = MakeMemoryCatalog({}).ValueOrDie();
    NoteCatalog(catalog_);
    ASSERT_TRUE(catalog_->CreateNamespace(context_, {"default"}, {}).ok());
  }

  void CreateTable() {
    CreateTableRequest request;
    request.identifier = table_;
    request.schema =
        Schema::Make(SchemaId(0), {NestedField::Optional(1, "id", Type::Long())}).ValueOrDie();
    ASSERT_TRUE(catalog_->CreateTable(context_, request).ok());
  }

  void Commit() {
    CommitRequest request;
    request.identifier = table_;
    request.updates.push_back(SetProperties{{{"a", std::to_string(++num_commits_)}}});
    ASSERT_EQ(catalog_->CommitTable(context_, request).kind, CommitOutcomeKind::kCommitted);
  }

  void Put(const std::string& parameters, int64_t num_rows,
           std::optional<std::chrono::nanoseconds> ttl = std::nullopt) {
    const auto batches = CachedRows(num_rows)->ToRecordBatches().ValueOrDie();
    ASSERT_TRUE(cache_->Put(context_, table_, parameters, kSchema, batches, ttl).ok());
  }
  int64_t Get(const std::string& parameters) {
    const auto kept = cache_->Get(context_, table_, parameters);
    return kept == nullptr ? -1 : kept->num_rows;
  }

  OperationContext context_;
  ManualClock clock_;
  std::shared_ptr<Catalog> catalog_;
  std::shared_ptr<QueryCache> cache_ = QueryCache::Make({.clock = &clock_});
  const TableIdentifier table_{{"default"}, "users"};
  int num_commits_ = 0;
};

TEST_F(CallersRowsTest, ComeBackByTheirParameters) {
  EXPECT_EQ(Get("p"), -1);
  Put("p", 3);
  Put("q", 4);
  EXPECT_EQ(Get("p"), 3);
  EXPECT_EQ(Get("q"), 4);
  Put("p", 5);
  EXPECT_EQ(Get("p"), 5);
  EXPECT_TRUE(cache_->stats().entries[0].is_callers);
}

TEST_F(CallersRowsTest, AreNoAnswersOfQueriesNorTheOtherWayRound) {
  Put("p", 3);
  const std::string key = "put 13:default.usersp";
  ASSERT_NE(cache_->Find(key, {}), nullptr);
  const auto compute = []() -> Result<Reader> { return CachedRows(1); };
  ASSERT_TRUE(cache_->GetOrCompute(context_, Request("iceframe p"), compute).ok());
  EXPECT_EQ(Get("iceframe p"), -1);
}

TEST_F(CallersRowsTest, GoByTheirAge) {
  Put("p", 3, seconds(10));
  clock_.Advance(seconds(9));
  EXPECT_EQ(Get("p"), 3);
  clock_.Advance(seconds(2));
  EXPECT_EQ(Get("p"), -1);
}

TEST_F(CallersRowsTest, GoWithTheNextCommit) {
  CreateTable();
  Put("p", 3);
  EXPECT_EQ(Get("p"), 3);
  Commit();
  EXPECT_EQ(Get("p"), -1);
  Put("p", 4);
  EXPECT_EQ(Get("p"), 4);
  ASSERT_TRUE(catalog_->DropTable(context_, table_, false).ok());
  EXPECT_EQ(Get("p"), -1);
}

TEST_F(CallersRowsTest, GoWhenTheyAreInvalidated) {
  Put("p", 3);
  cache_->Invalidate({{"default"}, "other"});
  EXPECT_EQ(Get("p"), 3);
  cache_->Invalidate(table_);
  EXPECT_EQ(Get("p"), -1);
}

TEST(ProcessCache, IsTheOneThatWasSet) {
  const auto before = QueryCache::Process();
  EXPECT_EQ(before->max_entries(), 100);
  const auto other = QueryCache::Make({.max_entries = 3});
  QueryCache::SetProcess(other);
  EXPECT_EQ(QueryCache::Process(), other);
  QueryCache::SetProcess(before);
}

}  // namespace
}  // namespace iceframe
