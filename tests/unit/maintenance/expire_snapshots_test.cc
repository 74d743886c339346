// SPDX-License-Identifier: Apache-2.0
#include "iceframe/maintenance/expire_snapshots.h"

#include <limits>

#include "iceframe/maintenance/rewrite_data_files.h"
#include "iceframe/maintenance/rewrite_manifests.h"
#include "iceframe/table/append_files_action.h"
#include "iceframe/table/manage_refs_action.h"
#include "iceframe/table/stream_positions.h"

#include "unit/maintenance/maintenance_testing.h"

namespace iceframe {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ExpireSnapshotsTest : public MaintenanceTest {
 protected:
  static ExpireOptions OfAnyAge() {
    ExpireOptions options;
    options.older_than_ms = std::numeric_limits<int64_t>::max();
    options.retain_last = 1;
    return options;
  }

  ExpireReport Expire(const TablePtr& table, const ExpireOptions& options = OfAnyAge()) {
    const auto report = ExpireSnapshots(context_, table, options);
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return report.ok() ? *report : ExpireReport{};
  }

  TablePtr Compacted(const TablePtr& table) {
    const auto report = RewriteDataFiles(context_, table);
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return report->table;
  }

  TablePtr Tagged(const TablePtr& table, SnapshotId id) {
    SnapshotRef tag;
    tag.snapshot_id = id;
    tag.kind = SnapshotRefKind::kTag;
    return CommitAction(context_, table, *ManageRefsAction::Create("kept", tag))->table;
  }
};

TEST_F(ExpireSnapshotsTest, DeletesWhatCompactionLeftAndKeepsTheRows) {
  const TablePtr table = Compacted(AppendOften(Create(), 6));
  ASSERT_EQ(NumDataFiles(), 7U);
  const ExpireReport report = Expire(table);
  EXPECT_THAT(report.expired.snapshot_ids, SizeIs(6));
  EXPECT_THAT(report.files.data_files, SizeIs(6));
  EXPECT_THAT(report.files.manifest_lists, SizeIs(6));
  EXPECT_THAT(report.files.manifests, SizeIs(6));
  EXPECT_THAT(report.left_behind, IsEmpty());
  EXPECT_EQ(NumDataFiles(), 1U);
  ClearManifestCaches();
  EXPECT_EQ(Read(Load()), RowsUpTo(60));
  EXPECT_EQ(FilesOnDisk(".avro").size(), 3U) << "a list, and the manifests of added and deleted";
}

TEST_F(ExpireSnapshotsTest, KeepsTheFilesThatATagNeeds) {
  TablePtr table = AppendOften(Create(), 3);
  const SnapshotId tagged = table->metadata()->snapshots[1]->snapshot_id();
  table = Tagged(AppendOften(table, 3, 30), tagged);
  const ExpireReport report = Expire(Compacted(table));
  EXPECT_THAT(report.files.data_files, SizeIs(4)) << "the two files of the tag stay";
  ClearManifestCaches();
  EXPECT_EQ(SortedRows(Load(), {tagged, std::nullopt, std::nullopt}), RowsUpTo(20));
  EXPECT_EQ(Read(Load()), RowsUpTo(60));
}

TEST_F(ExpireSnapshotsTest, ADryRunTellsTheSameAndChangesNothing) {
  const TablePtr table = Compacted(AppendOften(Create(), 6));
  const auto before = FilesOnDisk();
  ExpireOptions options = OfAnyAge();
  options.dry_run = true;
  const ExpireReport planned = Expire(table, options);
  EXPECT_EQ(FilesOnDisk(), before);
  auto would_go = planned.files.All();
  auto went = Expire(table).files.All();
  std::ranges::sort(would_go);
  std::ranges::sort(went);
  EXPECT_EQ(would_go, went);
}

TEST_F(ExpireSnapshotsTest, FilesStayWhereTheyAreNotToBeDeleted) {
  const TablePtr table = Compacted(AppendOften(Create(), 6));
  ExpireOptions options = OfAnyAge();
  options.delete_files = false;
  EXPECT_THAT(Expire(table, options).files.All(), IsEmpty());
  EXPECT_EQ(NumDataFiles(), 7U);
}

TEST_F(ExpireSnapshotsTest, NothingIsDeletedWhileItIsNotKnownWhatIsNeeded) {
  const TablePtr table = Compacted(AppendOften(Create(), 6));
  ClearManifestCaches();
  const auto manifests = *ReadManifestList(context_, *table->io(), *table->metadata(),
                                           *table->metadata()->current_snapshot());
  ASSERT_TRUE(table->io()->Delete(context_, manifests->front().manifest_path).ok());
  const auto report = ExpireSnapshots(context_, table, OfAnyAge());
  EXPECT_THAT(report.status().message(), HasSubstr("no file was deleted"));
  EXPECT_EQ(NumDataFiles(), 7U);
  EXPECT_THAT(Load()->metadata()->snapshots, SizeIs(1));
}

TEST_F(ExpireSnapshotsTest, FilesOutsideOfTheTablesFoldersAreNotDeleted) {
  TablePtr table = Append(Create(), 0, 10);
  const std::string inside = *FilesOnDisk("/data/").begin();
  const std::string outside = folder_.path() + "/elsewhere.parquet";
  std::filesystem::copy_file(inside, outside);
  DataFile file = LiveFiles(table)[0];
  file.file_path = outside;
  auto action = *AppendFilesAction::Make(*table, {file});
  table = CommitAction(context_, table, *action)->table;
  RewriteDataFilesOptions all;
  all.all_files = true;
  const ExpireReport report = Expire(RewriteDataFiles(context_, table, all)->table);
  EXPECT_THAT(report.left_behind, testing::ElementsAre(outside));
  EXPECT_TRUE(std::filesystem::exists(outside));
  EXPECT_FALSE(std::filesystem::exists(inside));
}

TEST_F(ExpireSnapshotsTest, HowFarStreamsAreStaysKnown) {
  const PositionKey key = *PositionKey::OfStream("orders");
  CommitOptions options;
  options.positions = {{key, {{"seq", "7"}, {"offsets", "{}"}}}};
  TablePtr table = AppendOften(Append(Create(), 0, 10, options), 5, 10);
  table = Compacted(table);
  Expire(table);
  const auto known = FindPosition(*Load()->metadata(), key);
  ASSERT_TRUE(known.ok()) << known.status().ToString();
  ASSERT_TRUE(known->current);
  EXPECT_EQ(known->current->values.at("seq"), "7");
  EXPECT_FALSE(known->rolled_back);
}

TEST_F(ExpireSnapshotsTest, MergedManifestsMakeTheOldOnesUnneeded) {
  const TablePtr table = AppendOften(Create(), 4);
  const auto rewritten = RewriteManifests(context_, table);
  ASSERT_TRUE(rewritten.ok()) << rewritten.status().ToString();
  EXPECT_EQ(rewritten->num_rewritten, 4);
  EXPECT_EQ(rewritten->num_added, 1);
  EXPECT_FALSE(RewriteManifests(context_, rewritten->table)->snapshot_id);
  const ExpireReport report = Expire(rewritten->table);
  EXPECT_THAT(report.files.manifests, SizeIs(4));
  EXPECT_THAT(report.files.data_files, IsEmpty());
  ClearManifestCaches();
  EXPECT_EQ(SortedRows(Load()), RowsUpTo(40));
}

}  // namespace
}  // namespace iceframe
