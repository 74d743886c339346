// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/catalog/memory_catalog.h"
#include "iceframe/execution/append.h"
#include "iceframe/streaming/kafka_table_internal.h"

#include "support/temp_folder.h"

namespace iceframe::internal {
namespace {

using ::testing::HasSubstr;

class StreamTableTest : public ::testing::Test {
 protected:
  void SetUp() override {
    MemoryCatalogOptions options;
    options.properties["warehouse"] = "file://" + folder_.path() + "/warehouse";
    const std::shared_ptr<Catalog> catalog = *MakeMemoryCatalog(std::move(options));
    ASSERT_TRUE(catalog->CreateNamespace(context_, {"db"}, {}).ok());
    CreateTableRequest request;
    request.identifier = {{"db"}, "t"};
    request.schema = *Schema::Make(SchemaId(0), {NestedField::Optional(1, "id", Type::Int())});
    table_ = *Table::Make(catalog, *catalog->CreateTable(context_, request));
  }

  /// A member of the stream that has just looked at the table.
  StreamTable Member() {
    StreamTable member(table_, *PositionKey::OfStream("s"), "clicks", OnRollback::kFail);
    const Status status = member.Refresh(context_);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return member;
  }

  /// Commits a batch of the member's.
  Status Commit(StreamTable* member, const BatchPosition& batch) {
    was_refused_ = std::make_shared<std::atomic<bool>>(false);
    ICEFRAME_ASSIGN_OR_RETURN(
        const WriteReport report,
        AppendFiles(context_, member->table(), {}, member->CommitOf(batch, was_refused_)));
    member->Advance(report.table, batch.range);
    return Status::OK();
  }
  void ExpectCommitted(StreamTable* member, const BatchPosition& batch) {
    const Status status = Commit(member, batch);
    EXPECT_TRUE(status.ok()) << status.ToString();
  }
  void ExpectRefused(StreamTable* member, const BatchPosition& batch, const std::string& reason) {
    const Status status = Commit(member, batch);
    EXPECT_THAT(status.ToString(), HasSubstr(reason));
    EXPECT_TRUE(*was_refused_);
  }

  std::string Value(const std::string& name) {
    const auto table = *table_->Refresh(context_);
    const Properties& summary = table->metadata()->current_snapshot()->summary;
    const auto value = summary.find("iceframe.stream.s." + name);
    return value == summary.end() ? "" : value->second;
  }

