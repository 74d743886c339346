// SPDX-License-Identifier: Apache-2.0
// What holds for a catalog of metadata files whatever its store does: fails at each call, finds out
// late that another writer was first, or cannot tell how a transaction ended.
#include <algorithm>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/runtime/shared_cache.h"

#include "unit/catalog/faulty_catalog_scene.h"

namespace iceframe {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> StepsOf(const CatalogCall& operation) {
  Scene scene;
  ClearSharedCaches();
  EXPECT_TRUE(operation.run(scene, OperationContext{}).ok()) << operation.name;
  return scene.plan->steps();
}

class MetadataFileCatalogTest : public ::testing::Test {
 protected:
  OperationContext context_;
};

// A scene in which one step of an operation goes wrong, and what came of it.
struct Accident {
  Accident(const CatalogCall& operation, Fault fault, bool end_is_unknown)
      : scene({.plan = std::make_shared<FaultPlan>(), .end_is_unknown = end_is_unknown}),
        state_before(scene.State()),
        files_before(scene.Files()) {
    ClearSharedCaches();
    scene.plan->Restart(fault);
    status = operation.run(scene, OperationContext{});
    scene.plan->Restart({});
  }
  Scene scene;
  std::map<std::string, std::string> state_before;
  std::vector<std::string> files_before;
  Status status;
};

TEST_F(MetadataFileCatalogTest, ACallThatFailsChangesNothingAndLeavesNoFile) {
  for (const CatalogCall& operation : CatalogCalls()) {
    const std::vector<std::string> steps = StepsOf(operation);
    for (size_t i = 0; i < steps.size(); ++i) {
      if (!steps[i].starts_with("pointer.")) continue;
      SCOPED_TRACE(operation.name + " fails at " + std::to_string(i) + ": " + steps[i]);
      const Accident accident(operation, {static_cast<int64_t>(i), FaultAction::kFail}, false);
      EXPECT_EQ(KindOf(accident.status), ErrorKind::kIo) << accident.status.ToString();
      EXPECT_EQ(accident.scene.State(), accident.state_before);
      EXPECT_EQ(accident.scene.Files(), accident.files_before);
    }
  }
}

TEST_F(MetadataFileCatalogTest, AFileThatFailsChangesNoPointer) {
  for (const CatalogCall& operation : CatalogCalls()) {
    const std::vector<std::string> steps = StepsOf(operation);
    for (size_t i = 0; i < steps.size(); ++i) {
      if (steps[i].starts_with("pointer.")) continue;
      SCOPED_TRACE(operation.name + " fails at " + std::to_string(i) + ": " + steps[i]);
      const Accident accident(operation, {static_cast<int64_t>(i), FaultAction::kFail}, true);
      // Files that are deleted after the change, or found for that, are only logged.
      const bool is_cleanup = steps[i].starts_with("delete") || steps[i].starts_with("list");
      EXPECT_EQ(accident.status.ok(), is_cleanup) << accident.status.ToString();
      EXPECT_EQ(accident.scene.State() == accident.state_before, !is_cleanup);
    }
  }
}

TEST_F(MetadataFileCatalogTest, AnUnknownEndThatDidNotLandIsUnknownAndKeepsItsFile) {
  for (const CatalogCall& operation : CatalogCalls()) {
    const std::vector<std::string> steps = StepsOf(operation);
    const auto commit = std::find(steps.begin(), steps.end(), "pointer.commit") - steps.begin();
    SCOPED_TRACE(operation.name);
    Accident accident(operation, {commit, FaultAction::kFail}, true);
    EXPECT_EQ(KindOf(accident.status), ErrorKind::kCommitStateUnknown);
    EXPECT_THAT(accident.status.message(), HasSubstr("may or may not have landed"));
    EXPECT_EQ(accident.scene.State(), accident.state_before);
    const bool writes = operation.is_looked_up && operation.name != "register";
    EXPECT_EQ(accident.scene.Files().size(), accident.files_before.size() + (writes ? 1 : 0));
    EXPECT_TRUE(operation.run(accident.scene, context_).ok()) << "it can be done again";
  }
}

TEST_F(MetadataFileCatalogTest, AnUnknownEndThatLandedIsFoundByItsFile) {
  for (const CatalogCall& operation : CatalogCalls()) {
    const std::vector<std::string> steps = StepsOf(operation);
    const auto commit = std::find(steps.begin(), steps.end(), "pointer.commit") - steps.begin();
    SCOPED_TRACE(operation.name);
    const Accident accident(operation, {commit, FaultAction::kDoThenFail}, true);
    EXPECT_NE(accident.scene.State(), accident.state_before);
    if (operation.is_looked_up) {
      EXPECT_TRUE(accident.status.ok()) << accident.status.ToString();
    } else {
      // Nothing tells this change from another writer's.
      EXPECT_EQ(KindOf(accident.status), ErrorKind::kCommitStateUnknown);
    }
  }
}

TEST_F(MetadataFileCatalogTest, AnUnknownEndThatCanNotBeLookedUpStaysUnknown) {
  for (const CatalogCall& operation : CatalogCalls()) {
    if (!operation.is_looked_up) continue;
    const std::vector<std::string> steps = StepsOf(operation);
    const auto commit = std::find(steps.begin(), steps.end(), "pointer.commit") - steps.begin();
    SCOPED_TRACE(operation.name);
    const Accident accident(
        operation, {.at_step = commit, .action = FaultAction::kDoThenFail, .persists = true}, true);
    EXPECT_EQ(KindOf(accident.status), ErrorKind::kCommitStateUnknown);
    EXPECT_NE(accident.scene.State(), accident.state_before);
    EXPECT_GE(accident.scene.Files().size(), accident.files_before.size());
  }
}

TEST_F(MetadataFileCatalogTest, ALookUpGoesOnAfterTheOperationIsCancelled) {
  OperationContext cancelled;
  Scene scene({.after_commit = [&] { cancelled.cancel.Cancel(); }});
  const auto steps = StepsOf(CatalogCalls()[2]);
  const auto commit = std::find(steps.begin(), steps.end(), "pointer.commit") - steps.begin();
  ClearSharedCaches();
  scene.plan->Restart({commit, FaultAction::kDoThenFail});
  const CommitOutcome outcome =
      scene.catalog->CommitTable(cancelled, SetProperty(scene.table, "k", "v"));
  EXPECT_EQ(outcome.kind, CommitOutcomeKind::kCommitted) << outcome.status.ToString();
}

TEST_F(MetadataFileCatalogTest, AnUnknownEndIsFoundBelowWhatOthersPutOnTop) {
  Scene* seen = nullptr;
  Scene scene({.after_commit = [&] {
    const LoadedTable current = seen->sound->LoadTable(context_, {{"a"}, "t"}).ValueOrDie();
    ASSERT_TRUE(seen->sound->CommitTable(context_, SetProperty(current, "other", "x")).table);
  }});
  seen = &scene;
  const auto steps = StepsOf(CatalogCalls()[2]);
  const auto commit = std::find(steps.begin(), steps.end(), "pointer.commit") - steps.begin();
  ClearSharedCaches();
  scene.plan->Restart({commit, FaultAction::kDoThenFail});
  const CommitOutcome outcome =
      scene.catalog->CommitTable(context_, SetProperty(scene.table, "k", "v"));
  EXPECT_EQ(outcome.kind, CommitOutcomeKind::kCommitted) << outcome.status.ToString();
  const LoadedTable now = scene.sound->LoadTable(context_, {{"a"}, "t"}).ValueOrDie();
  EXPECT_EQ(now.metadata->properties.at("k"), "v");
  EXPECT_EQ(now.metadata->properties.at("other"), "x");
}

TEST_F(MetadataFileCatalogTest, AWriterThatComesSecondConflictsAndTakesItsFileAway) {
  Scene* seen = nullptr;
  std::string winner;
  Scene scene({.before_write = [&] {
    const auto won = seen->sound->CommitTable(context_, SetProperty(seen->table, "k", "first"));
    ASSERT_TRUE(won.table);
    winner = won.table->metadata_location;
  }});
  seen = &scene;
  const size_t num_files = scene.Files().size();
  const CommitOutcome outcome =
      scene.catalog->CommitTable(context_, SetProperty(scene.table, "k", "second"));
  EXPECT_EQ(outcome.kind, CommitOutcomeKind::kConflict) << outcome.status.ToString();
  EXPECT_EQ(scene.State().at("a.t"), winner);
  // The winner's file is there, the oldest one gone since the table asks for it.
  EXPECT_EQ(scene.Files().size(), num_files);
}

TEST_F(MetadataFileCatalogTest, AConflictThatIsFoundAtTheEndIsOne) {
  const auto steps = StepsOf(CatalogCalls()[2]);
  const auto commit = std::find(steps.begin(), steps.end(), "pointer.commit") - steps.begin();
  const Accident accident(
      CatalogCalls()[2],
      {.at_step = commit, .action = FaultAction::kFail, .error = ErrorKind::kCommitConflict},
      false);
  EXPECT_EQ(KindOf(accident.status), ErrorKind::kCommitConflict);
  EXPECT_EQ(accident.scene.Files(), accident.files_before);
}

TEST_F(MetadataFileCatalogTest, TheMetadataFileIsThereBeforeThePointerMoves) {
  for (const CatalogCall& operation : CatalogCalls()) {
    if (!operation.is_looked_up || operation.name == "register") continue;
    const std::vector<std::string> steps = StepsOf(operation);
    const auto at = [&](std::string_view what) {
      return std::find_if(steps.begin(), steps.end(),
                          [&](const std::string& step) { return step.starts_with(what); }) -
             steps.begin();
    };
    SCOPED_TRACE(operation.name);
    EXPECT_LT(at("published "), std::min(at("pointer.swap"), at("pointer.insert")));
    EXPECT_LT(at("pointer.commit"), std::ssize(steps));
  }
}

TEST_F(MetadataFileCatalogTest, AStoreThatHoldsNothingOffersNoLockedCommits) {
  Scene scene({.holds_what_it_finds = false});
  EXPECT_FALSE(scene.catalog->supports_locked_commit());
  const CommitOutcome outcome = scene.catalog->CommitTableLocked(
      context_, scene.table.identifier,
      [](const LoadedTable& current) { return SetProperty(current, "k", "v"); });
  EXPECT_EQ(outcome.kind, CommitOutcomeKind::kRejected);
  EXPECT_EQ(KindOf(outcome.status), ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace iceframe
