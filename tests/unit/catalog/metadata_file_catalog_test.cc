// SPDX-License-Identifier: Apache-2.0
// What holds for a catalog of metadata files whatever its store does: fails at each call, finds out
// late that another writer was first, or cannot tell how a transaction ended.
#include <algorithm>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/base/uuid.h"
#include "iceframe/catalog/identifier.h"
#include "iceframe/catalog/memory_pointer_store_internal.h"
#include "iceframe/catalog/metadata_file_catalog_internal.h"
#include "iceframe/runtime/shared_cache.h"

#include "support/catalog_samples.h"
#include "support/faulty_pointer_store.h"

namespace iceframe {
namespace {

using ::testing::HasSubstr;

// One store and warehouse, with a table a.t in it, seen through a catalog with faults and another
// one without.
class Scene {
 public:
  explicit Scene(FaultyPointerStoreOptions options = {})
      : plan(options.plan), store_(MakeMemoryPointerStore()) {
    sound = Open({}, nullptr);
    EXPECT_TRUE(sound->CreateNamespace(context_, {"a"}, {{"k", "v"}}).ok());
    EXPECT_TRUE(sound->CreateNamespace(context_, {"empty"}, {}).ok());
    CreateTableRequest request = NewTableRequest("a.t");
    request.properties = {{"write.metadata.previous-versions-max", "1"},
                          {"write.metadata.delete-after-commit.enabled", "true"}};
    LoadedTable created = sound->CreateTable(context_, request).ValueOrDie();
    table = *sound->CommitTable(context_, SetProperty(created, "version", "1")).table;
    registered = sound->CreateTable(context_, NewTableRequest("a.dropped")).ValueOrDie();
    EXPECT_TRUE(sound->DropTable(context_, registered.identifier, false).ok());
    catalog = Open(std::move(options), plan);
  }