  OperationContext context_;
  TempFolder folder_;
  std::shared_ptr<const Table> table_;
  std::shared_ptr<std::atomic<bool>> was_refused_;
};

TEST_F(StreamTableTest, CommitsWhereTheBatchBegan) {
  StreamTable one = Member();
  StreamTable other = Member();
  ExpectCommitted(&one, {{{0, {std::nullopt, 10}}}, {}, {}});
  ExpectRefused(&other, {{{0, {std::nullopt, 10}}}, {}, {}}, "clicks [0] is at 10");
  ExpectCommitted(&other, {{{1, {std::nullopt, 5}}}, {}, {}});
  EXPECT_EQ(Value("offsets"), R"({"clicks":{"0":10,"1":5}})");
  EXPECT_EQ(Value("seq"), "2");
}

TEST_F(StreamTableTest, RefusesWhoWasTakenOver) {
  StreamTable zombie = Member();
  ExpectCommitted(&zombie, {{{0, {std::nullopt, 10}}}, {}, {}});
  // The topic is made anew; another member begins it again, and has come as far by chance.
  StreamTable heir = Member();
  ExpectCommitted(&heir, {{{0, {10, 4}}}, {}, {}});
  ExpectCommitted(&heir, {{{0, {4, 10}}}, {}, {}});
  ExpectRefused(&zombie, {{{0, {10, 20}}}, {}, {}}, "took the partition over");
  ExpectCommitted(&heir, {{{0, {10, 11}}}, {}, {}});
  // It looks again, and is a member like the others.
  ASSERT_TRUE(zombie.Refresh(context_).ok());
  EXPECT_EQ(zombie.Next(0), 11);
  ExpectCommitted(&zombie, {{{0, {11, 12}}}, {}, {}});
  ExpectRefused(&heir, {{{0, {11, 13}}}, {}, {}}, "clicks [0] is at 12");
}

TEST_F(StreamTableTest, GoesOnWhereItIsSentUntilThatIsCommitted) {
  StreamTable member = Member();
  ExpectCommitted(&member, {{{0, {std::nullopt, 10}}, {1, {std::nullopt, 7}}}, {}, {}});
  member.MoveTo(0, 2);
  EXPECT_EQ(member.Known(0), 10);
  EXPECT_EQ(member.Next(0), 2);
  // Nothing of it is in the table yet.
  ASSERT_TRUE(member.Refresh(context_).ok());
  EXPECT_EQ(member.Next(0), 2);
  ExpectCommitted(&member, {{{0, {10, 3}}}, {}, {}});
  EXPECT_EQ(member.Next(0), 3);
  EXPECT_EQ(member.Next(1), 7);
  // Another member had the partition meanwhile.
  member.MoveTo(1, 1);
  StreamTable other = Member();
  ExpectCommitted(&other, {{{1, {7, 9}}}, {}, {}});
  ASSERT_TRUE(member.Refresh(context_).ok());
  EXPECT_EQ(member.Next(1), 9);
}

TEST_F(StreamTableTest, LetsMembersShareThePartitions) {
  StreamTable one = Member();
  ExpectCommitted(&one, {{{0, {std::nullopt, 1}}}, {}, {}});
  StreamTable other = Member();
  ExpectCommitted(&other, {{{1, {std::nullopt, 1}}}, {}, {}});
  ExpectCommitted(&one, {{{0, {1, 2}}}, {}, {}});
  ExpectCommitted(&other, {{{1, {1, 2}}}, {}, {}});
  // Of the newest epoch are those that are not told.
  EXPECT_EQ(Value("epochs"), R"({"clicks":{"0":1}})");
  EXPECT_EQ(Value("epoch"), "2");
  ASSERT_TRUE(one.Refresh(context_).ok());
  ExpectCommitted(&one, {{{0, {2, 3}}}, {}, {}});
  EXPECT_EQ(Value("epochs"), R"({"clicks":{"1":2}})");
  EXPECT_EQ(Value("epoch"), "3");
  ExpectCommitted(&other, {{{1, {2, 3}}}, {}, {}});
  ExpectRefused(&other, {{{0, {3, 4}}}, {}, {}}, "clicks [0] is of epoch 3, this batch of 2");
}

TEST_F(StreamTableTest, SaysLittleOfManyPartitions) {
  constexpr int kNumPartitions = 1000;
  BatchRange range;
  for (int partition = 0; partition < kNumPartitions; ++partition) {
    range.emplace(partition, PartitionRange{std::nullopt, int64_t{1} << 40});
  }
  StreamTable member = Member();
  ExpectCommitted(&member, {range, {}, {}});
  EXPECT_EQ(Value("epochs"), "{}");
  EXPECT_LT(Value("offsets").size(), kNumPartitions * 22U);
  ASSERT_TRUE(member.Refresh(context_).ok());
  EXPECT_EQ(member.Next(kNumPartitions - 1), int64_t{1} << 40);
}

TEST_F(StreamTableTest, SaysHowNewTheNewestMessageIs) {
  StreamTable member = Member();
  ExpectCommitted(&member, {{{0, {std::nullopt, 1}}}, {}, {}});
  EXPECT_EQ(Value("watermark-ms"), "");
  ExpectCommitted(&member, {{{0, {1, 2}}}, 5000, {}});
  ExpectCommitted(&member, {{{0, {2, 3}}}, 4000, {}});
  ExpectCommitted(&member, {{{0, {3, 4}}}, {}, {}});
  EXPECT_EQ(Value("watermark-ms"), "5000");
}

TEST_F(StreamTableTest, SaysWhichSchemaCameLast) {
  StreamTable member = Member();
  ExpectCommitted(&member, {{{0, {std::nullopt, 1}}}, {}, 7});
  ExpectCommitted(&member, {{{0, {1, 2}}}, {}, {}});
  EXPECT_EQ(Value("schema-id"), "7");
}

}  // namespace
}  // namespace iceframe::internal
