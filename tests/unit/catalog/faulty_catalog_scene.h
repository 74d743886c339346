// SPDX-License-Identifier: Apache-2.0
// A catalog whose store and files fail where they are told to, and every operation on it.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "iceframe/base/uuid.h"
#include "iceframe/catalog/identifier.h"
#include "iceframe/catalog/memory_pointer_store_internal.h"
#include "iceframe/catalog/metadata_file_catalog_internal.h"
#include "iceframe/runtime/shared_cache.h"

#include "support/catalog_samples.h"
#include "support/faulty_pointer_store.h"

namespace iceframe {

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
        "c", "catalog with faults", false,
        std::make_unique<FaultyPointerStore>(store_, std::move(options)),
        Warehouse::Make({{"warehouse", warehouse_}}, wrap).ValueOrDie());
  }

  OperationContext context_;
  const std::string warehouse_ = "memory://" + NewUuid();
  std::shared_ptr<PointerStore> store_;
};

inline CommitRequest RequestToMake(const LoadedTable& model, const std::string& identifier) {
  CommitRequest request;
  request.identifier = TableIdentifier::Parse(identifier).ValueOrDie();
  request.requirements = {AssertCreate{}};
  request.updates = *UpdatesToCreate(*model.metadata);
  request.updates.push_back(AssignUuid{NewUuid()});
  request.updates.push_back(SetLocation{model.metadata->location + "_made"});
  return request;
}

struct CatalogCall {
  std::string name;
  std::function<Status(Scene&, const OperationContext&)> run;
  /// Whether an attempt's metadata file is looked up where the store can't tell how it ended.
  bool is_looked_up = false;
};

inline Status StatusOf(const CommitOutcome& outcome) {
  // The kind of an outcome and of its status say the same.
  const ErrorKind kind = outcome.status.ok() ? ErrorKind::kInvalidArgument : KindOf(outcome.status);
  EXPECT_EQ(outcome.kind == CommitOutcomeKind::kCommitted, outcome.status.ok());
  EXPECT_EQ(outcome.kind == CommitOutcomeKind::kCommitted, outcome.table.has_value());
  EXPECT_EQ(outcome.kind == CommitOutcomeKind::kConflict, kind == ErrorKind::kCommitConflict);
  EXPECT_EQ(outcome.kind == CommitOutcomeKind::kUnknown, kind == ErrorKind::kCommitStateUnknown);
  return outcome.status;
}

inline const std::vector<CatalogCall>& CatalogCalls() {
  static const auto& operations = *new std::vector<CatalogCall>{
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

}  // namespace iceframe
