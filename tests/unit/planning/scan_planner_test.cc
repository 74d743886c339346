// SPDX-License-Identifier: Apache-2.0
#include "iceframe/planning/scan_planner.h"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "iceframe/expression/binder.h"
#include "iceframe/planning/planning_counters.h"
#include "iceframe/table/manifest_files.h"
#include "iceframe/table/table_counters.h"
#include "iceframe/types/single_value.h"

#include "support/counting_file_io.h"
#include "support/manifest_table.h"

namespace iceframe {
namespace {

constexpr int64_t kDayMicros = 86400000000;

class ScanPlannerTest : public ::testing::Test {
 protected:
  ScanPlannerTest() {
    ClearManifestCaches();
    io_ = std::make_shared<CountingFileIO>(MakeFileIO().ValueOrDie());
    schema_ = Schema::Make(SchemaId(0), {NestedField::Optional(1, "id", Type::Long()),
                                         NestedField::Optional(2, "ts", Type::Timestamptz())})
                  .ValueOrDie();
    by_day_.spec_id = PartitionSpecId(1);
    by_day_.fields.push_back({{2}, 1000, "ts_day", Transform::Day()});
    PartitionSpec none;
    table_ = std::make_unique<ManifestTable>(io_, "memory:///planner/" + std::to_string(++count_),
                                             schema_, std::vector<PartitionSpec>{none, by_day_});
  }

  /// A data file of one day whose ids are [low, high].
  static ManifestEntry Data(const std::string& path, int32_t day, int64_t low, int64_t high) {
    ManifestEntry entry;
    entry.data_file.file_path = path;
    entry.data_file.spec_id = PartitionSpecId(1);
    entry.data_file.partition = {Value(day)};
    entry.data_file.record_count = high - low + 1;
    entry.data_file.file_size_in_bytes = 100;
    entry.data_file.lower_bounds[1] = ToSingleValueBytes(Type::Long(), Value(low)).ValueOrDie();
    entry.data_file.upper_bounds[1] = ToSingleValueBytes(Type::Long(), Value(high)).ValueOrDie();
    return entry;
  }
  static ManifestEntry Deletes(FileContent content, const std::string& path, int32_t day) {
    ManifestEntry entry = Data(path, day, 0, 9);
    entry.data_file.content = content;
    if (content == FileContent::kEqualityDeletes) entry.data_file.equality_ids = {1};
    return entry;
  }
  void Add(int64_t sequence, const std::vector<ManifestEntry>& entries,
           ManifestContent content = ManifestContent::kData) {
    const Status status = table_->AddManifest(PartitionSpecId(1), sequence, entries, content);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }

  ScanPlanOptions Options(Expression filter) {
    if (metadata_ == nullptr) metadata_ = table_->Finish().ValueOrDie();
    ScanPlanOptions options;
    options.metadata = metadata_;
    options.rows.filter = std::move(filter);
    return options;
  }
  std::vector<ScanTask> Plan(Expression filter) {
    context_ = OperationContext();
    return PlanFiles(context_, io_, Options(std::move(filter))).ValueOrDie();
  }
  static std::vector<std::string> PathsOf(const std::vector<ScanTask>& tasks) {
    std::vector<std::string> paths;
    for (const ScanTask& task : tasks) paths.push_back(task.data_file.file_path);
    return paths;
  }
  int64_t Count(OperationCount count) const { return context_.counters->Get(count); }
  Expression Bound(const Expression& filter) const {
    return SimplifyFilter(BindPredicate(filter, *schema_).ValueOrDie());
  }
  static Expression At(int64_t day) {
    return Lit(Type::Timestamptz(), Value(day * kDayMicros)).ValueOrDie();
  }

