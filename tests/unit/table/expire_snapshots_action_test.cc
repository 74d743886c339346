// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/expire_snapshots_action.h"

#include <limits>

#include "iceframe/table/manage_refs_action.h"

#include "unit/table/table_fixture.h"

namespace iceframe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kForEver = std::numeric_limits<int64_t>::max();

class ExpireSnapshotsActionTest : public TableTest {
 protected:
  TablePtr WithSnapshots(int count, Properties properties = {}) {
    TablePtr table = Create(2, std::move(properties));
    for (int i = 0; i < count; ++i) table = Appended(table, {File("f" + std::to_string(i))});
    return table;
  }

  static SnapshotId IdAt(const TablePtr& table, size_t place) {
    return table->metadata()->snapshots[place]->snapshot_id();
  }

  TablePtr WithRef(const TablePtr& table, const std::string& name, SnapshotRef ref) {
    const auto report = Commit(table, *ManageRefsAction::Create(name, ref));
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return report->table;
  }

  static std::vector<SnapshotId> Chosen(const TablePtr& table, ExpireSnapshotsOptions options,
                                        int64_t now_ms = kForEver) {
    const auto expiration = ChooseExpired(*table->metadata(), options, now_ms);
    EXPECT_TRUE(expiration.ok()) << expiration.status().ToString();
    return expiration.ok() ? expiration->snapshot_ids : std::vector<SnapshotId>{};
  }

  static ExpireSnapshotsOptions OfAnyAge(std::optional<int32_t> retain_last = {}) {
    return {kForEver, retain_last, {}};
  }
};

TEST_F(ExpireSnapshotsActionTest, KeepsTheLastOnesOfABranch) {
  const TablePtr table = WithSnapshots(4);
  EXPECT_THAT(Chosen(table, OfAnyAge(2)), ElementsAre(IdAt(table, 0), IdAt(table, 1)));
  EXPECT_EQ(Chosen(table, OfAnyAge()).size(), 3U);
  EXPECT_EQ(Chosen(table, OfAnyAge(0)).size(), 3U);
  EXPECT_THAT(Chosen(table, OfAnyAge(10)), IsEmpty());
}

TEST_F(ExpireSnapshotsActionTest, KeepsWhatIsYoungByThePropertiesOfTheTable) {
  const TablePtr table = WithSnapshots(3);
  const int64_t now = table->metadata()->last_updated_ms;
  EXPECT_THAT(Chosen(table, {}, now), IsEmpty());
  EXPECT_EQ(Chosen(table, {}, now + int64_t{5} * 24 * 3600 * 1000 + 1000).size(), 2U);
}

TEST_F(ExpireSnapshotsActionTest, ReadsTheLimitsOfTheTable) {
  const TablePtr table = WithSnapshots(4, {{"history.expire.max-snapshot-age-ms", "1"},
                                           {"history.expire.min-snapshots-to-keep", "3"}});
  EXPECT_THAT(Chosen(table, {}), ElementsAre(IdAt(table, 0)));
}

TEST_F(ExpireSnapshotsActionTest, KeepsWhatTagsAndBranchesName) {
  TablePtr table = WithSnapshots(5);
  SnapshotRef tag;
  tag.snapshot_id = IdAt(table, 1);
  tag.kind = SnapshotRefKind::kTag;
  table = WithRef(table, "kept", tag);
  SnapshotRef branch;
  branch.snapshot_id = IdAt(table, 3);
  branch.min_snapshots_to_keep = 2;
  table = WithRef(table, "audit", branch);
  EXPECT_THAT(Chosen(table, OfAnyAge()), ElementsAre(IdAt(table, 0)));
}

TEST_F(ExpireSnapshotsActionTest, RefsThatAreTooOldGoWithTheirSnapshots) {
  TablePtr table = WithSnapshots(3);
  SnapshotRef tag;
  tag.snapshot_id = IdAt(table, 0);
  tag.kind = SnapshotRefKind::kTag;
  tag.max_ref_age_ms = 1000;
  table = WithRef(table, "short-lived", tag);
  const auto expiration = ChooseExpired(*table->metadata(), OfAnyAge(), kForEver);
  ASSERT_TRUE(expiration.ok()) << expiration.status().ToString();
  EXPECT_THAT(expiration->refs, ElementsAre("short-lived"));
  EXPECT_THAT(expiration->snapshot_ids, ElementsAre(IdAt(table, 0), IdAt(table, 1)));
}

TEST_F(ExpireSnapshotsActionTest, RemovesAndKeepsWhatIsAppendedMeanwhile) {
  const TablePtr table = WithSnapshots(3);
  AppendBesides();
  ExpireSnapshotsAction action(OfAnyAge());
  const auto report = Commit(table, action);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->table->metadata()->snapshots.size(), 1U);
  EXPECT_THAT(LiveFiles(report->table), ElementsAre("besides-1", "f0", "f1", "f2"));
  EXPECT_EQ(action.expired().snapshot_ids.size(), 3U);
}

TEST_F(ExpireSnapshotsActionTest, ATagThatIsMadeMeanwhileKeepsItsSnapshot) {
  const TablePtr table = WithSnapshots(3);
  SnapshotRef tag;
  tag.snapshot_id = IdAt(table, 0);
  tag.kind = SnapshotRefKind::kTag;
  WithRef(table, "new", tag);
  ExpireSnapshotsAction action(OfAnyAge());
  const auto report = Commit(table, action);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->table->metadata()->refs.count("new"), 1U);
  EXPECT_THAT(action.expired().snapshot_ids, ElementsAre(IdAt(table, 1)));
}

TEST_F(ExpireSnapshotsActionTest, SnapshotsGoByTheirIdsUnlessARefNamesThem) {
  const TablePtr table = WithSnapshots(3);
  ExpireSnapshotsOptions options{0, {}, {IdAt(table, 1)}};
  EXPECT_THAT(Chosen(table, options), ElementsAre(IdAt(table, 1)));
  options.snapshot_ids = {IdAt(table, 2)};
  const auto named = ChooseExpired(*table->metadata(), options, kForEver);
  EXPECT_EQ(KindOf(named.status()), ErrorKind::kInvalidArgument);
  EXPECT_THAT(named.status().message(), HasSubstr("main"));
  options.snapshot_ids = {SnapshotId(7)};
  EXPECT_EQ(KindOf(ChooseExpired(*table->metadata(), options, kForEver).status()),
            ErrorKind::kInvalidArgument);
}

TEST_F(ExpireSnapshotsActionTest, ATableWithoutGarbageCollectionIsRefused) {
  const TablePtr table = WithSnapshots(2, {{"gc.enabled", "false"}});
  const auto refused = ChooseExpired(*table->metadata(), OfAnyAge(), kForEver);
  EXPECT_EQ(KindOf(refused.status()), ErrorKind::kUnsupported);
  EXPECT_THAT(refused.status().message(), HasSubstr("gc.enabled"));
}

}  // namespace
}  // namespace iceframe