  // Names and properties of all namespaces, and tables with where their metadata is and that it can
  // be read.
  std::map<std::string, std::string> State() const {
    std::map<std::string, std::string> state;
    for (const Namespace& name_space : sound->ListNamespaces(context_, {}).ValueOrDie()) {
      std::string& properties = state[ToString(name_space)];
      for (const auto& [key, value] :
           sound->LoadNamespaceProperties(context_, name_space).ValueOrDie()) {
        properties += key + "=" + value + ";";
      }
      for (const TableIdentifier& id : sound->ListTables(context_, name_space).ValueOrDie()) {
        ClearSharedCaches();
        const auto loaded = sound->LoadTable(context_, id);
        EXPECT_TRUE(loaded.ok()) << loaded.status().ToString();
        if (loaded.ok()) state[id.ToString()] = loaded->metadata_location;
      }
    }
    return state;
  }

  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const FileEntry& file :
         sound->FileIOFor(table).ValueOrDie()->List(context_, warehouse_).ValueOrDie()) {
      names.push_back(file.location);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  std::shared_ptr<FaultPlan> plan;
  std::shared_ptr<Catalog> sound;
  std::shared_ptr<Catalog> catalog;
  LoadedTable table;
  LoadedTable registered;

 private:
  std::shared_ptr<Catalog> Open(FaultyPointerStoreOptions options,
                                const std::shared_ptr<FaultPlan>& files) const {
    const auto wrap = [files](std::shared_ptr<FileIO> io) {
      return files == nullptr ? io : MakeFaultyFileIO(std::move(io), files);
    };
    return std::make_shared<MetadataFileCatalog>(
        "c", "catalog with faults",
        std::make_unique<FaultyPointerStore>(store_, std::move(options)),
        Warehouse::Make({{"warehouse", warehouse_}}, wrap).ValueOrDie());
  }

  OperationContext context_;
  const std::string warehouse_ = "memory://" + NewUuid();
  std::shared_ptr<PointerStore> store_;
};

CommitRequest RequestToMake(const LoadedTable& model, const std::string& identifier) {
  CommitRequest request;
  request.identifier = TableIdentifier::Parse(identifier).ValueOrDie();
  request.requirements = {AssertCreate{}};
  request.updates = *UpdatesToCreate(*model.metadata);
  request.updates.push_back(AssignUuid{NewUuid()});
  request.updates.push_back(SetLocation{model.metadata->location + "_made"});
  return request;
}

struct Operation {
  std::string name;
  std::function<Status(Scene&, const OperationContext&)> run;
  /// Whether an attempt's metadata file is looked up where the store can't tell how it ended.
  bool is_looked_up = false;
};

Status StatusOf(const CommitOutcome& outcome) {
  // The kind of an outcome and of its status say the same.
  const ErrorKind kind = outcome.status.ok() ? ErrorKind::kInvalidArgument : KindOf(outcome.status);
  EXPECT_EQ(outcome.kind == CommitOutcomeKind::kCommitted, outcome.status.ok());
  EXPECT_EQ(outcome.kind == CommitOutcomeKind::kCommitted, outcome.table.has_value());
  EXPECT_EQ(outcome.kind == CommitOutcomeKind::kConflict, kind == ErrorKind::kCommitConflict);
  EXPECT_EQ(outcome.kind == CommitOutcomeKind::kUnknown, kind == ErrorKind::kCommitStateUnknown);
  return outcome.status;
}

const std::vector<Operation>& Operations() {
  static const auto& operations = *new std::vector<Operation>{
      {"create",
       [](Scene& scene, const OperationContext& context) {
         return scene.catalog->CreateTable(context, NewTableRequest("a.new")).status();
       },
       true},
      {"register",
       [](Scene& scene, const OperationContext& context) {
         return scene.catalog
             ->RegisterTable(context, {{"a"}, "again"}, scene.registered.metadata_location)
             .status();
       },
       true},
      {"commit",
       [](Scene& scene, const OperationContext& context) {
         return StatusOf(scene.catalog->CommitTable(context, SetProperty(scene.table, "k", "v")));
       },
       true},
      {"locked commit",
       [](Scene& scene, const OperationContext& context) {
         return StatusOf(scene.catalog->CommitTableLocked(
             context, scene.table.identifier,
             [](const LoadedTable& current) { return SetProperty(current, "k", "v"); }));
       },
       true},
      {"commit that creates",
       [](Scene& scene, const OperationContext& context) {
         return StatusOf(scene.catalog->CommitTable(context, RequestToMake(scene.table, "a.made")));
       },
       true},
      {"drop",
       [](Scene& scene, const OperationContext& context) {
         return scene.catalog->DropTable(context, scene.table.identifier, false);
       }},
      {"purge",
       [](Scene& scene, const OperationContext& context) {
         return scene.catalog->DropTable(context, scene.table.identifier, true);
       }},
      {"rename",
       [](Scene& scene, const OperationContext& context) {
         return scene.catalog->RenameTable(context, scene.table.identifier, {{"a"}, "renamed"});
       }},
      {"create namespace",
       [](Scene& scene, const OperationContext& context) {
         return scene.catalog->CreateNamespace(context, {"b"}, {{"k", "v"}});
       }},
      {"update namespace",
       [](Scene& scene, const OperationContext& context) {
         return scene.catalog->UpdateNamespaceProperties(context, {"a"}, {{"l", "w"}}, {"k"});
       }},
      {"drop namespace",
       [](Scene& scene, const OperationContext& context) {
         return scene.catalog->DropNamespace(context, {"empty"});
       }},
  };
  return operations;
}

std::vector<std::string> StepsOf(const Operation& operation) {
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
  Accident(const Operation& operation, Fault fault, bool end_is_unknown)
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
  for (const Operation& operation : Operations()) {
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
  for (const Operation& operation : Operations()) {
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
  for (const Operation& operation : Operations()) {
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
  for (const Operation& operation : Operations()) {
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
  for (const Operation& operation : Operations()) {
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
  const auto steps = StepsOf(Operations()[2]);
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
  const auto steps = StepsOf(Operations()[2]);
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
  const auto steps = StepsOf(Operations()[2]);
  const auto commit = std::find(steps.begin(), steps.end(), "pointer.commit") - steps.begin();
  const Accident accident(
      Operations()[2],
      {.at_step = commit, .action = FaultAction::kFail, .error = ErrorKind::kCommitConflict},
      false);
  EXPECT_EQ(KindOf(accident.status), ErrorKind::kCommitConflict);
  EXPECT_EQ(accident.scene.Files(), accident.files_before);
}

TEST_F(MetadataFileCatalogTest, TheMetadataFileIsThereBeforeThePointerMoves) {
  for (const Operation& operation : Operations()) {
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