  using Paths = std::vector<std::string>;
  static inline int count_ = 0;
  std::shared_ptr<CountingFileIO> io_;
  std::shared_ptr<const Schema> schema_;
  PartitionSpec by_day_;
  std::unique_ptr<ManifestTable> table_;
  std::shared_ptr<const TableMetadata> metadata_;
  OperationContext context_;
};

TEST_F(ScanPlannerTest, TableWithoutASnapshotHasNoTasks) {
  const auto with_snapshot = table_->Finish().ValueOrDie();
  TableMetadata empty = *with_snapshot;
  empty.current_snapshot_id.reset();
  metadata_ = std::make_shared<const TableMetadata>(empty);
  io_->Reset();
  EXPECT_TRUE(Plan(True()).empty());
  EXPECT_EQ(io_->count(), 0);
}

TEST_F(ScanPlannerTest, TheOldestAppendComesFirst) {
  Add(2, {Data("d", 1, 0, 9), Data("a", 2, 10, 19)});
  Add(1, {Data("c", 3, 20, 29), Data("b", 4, 30, 39)});
  const auto tasks = Plan(True());
  EXPECT_EQ(PathsOf(tasks), (Paths{"c", "b", "d", "a"}));
  EXPECT_EQ(tasks[0].data_sequence_number, SequenceNumber(1));
  EXPECT_EQ(tasks[3].data_sequence_number, SequenceNumber(2));
  EXPECT_TRUE(tasks[0].residual.is_true());
  EXPECT_EQ(tasks[0].data_file.partition, (std::vector<Value>{Value(int32_t{3})}));
}

/// An entry that a merge carried into a newer manifest.
ManifestEntry Carried(ManifestEntry entry, int64_t sequence, int64_t snapshot) {
  entry.status = EntryStatus::kExisting;
  entry.data_sequence_number = entry.file_sequence_number = SequenceNumber(sequence);
  entry.snapshot_id = SnapshotId(snapshot);
  return entry;
}

TEST_F(ScanPlannerTest, MergedManifestsAreInterleaved) {
  Add(7, {Carried(Data("e", 1, 0, 9), 5, 1), Carried(Data("a", 1, 0, 9), 1, 1)});
  Add(6, {Data("f", 1, 0, 9)});
  Add(3, {Data("c", 1, 0, 9), Data("b", 1, 0, 9)});
  EXPECT_EQ(PathsOf(Plan(True())), (Paths{"a", "c", "b", "e", "f"}));
}

TEST_F(ScanPlannerTest, EqualSequenceNumbersFollowTheSnapshotsThenTheListBackwards) {
  Add(0, {Carried(Data("newest", 1, 0, 9), 0, 1), Carried(Data("forgotten 2", 1, 0, 9), 0, 98)});
  Add(0, {Carried(Data("forgotten 1", 1, 0, 9), 0, 99), Carried(Data("older", 1, 0, 9), 0, 7)});
  for (ManifestFile& manifest : table_->manifests()) manifest.added_snapshot_id = SnapshotId(98);
  table_->AddOldSnapshot(SnapshotId(7));
  EXPECT_EQ(PathsOf(Plan(True())), (Paths{"forgotten 1", "forgotten 2", "older", "newest"}));
}

TEST_F(ScanPlannerTest, AFileWhosePartitionCanNotBeRightIsKeptWithItsDeletes) {
  const auto bounded = [](ManifestEntry entry, int64_t low, int64_t high) {
    entry.data_file.lower_bounds[2] =
        ToSingleValueBytes(Type::Timestamptz(), Value(low)).ValueOrDie();
    entry.data_file.upper_bounds[2] =
        ToSingleValueBytes(Type::Timestamptz(), Value(high)).ValueOrDie();
    return entry;
  };
  // Rounded towards zero by its writer, two days away even.
  Add(1, {bounded(Data("wrong", 3, 0, 9), -kDayMicros, -kDayMicros),
          bounded(Data("right", 3, 0, 9), 3 * kDayMicros, 3 * kDayMicros),
          Data("unbounded", 3, 0, 9), Data("near", 0, 0, 9)});
  Add(2, {Deletes(FileContent::kPositionDeletes, "gone", 3)}, ManifestContent::kDeletes);
  const Expression before = Less(Col("ts"), At(0));
  const auto tasks = Plan(before);
  ASSERT_EQ(PathsOf(tasks), (Paths{"wrong", "near"}));
  EXPECT_EQ(tasks[0].residual, Bound(before));
  ASSERT_EQ(tasks[0].delete_files.size(), 1U);
  EXPECT_EQ(tasks[0].delete_files[0].file.file_path, "gone");
}

TEST_F(ScanPlannerTest, EveryLevelIsCountedWithItsReason) {
  Add(1, {Data("a", 1, 0, 9), Data("b", 2, 10, 19), Data("c", 2, 20, 29)});
  Add(2, {Data("d", 9, 0, 9), Data("e", 9, 10, 19)});
  const auto tasks = Plan(And(GreaterEqual(Col("ts"), At(2)),
                              And(Less(Col("ts"), At(3)), Equal(Col("id"), Lit(int64_t{25})))));
  EXPECT_EQ(PathsOf(tasks), Paths{"c"});
  EXPECT_EQ(Count(PlanningCount::kManifestsTotal), 2);
  EXPECT_EQ(Count(PlanningCount::kManifestsSkippedByPartition), 1);
  EXPECT_EQ(Count(TableCount::kManifestsRead), 1);
  EXPECT_EQ(Count(PlanningCount::kFilesTotal), 5);
  EXPECT_EQ(Count(PlanningCount::kFilesSkippedByPartition), 3);
  EXPECT_EQ(Count(PlanningCount::kFilesSkippedByBounds), 1);
  EXPECT_EQ(Count(PlanningCount::kFilesPlanned), 1);
}

TEST_F(ScanPlannerTest, TasksCarryStatisticsWhereAsked) {
  Add(1, {Data("a", 1, 0, 9)});
  EXPECT_TRUE(Plan(True()).at(0).data_file.lower_bounds.empty());
  ScanPlanOptions options = Options(True());
  options.with_statistics = true;
  const auto tasks = PlanFiles(context_, io_, std::move(options)).ValueOrDie();
  EXPECT_EQ(tasks.at(0).data_file.lower_bounds.at(1),
            ToSingleValueBytes(Type::Long(), Value(int64_t{0})).ValueOrDie());
}

/// The process's memory in use, once it is at most `num_bytes` or 10 s have passed: the thread that
/// read a manifest may hold it a moment longer.
int64_t UsedBytesOnceBelow(int64_t num_bytes) {
  const auto& budget = MemoryBudget::Process();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (budget->used_bytes() > num_bytes && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return budget->used_bytes();
}

TEST_F(ScanPlannerTest, ColumnsDecodedForAFilterWeighInTheCache) {
  ClearManifestCaches();
  Add(1, {Data("a", 1, 0, 9), Data("b", 1, 10, 19)});
  const auto& budget = MemoryBudget::Process();
  EXPECT_EQ(Plan(True()).size(), 2U);
  const int64_t weight = ManifestCacheStats().num_bytes;
  const int64_t used = budget->used_bytes();
  EXPECT_EQ(Plan(Equal(Col("id"), Lit(int64_t{25}))).size(), 0U);
  const int64_t grown = ManifestCacheStats().num_bytes - weight;
  EXPECT_GT(grown, 2 * 5 * 8);
  EXPECT_EQ(budget->used_bytes() - used, grown);
  ClearManifestCaches();
  EXPECT_EQ(ManifestCacheStats().num_bytes, 0);
  EXPECT_LE(UsedBytesOnceBelow(used - weight), used - weight);
}

TEST_F(ScanPlannerTest, ReadsOneManifestAtATimeWhenMemoryIsShort) {
  ClearManifestCaches();
  Paths expected;
  for (int m = 0; m < 12; ++m) {
    std::vector<ManifestEntry> entries;
    for (int i = 0; i < 200; ++i) {
      expected.push_back("file-" + std::to_string(m) + "-" + std::to_string(i));
      entries.push_back(Data(expected.back(), m, i, i));
    }
    Add(m + 1, entries);
  }
  std::sort(expected.begin(), expected.end());
  const auto& budget = MemoryBudget::Process();
  // The first plan leaves something small for good; one manifest takes some 38 KB.
  const int64_t at_rest = budget->used_bytes() + 8192;
  const auto sorted_paths = [&] {
    Paths paths = PathsOf(Plan(Less(Col("id"), Lit(int64_t{1000}))));
    std::sort(paths.begin(), paths.end());
    return paths;
  };
  EXPECT_EQ(sorted_paths(), expected);
  const int64_t all_bytes = ManifestCacheStats().num_bytes;
  ClearManifestCaches();
  budget->set_limit_bytes(UsedBytesOnceBelow(at_rest) + all_bytes / 4);
  const auto under_limit = sorted_paths();
  ClearManifestCaches();
  budget->set_limit_bytes(UsedBytesOnceBelow(at_rest) + 1000);
  const Status status = PlanFiles(context_, io_, Options(True())).status();
  budget->set_limit_bytes({});
  EXPECT_EQ(under_limit, expected);
  EXPECT_EQ(KindOf(status), ErrorKind::kResourceExhausted) << status.ToString();
}

TEST_F(ScanPlannerTest, CachedManifestsAreReadWithoutARequest) {
  Add(1, {Data("a", 1, 0, 9)});
  EXPECT_EQ(Plan(True()).size(), 1U);
  EXPECT_EQ(Count(TableCount::kManifestsRead), 1);
  io_->Reset();
  EXPECT_EQ(Plan(Equal(Col("id"), Lit(int64_t{5}))).size(), 1U);
  EXPECT_EQ(io_->count(), 0);
  EXPECT_EQ(Count(TableCount::kManifestsFromCache), 1);
  EXPECT_EQ(Count(TableCount::kManifestsRead), 0);
}

TEST_F(ScanPlannerTest, ResidualLeavesOutWhatThePartitionProves) {
  Add(1, {Data("inside", 4, 0, 9), Data("edge", 5, 0, 9)});
  const auto id = Less(Col("id"), Lit(int64_t{100}));
  const auto before =
      Less(Col("ts"), Lit(Type::Timestamptz(), Value(5 * kDayMicros + 7)).ValueOrDie());
  const auto tasks = Plan(And(id, before));
  ASSERT_EQ(PathsOf(tasks), (Paths{"inside", "edge"}));
  EXPECT_EQ(tasks[0].residual, Bound(id));
  EXPECT_EQ(tasks[1].residual, Bound(And(id, before)));
  const auto whole_days = Plan(Less(Col("ts"), At(5)));
  ASSERT_EQ(PathsOf(whole_days), Paths{"inside"});
  EXPECT_TRUE(whole_days[0].residual.is_true());
}

TEST_F(ScanPlannerTest, ALimitStopsTheReading) {
  for (int i = 0; i < 40; ++i) {
    Add(i + 1, {Data("f" + std::to_string(i), 1, 0, 9)});
  }
  auto options = Options(True());
  options.rows.limit = 15;
  io_->Reset();
  const auto tasks = PlanFiles(context_, io_, options).ValueOrDie();
  EXPECT_EQ(PathsOf(tasks), (Paths{"f0", "f1"}));
  EXPECT_EQ(Count(TableCount::kManifestsRead), 2);
  EXPECT_LE(io_->count(), 3);
}

TEST_F(ScanPlannerTest, TenRowsOfAThousandAppendsReadTheTenOldest) {
  // As appends list them: the newest first, every hundred merged.
  for (int i = 999; i >= 900; --i) Add(i + 1, {Data("f" + std::to_string(i), 1, 0, 0)});
  for (int merged = 8; merged >= 0; --merged) {
    std::vector<ManifestEntry> entries;
    for (int i = 100 * merged + 99; i >= 100 * merged; --i) {
      entries.push_back(Carried(Data("f" + std::to_string(i), 1, 0, 0), i + 1, 1));
    }
    Add(901, entries);
  }
  auto options = Options(True());
  options.rows.limit = 10;
  EXPECT_EQ(PathsOf(PlanFiles(context_, io_, options).ValueOrDie()),
            (Paths{"f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9"}));
  EXPECT_EQ(Count(TableCount::kManifestsRead), 1);
  EXPECT_EQ(Count(PlanningCount::kFilesPlanned), 10);
}

TEST_F(ScanPlannerTest, ALimitCountsOnlyRowsThatAreCertain) {
  for (int i = 0; i < 6; ++i) Add(i + 1, {Data("f" + std::to_string(i), 1, 0, 9)});
  auto options = Options(GreaterEqual(Col("id"), Lit(int64_t{5})));
  options.rows.limit = 1;
  EXPECT_EQ(PlanFiles(context_, io_, options).ValueOrDie().size(), 6U);
}

TEST_F(ScanPlannerTest, ManifestsWithUnknownCountsAreKeptAndEmptyOnesAreNot) {
  Add(1, {Data("a", 1, 0, 9)});
  Add(2, {Data("b", 1, 0, 9)});
  table_->manifests()[0].added_files_count.reset();
  table_->manifests()[1].added_files_count = 0;
  table_->manifests()[1].existing_files_count = 0;
  metadata_ = table_->Finish(1).ValueOrDie();
  EXPECT_EQ(PathsOf(Plan(True())), Paths{"a"});
}

TEST_F(ScanPlannerTest, DeletedEntriesAreNoTasks) {
  ManifestEntry gone = Data("gone", 1, 0, 9);
  gone.status = EntryStatus::kDeleted;
  gone.snapshot_id = SnapshotId(1);
  gone.data_sequence_number = gone.file_sequence_number = SequenceNumber(1);
  Add(2, {gone, Data("a", 1, 0, 9)});
  EXPECT_EQ(PathsOf(Plan(True())), Paths{"a"});
  EXPECT_EQ(Count(PlanningCount::kFilesTotal), 1);
}

TEST_F(ScanPlannerTest, TasksCarryTheDeleteFilesThatApply) {
  Add(1, {Data("a", 1, 0, 9), Data("b", 2, 0, 9)});
  Add(2, {Data("c", 1, 0, 9)});
  Add(2,
      {Deletes(FileContent::kPositionDeletes, "p", 1),
       Deletes(FileContent::kEqualityDeletes, "e", 1)},
      ManifestContent::kDeletes);
  const auto tasks = Plan(True());
  ASSERT_EQ(PathsOf(tasks), (Paths{"a", "b", "c"}));
  const auto deletes_of = [](const ScanTask& task) {
    Paths paths;
    for (const auto& reference : task.delete_files) paths.push_back(reference.file.file_path);
    return paths;
  };
  EXPECT_EQ(deletes_of(tasks[0]), (Paths{"p", "e"}));
  EXPECT_EQ(deletes_of(tasks[1]), Paths{});
  EXPECT_EQ(deletes_of(tasks[2]), Paths{"p"});
}

TEST_F(ScanPlannerTest, FilterThatIsNeverTrueReadsNothing) {
  Add(1, {Data("a", 1, 0, 9)});
  const auto options = Options(False());
  io_->Reset();
  EXPECT_TRUE(PlanFiles(context_, io_, options).ValueOrDie().empty());
  EXPECT_EQ(io_->count(), 0);
}

TEST_F(ScanPlannerTest, UnknownColumnsAndSnapshotsAreNamed) {
  auto planner = ScanPlanner::Make(context_, io_, Options(Equal(Col("nope"), Lit(1))));
  EXPECT_EQ(KindOf(planner.status()), ErrorKind::kInvalidArgument);
  auto options = Options(True());
  options.snapshot_id = SnapshotId(77);
  planner = ScanPlanner::Make(context_, io_, options);
  EXPECT_EQ(KindOf(planner.status()), ErrorKind::kNotFound);
  EXPECT_NE(planner.status().message().find("77"), std::string::npos);
}

TEST_F(ScanPlannerTest, AnErrorNamesTheManifestAndStays) {
  Add(1, {Data("a", 1, 0, 9)});
  Add(2, {Data("b", 1, 0, 9)});
  table_->manifests()[1].manifest_path += ".gone";
  auto planner = ScanPlanner::Make(context_, io_, Options(True())).ValueOrDie();
  const auto first = planner->Next();
  ASSERT_FALSE(first.ok());
  EXPECT_NE(first.status().message().find(".gone"), std::string::npos);
  EXPECT_EQ(planner->Next().status().message(), first.status().message());
}

TEST_F(ScanPlannerTest, CancellingEndsThePlan) {
  for (int i = 0; i < 40; ++i) Add(i + 1, {Data("f" + std::to_string(i), 1, 0, 9)});
  auto planner = ScanPlanner::Make(context_, io_, Options(True())).ValueOrDie();
  ASSERT_TRUE(planner->Next().ok());
  context_.cancel.Cancel();
  EXPECT_EQ(KindOf(planner->Next().status()), ErrorKind::kCancelled);
}

TEST_F(ScanPlannerTest, ReadsManifestsManyAtATime) {
  for (int i = 0; i < 64; ++i) Add(i + 1, {Data("f" + std::to_string(i), 1, 0, 9)});
  const auto options = Options(True());
  const auto slow = std::make_shared<CountingFileIO>(io_);
  // The planner begins with 4 and doubles that each time: the third look is at 16.
  slow->HoldUntil(16, "/metadata/m", 4 + 8);
  EXPECT_EQ(PlanFiles(context_, slow, options).ValueOrDie().size(), 64U);
  EXPECT_GE(slow->max_in_flight(), 16);
}

TEST_F(ScanPlannerTest, SendingATaskKeepsIt) {
  Add(1, {Data("a", 1, 0, 9)});
  Add(2, {Deletes(FileContent::kPositionDeletes, "p", 1)}, ManifestContent::kDeletes);
  for (const ScanTask& task : Plan(Less(Col("id"), Lit(int64_t{5})))) {
    EXPECT_EQ(ScanTaskFromJson(ScanTaskToJson(task).ValueOrDie()).ValueOrDie(), task);
  }
}

}  // namespace
}  // namespace iceframe
