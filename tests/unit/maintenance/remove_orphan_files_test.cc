// SPDX-License-Identifier: Apache-2.0
#include "iceframe/maintenance/remove_orphan_files.h"

#include <chrono>
#include <fstream>

#include "iceframe/maintenance/file_places.h"
#include "iceframe/table/update_properties_action.h"

#include "unit/maintenance/maintenance_testing.h"

namespace iceframe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RemoveOrphanFilesTest : public MaintenanceTest {
 protected:
  static std::string PathOf(const TablePtr& table) {
    return std::string(PathOfPlace(PlaceOf(table->metadata()->location)));
  }

  static std::string Leave(const std::string& path, int age_days = 10) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << "left";
    Age(path, age_days);
    return path;
  }

  static void Age(const std::string& path, int age_days) {
    std::filesystem::last_write_time(
        path, std::filesystem::file_time_type::clock::now() - std::chrono::hours(24 * age_days));
  }

  void AgeAll() {
    for (const std::string& path : FilesOnDisk()) Age(path, 10);
  }

  RemoveOrphanFilesReport Remove(const TablePtr& table, bool dry_run = false) {
    RemoveOrphanFilesOptions options;
    options.dry_run = dry_run;
    const auto report = RemoveOrphanFiles(context_, table, options);
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return report.ok() ? *report : RemoveOrphanFilesReport{};
  }

  static std::vector<std::string> Paths(const RemoveOrphanFilesReport& report) {
    std::vector<std::string> paths;
    for (const std::string& file : report.files) paths.emplace_back(PathOfPlace(PlaceOf(file)));
    return paths;
  }
};

TEST_F(RemoveOrphanFilesTest, FindsWhatNothingRefersToAndNothingElse) {
  const TablePtr table = AppendOften(Create(), 3);
  AgeAll();
  const std::string data = Leave(PathOf(table) + "/data/left.parquet");
  const std::string temp = Leave(PathOf(table) + "/data/.iceframe-1.tmp");
  const std::string list = Leave(PathOf(table) + "/metadata/snap-1.avro");
  const auto before = FilesOnDisk();
  EXPECT_THAT(Paths(Remove(table, true)), ElementsAre(temp, data, list));
  EXPECT_EQ(FilesOnDisk(), before) << "a dry run";
  const auto report = Remove(table);
  EXPECT_THAT(Paths(report), ElementsAre(temp, data, list));
  EXPECT_EQ(report.num_bytes, 12);
  EXPECT_EQ(FilesOnDisk().size(), before.size() - 3);
  ClearManifestCaches();
  EXPECT_EQ(Read(Load()), RowsUpTo(30));
}

TEST_F(RemoveOrphanFilesTest, YoungFilesAreAWritersAtWork) {
  const TablePtr table = Append(Create(), 0, 10);
  Leave(PathOf(table) + "/data/young.parquet", 2);
  EXPECT_THAT(Remove(table).files, IsEmpty());
  RemoveOrphanFilesOptions options;
  options.dry_run = false;
  options.older_than_ms = context_.clock->SystemNowMs();
  const auto refused = RemoveOrphanFiles(context_, table, options);
  EXPECT_EQ(KindOf(refused.status()), ErrorKind::kInvalidArgument);
  EXPECT_THAT(refused.status().message(), HasSubstr("3 days"));
  options.dry_run = true;
  EXPECT_EQ(RemoveOrphanFiles(context_, table, options)->files.size(), 1U);
  options.dry_run = false;
  options.allow_recent = true;
  EXPECT_EQ(RemoveOrphanFiles(context_, table, options)->files.size(), 1U);
  EXPECT_EQ(Read(Load()).size(), 10U);
}

TEST_F(RemoveOrphanFilesTest, AManifestThatCannotBeReadIsAnErrorAndNotAnEmptyAnswer) {
  const TablePtr table = Append(Create(), 0, 10);
  AgeAll();
  const auto manifests = *ReadManifestList(context_, *table->io(), *table->metadata(),
                                           *table->metadata()->current_snapshot());
  ClearManifestCaches();
  std::filesystem::resize_file(PathOfPlace(PlaceOf(manifests->front().manifest_path)), 10);
  RemoveOrphanFilesOptions options;
  options.dry_run = false;
  EXPECT_FALSE(RemoveOrphanFiles(context_, table, options).ok());
  EXPECT_EQ(NumDataFiles(), 1U);
}

TEST_F(RemoveOrphanFilesTest, OtherTablesBelowTheLocationAreLeftAlone) {
  const TablePtr table = Append(Create(), 0, 10);
  Leave(PathOf(table) + "/nested/metadata/0.metadata.json");
  Leave(PathOf(table) + "/nested/data/theirs.parquet");
  EXPECT_THAT(Remove(table).files, IsEmpty());
}

TEST_F(RemoveOrphanFilesTest, LinksAreNotFollowed) {
  const TablePtr table = Append(Create(), 0, 10);
  const std::string outside = Leave(folder_.path() + "/outside/precious");
  std::filesystem::create_symlink(folder_.path() + "/outside", PathOf(table) + "/data/link");
  EXPECT_THAT(Remove(table).files, IsEmpty());
  EXPECT_TRUE(std::filesystem::exists(outside));
}

TEST_F(RemoveOrphanFilesTest, ATableWithoutGarbageCollectionIsRefused) {
  const TablePtr table = Append(Create({}, {{"gc.enabled", "false"}}), 0, 10);
  EXPECT_EQ(KindOf(RemoveOrphanFiles(context_, table).status()), ErrorKind::kUnsupported);
}

TEST(FilePlaces, TellOnePlaceInAllItsSpellings) {
  EXPECT_EQ(PlaceOf("/a//b/c"), PlaceOf("file:/a/b/c"));
  EXPECT_EQ(PlaceOf("/a/b/c"), PlaceOf("file:///a/b/c"));
  EXPECT_EQ(PlaceOf("s3a://b/k"), PlaceOf("s3://b/k"));
  EXPECT_NE(PlaceOf("s3://b/k"), PlaceOf("/b/k"));
  EXPECT_EQ(PathOfPlace(PlaceOf("s3://b/k")), "b/k");
  EXPECT_TRUE(IsBelow("file:/a/b", "file:/a"));
  EXPECT_TRUE(IsBelow("file:/a", "file:/a"));
  EXPECT_FALSE(IsBelow("file:/ab", "file:/a"));
}

}  // namespace
}  // namespace iceframe
