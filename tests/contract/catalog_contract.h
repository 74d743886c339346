// SPDX-License-Identifier: Apache-2.0
// What every Catalog does, as one suite: instantiate CatalogContract with an implementation.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/catalog/catalog.h"
#include "iceframe/catalog/identifier.h"

#include "support/catalog_samples.h"
#include "support/temp_folder.h"

namespace iceframe {

/// Where implementations may differ.
struct CatalogQuirks {
  /// Can tell whether another writer came between (all ours can).
  bool supports_locked_commit = true;
  /// Opening it again gives the same content.
  bool is_persistent = false;
};

struct CatalogCase {
  std::string name;
  /// `folder` is there for one test.
  std::function<Result<std::shared_ptr<Catalog>>(const std::string& folder)> open;
  CatalogQuirks quirks;

  friend void PrintTo(const CatalogCase& value, std::ostream* out) { *out << value.name; }
};

class CatalogContract : public ::testing::TestWithParam<CatalogCase> {
 protected:
  void SetUp() override {
    auto opened = GetParam().open(folder_.path());
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    catalog_ = *opened;
  }

  TableIdentifier Id(const std::string& text) { return TableIdentifier::Parse(text).ValueOrDie(); }
  LoadedTable Create(const std::string& identifier) {
    auto table = catalog_->CreateTable(context_, NewTableRequest(identifier));
    EXPECT_TRUE(table.ok()) << table.status().ToString();
    return table.ok() ? *table : LoadedTable{};
  }
  std::vector<std::string> Tables(const Namespace& name_space) {
    std::vector<std::string> names;
    for (const auto& id : catalog_->ListTables(context_, name_space).ValueOrDie()) {
      names.push_back(id.ToString());
    }
    return names;
  }
  std::vector<std::string> Namespaces(const Namespace& parent) {
    std::vector<std::string> names;
    for (const auto& ns : catalog_->ListNamespaces(context_, parent).ValueOrDie()) {
      names.push_back(ToString(ns));
    }
    return names;
  }
  bool Exists(const LoadedTable& table, const std::string& location) {
    return catalog_->FileIOFor(table).ValueOrDie()->Exists(context_, location).ValueOrDie();
  }

  TempFolder folder_;
  OperationContext context_;
  std::shared_ptr<Catalog> catalog_;
};

#define EXPECT_KIND(expression, kind) EXPECT_EQ(KindOf(expression), ErrorKind::kind)

TEST_P(CatalogContract, CreatesListsAndDropsNamespaces) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"b"}, {{"owner", "me"}}).ok());
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {}).ok());
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a", "x"}, {}).ok());
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a", "x", "deep"}, {}).ok());
  EXPECT_EQ(Namespaces({}), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(Namespaces({"a"}), (std::vector<std::string>{"a.x"}));
  EXPECT_EQ(Namespaces({"a", "x"}), (std::vector<std::string>{"a.x.deep"}));
  EXPECT_TRUE(catalog_->NamespaceExists(context_, {"a", "x"}).ValueOrDie());
  EXPECT_FALSE(catalog_->NamespaceExists(context_, {"x"}).ValueOrDie());

  EXPECT_KIND(catalog_->CreateNamespace(context_, {"a"}, {}), kAlreadyExists);
  EXPECT_KIND(catalog_->DropNamespace(context_, {"a"}), kInvalidArgument);
  EXPECT_KIND(catalog_->DropNamespace(context_, {"c"}), kNotFound);
  EXPECT_KIND(catalog_->ListNamespaces(context_, {"c"}).status(), kNotFound);
  EXPECT_TRUE(catalog_->DropNamespace(context_, {"b"}).ok());
  EXPECT_EQ(Namespaces({}), (std::vector<std::string>{"a"}));
}

TEST_P(CatalogContract, ANamespaceIsImpliedByWhatLiesInIt) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a", "x"}, {}).ok());
  EXPECT_TRUE(catalog_->NamespaceExists(context_, {"a"}).ValueOrDie());
  EXPECT_EQ(Namespaces({}), (std::vector<std::string>{"a"}));
  EXPECT_TRUE(catalog_->LoadNamespaceProperties(context_, {"a"}).ValueOrDie().empty());
}

TEST_P(CatalogContract, NamesThatLookLikePatternsAreNames) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a_b"}, {}).ok());
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"axb", "inner"}, {}).ok());
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"AXB", "other"}, {}).ok());
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"%"}, {}).ok());
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"it's; DROP TABLE iceberg_tables"}, {}).ok());
  EXPECT_TRUE(Namespaces({"a_b"}).empty());
  EXPECT_TRUE(Namespaces({"%"}).empty());
  EXPECT_EQ(Namespaces({"axb"}), (std::vector<std::string>{"axb.inner"}));
  EXPECT_FALSE(catalog_->NamespaceExists(context_, {"a%"}).ValueOrDie());
  EXPECT_FALSE(catalog_->NamespaceExists(context_, {"Axb"}).ValueOrDie());
  EXPECT_EQ(Namespaces({}).size(), 5u);
}

TEST_P(CatalogContract, KeepsNamespaceProperties) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {{"k", "1"}, {"l", "2"}}).ok());
  ASSERT_TRUE(
      catalog_->UpdateNamespaceProperties(context_, {"a"}, {{"k", "3"}, {"m", "4"}}, {"l", "no"})
          .ok());
  EXPECT_EQ(catalog_->LoadNamespaceProperties(context_, {"a"}).ValueOrDie(),
            (Properties{{"k", "3"}, {"m", "4"}}));
  ASSERT_TRUE(catalog_->UpdateNamespaceProperties(context_, {"a"}, {}, {"k", "m"}).ok());
  EXPECT_TRUE(catalog_->NamespaceExists(context_, {"a"}).ValueOrDie());
  EXPECT_TRUE(catalog_->LoadNamespaceProperties(context_, {"a"}).ValueOrDie().empty());
  EXPECT_KIND(catalog_->UpdateNamespaceProperties(context_, {"a"}, {{"k", "1"}}, {"k"}),
              kInvalidArgument);
  EXPECT_KIND(catalog_->UpdateNamespaceProperties(context_, {"a"}, {{"exists", "no"}}, {}),
              kInvalidArgument);
  EXPECT_KIND(catalog_->UpdateNamespaceProperties(context_, {"a"}, {}, {"exists"}),
              kInvalidArgument);
  EXPECT_KIND(catalog_->UpdateNamespaceProperties(context_, {"z"}, {}, {}), kNotFound);
  EXPECT_KIND(catalog_->LoadNamespaceProperties(context_, {"z"}).status(), kNotFound);
}

TEST_P(CatalogContract, RefusesNamesThatAreUnsafeAsPaths) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {}).ok());
  const std::vector<std::string> unsafe = {"",     ".",
                                           "..",   "a/b",
                                           "../x", "a\\b",
                                           "a.b",  "a\nb",
                                           "\x7f", std::string("a\0b", 3),
                                           "\xff", std::string(256, 'x')};
  for (const std::string& name : unsafe) {
    EXPECT_KIND(catalog_->CreateNamespace(context_, {name}, {}), kInvalidArgument) << name;
    EXPECT_KIND(catalog_->CreateNamespace(context_, {"a", name}, {}), kInvalidArgument) << name;
    CreateTableRequest request = NewTableRequest("a.t");
    request.identifier.name = name;
    EXPECT_KIND(catalog_->CreateTable(context_, request).status(), kInvalidArgument) << name;
    request = NewTableRequest("a.t");
    request.identifier.name_space = {name};
    EXPECT_KIND(catalog_->CreateTable(context_, request).status(), kInvalidArgument) << name;
  }
  EXPECT_KIND(catalog_->CreateNamespace(context_, {}, {}), kInvalidArgument);
  EXPECT_KIND(catalog_->CreateTable(context_, NewTableRequest("t")).status(), kInvalidArgument);
}

TEST_P(CatalogContract, CreatesLoadsAndListsTables) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {}).ok());
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a", "x"}, {}).ok());
  const LoadedTable created = Create("a.t2");
  Create("a.t1");
  Create("a.x.t3");
  EXPECT_EQ(created.identifier, Id("a.t2"));
  EXPECT_FALSE(created.metadata->table_uuid.empty());
  EXPECT_THAT(created.metadata->location, ::testing::EndsWith("/a/t2"));
  EXPECT_THAT(created.metadata_location,
              ::testing::StartsWith(created.metadata->location + "/metadata/00000-"));
  const LoadedTable loaded = catalog_->LoadTable(context_, Id("a.t2")).ValueOrDie();
  EXPECT_EQ(loaded.metadata_location, created.metadata_location);
  EXPECT_EQ(*loaded.metadata, *created.metadata);
  EXPECT_EQ(Tables({"a"}), (std::vector<std::string>{"a.t1", "a.t2"}));
  EXPECT_EQ(Tables({"a", "x"}), (std::vector<std::string>{"a.x.t3"}));
  EXPECT_THAT(catalog_->LoadTable(context_, Id("a.x.t3")).ValueOrDie().metadata->location,
              ::testing::EndsWith("/a.x/t3"));
  EXPECT_TRUE(catalog_->TableExists(context_, Id("a.t1")).ValueOrDie());
  EXPECT_FALSE(catalog_->TableExists(context_, Id("a.t9")).ValueOrDie());

  EXPECT_KIND(catalog_->CreateTable(context_, NewTableRequest("a.t1")).status(), kAlreadyExists);
  EXPECT_KIND(catalog_->CreateTable(context_, NewTableRequest("z.t1")).status(), kNotFound);
  EXPECT_KIND(catalog_->LoadTable(context_, Id("a.t9")).status(), kNotFound);
  EXPECT_KIND(catalog_->ListTables(context_, {"z"}).status(), kNotFound);
  EXPECT_KIND(catalog_->DropNamespace(context_, {"a", "x"}), kInvalidArgument);
}

TEST_P(CatalogContract, HonoursGivenLocations) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {}).ok());
  CreateTableRequest request = NewTableRequest("a.t");
  request.location = folder_.path() + "/elsewhere/t/";
  const LoadedTable table = catalog_->CreateTable(context_, request).ValueOrDie();
  EXPECT_EQ(table.metadata->location, folder_.path() + "/elsewhere/t");

  const std::string place = folder_.path() + "/place";
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"b"}, {{"location", place}}).ok());
  EXPECT_EQ(Create("b.t").metadata->location, place + "/t");
}

TEST_P(CatalogContract, ATableUnderAFormerNameGetsItsOwnPlace) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {}).ok());
  const LoadedTable first = Create("a.t");
  ASSERT_TRUE(catalog_->RenameTable(context_, Id("a.t"), Id("a.old")).ok());
  const LoadedTable second = Create("a.t");
  EXPECT_NE(second.metadata->location, first.metadata->location);
  EXPECT_TRUE(catalog_->DropTable(context_, Id("a.t"), true).ok());
  EXPECT_TRUE(catalog_->LoadTable(context_, Id("a.old")).ok());
  EXPECT_TRUE(Exists(first, first.metadata_location));
}

TEST_P(CatalogContract, RenamesTables) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {}).ok());
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"b"}, {}).ok());
  const LoadedTable table = Create("a.t");
  Create("b.taken");
  EXPECT_KIND(catalog_->RenameTable(context_, Id("a.t"), Id("b.taken")), kAlreadyExists);
  EXPECT_KIND(catalog_->RenameTable(context_, Id("a.t"), Id("a.t")), kAlreadyExists);
  EXPECT_KIND(catalog_->RenameTable(context_, Id("a.no"), Id("a.no")), kNotFound);
  EXPECT_KIND(catalog_->RenameTable(context_, Id("a.t"), Id("z.t")), kNotFound);
  EXPECT_KIND(catalog_->RenameTable(context_, Id("a.no"), Id("b.no")), kNotFound);
  ASSERT_TRUE(catalog_->RenameTable(context_, Id("a.t"), Id("b.t")).ok());
  EXPECT_FALSE(catalog_->TableExists(context_, Id("a.t")).ValueOrDie());
  EXPECT_EQ(catalog_->LoadTable(context_, Id("b.t")).ValueOrDie().metadata_location,
            table.metadata_location);
}

TEST_P(CatalogContract, DropsKeepFilesAndPurgesDeleteThem) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {}).ok());
  const LoadedTable kept = Create("a.kept");
  const LoadedTable purged = Create("a.purged");
  const auto io = catalog_->FileIOFor(purged).ValueOrDie();
  const std::string data_file = purged.metadata->location + "/data/x/f.parquet";
  const std::string other_file = purged.metadata->location + "/notes.txt";
  ASSERT_TRUE(io->WriteAll(context_, data_file, "x").ok());
  ASSERT_TRUE(io->WriteAll(context_, other_file, "x").ok());
  ASSERT_TRUE(catalog_->DropTable(context_, Id("a.kept"), false).ok());
  ASSERT_TRUE(catalog_->DropTable(context_, Id("a.purged"), true).ok());
  EXPECT_TRUE(Exists(kept, kept.metadata_location));
  EXPECT_FALSE(Exists(purged, purged.metadata_location));
  EXPECT_FALSE(Exists(purged, data_file));
  EXPECT_TRUE(Exists(purged, other_file)) << "lies outside of data and metadata";
  EXPECT_TRUE(Tables({"a"}).empty());
  EXPECT_KIND(catalog_->DropTable(context_, Id("a.kept"), false), kNotFound);
  EXPECT_KIND(catalog_->DropTable(context_, Id("a.purged"), true), kNotFound);
}

TEST_P(CatalogContract, PurgeRefusesAPlaceThatOtherTablesUse) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {}).ok());
  CreateTableRequest outer = NewTableRequest("a.outer");
  outer.location = folder_.path() + "/shared";
  CreateTableRequest inner = NewTableRequest("a.inner");
  inner.location = folder_.path() + "/shared/data/inner";
  const LoadedTable table = catalog_->CreateTable(context_, outer).ValueOrDie();
  ASSERT_TRUE(catalog_->CreateTable(context_, inner).ok());
  EXPECT_KIND(catalog_->DropTable(context_, Id("a.outer"), true), kInvalidArgument);
  EXPECT_TRUE(Exists(table, table.metadata_location));
  EXPECT_TRUE(catalog_->DropTable(context_, Id("a.inner"), true).ok());
  EXPECT_TRUE(catalog_->DropTable(context_, Id("a.outer"), true).ok());
}

TEST_P(CatalogContract, RegistersAMetadataFile) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {}).ok());
  const LoadedTable table = Create("a.t");
  ASSERT_TRUE(catalog_->DropTable(context_, Id("a.t"), false).ok());
  const auto again =
      catalog_->RegisterTable(context_, Id("a.u"), table.metadata_location).ValueOrDie();
  EXPECT_EQ(again.metadata->table_uuid, table.metadata->table_uuid);
  EXPECT_KIND(catalog_->RegisterTable(context_, Id("a.u"), table.metadata_location).status(),
              kAlreadyExists);
  EXPECT_TRUE(Exists(table, table.metadata_location));
  EXPECT_KIND(
      catalog_->RegisterTable(context_, Id("a.v"), table.metadata_location + ".no").status(),
      kNotFound);
  const Status nowhere = catalog_->RegisterTable(context_, Id("a.w"), "/x.json").status();
  EXPECT_KIND(nowhere, kInvalidArgument);
  EXPECT_THAT(nowhere.message(), ::testing::HasSubstr("lies in no folder"));
  EXPECT_THAT(nowhere.message(), ::testing::HasSubstr("/x.json"));
}

TEST_P(CatalogContract, CommitsAChange) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {}).ok());
  const LoadedTable table = Create("a.t");
  const CommitOutcome outcome = catalog_->CommitTable(context_, SetProperty(table, "k", "v"));
  ASSERT_EQ(outcome.kind, CommitOutcomeKind::kCommitted) << outcome.status.ToString();
  EXPECT_EQ(outcome.table->metadata->properties.at("k"), "v");
  EXPECT_THAT(outcome.table->metadata_location, ::testing::HasSubstr("/metadata/00001-"));
  const LoadedTable loaded = catalog_->LoadTable(context_, Id("a.t")).ValueOrDie();
  EXPECT_EQ(loaded.metadata_location, outcome.table->metadata_location);
  EXPECT_EQ(*loaded.metadata, *outcome.table->metadata);
  ASSERT_EQ(loaded.metadata->metadata_log.size(), 1u);
  EXPECT_EQ(loaded.metadata->metadata_log[0].metadata_file, table.metadata_location);
}

TEST_P(CatalogContract, ARequirementThatDoesNotHoldIsAConflict) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {}).ok());
  const LoadedTable table = Create("a.t");
  CommitRequest request = SetProperty(table, "k", "v");
  request.requirements.push_back(AssertRefSnapshotId{"main", SnapshotId(17)});
  const CommitOutcome outcome = catalog_->CommitTable(context_, request);
  EXPECT_EQ(outcome.kind, CommitOutcomeKind::kConflict);
  EXPECT_KIND(outcome.status, kCommitConflict);
  EXPECT_EQ(catalog_->LoadTable(context_, Id("a.t")).ValueOrDie().metadata_location,
            table.metadata_location);
}

TEST_P(CatalogContract, AnotherTableUnderTheNameRejectsTheCommit) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {}).ok());
  const LoadedTable table = Create("a.t");
  ASSERT_TRUE(catalog_->DropTable(context_, Id("a.t"), true).ok());
  Create("a.t");
  const CommitOutcome outcome = catalog_->CommitTable(context_, SetProperty(table, "k", "v"));
  EXPECT_EQ(outcome.kind, CommitOutcomeKind::kRejected);
  EXPECT_KIND(outcome.status, kCommitRejected);
}

TEST_P(CatalogContract, CommitsToNoTableOrWithBadUpdatesAreRejected) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {}).ok());
  const LoadedTable table = Create("a.t");
  CommitRequest request = SetProperty(table, "k", "v");
  request.identifier = Id("a.no");
  CommitOutcome outcome = catalog_->CommitTable(context_, request);
  EXPECT_EQ(outcome.kind, CommitOutcomeKind::kRejected);
  EXPECT_KIND(outcome.status, kNotFound);
  request = SetProperty(table, "k", "v");
  request.updates.push_back(SetCurrentSchema{SchemaId(99)});
  outcome = catalog_->CommitTable(context_, request);
  EXPECT_EQ(outcome.kind, CommitOutcomeKind::kRejected);
  const auto files = catalog_->FileIOFor(table).ValueOrDie()->List(
      context_, table.metadata->location + "/metadata");
  EXPECT_EQ(files.ValueOrDie().size(), 1u) << "a failed attempt leaves no file";
}

TEST_P(CatalogContract, CreatesATableByCommit) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {}).ok());
  const LoadedTable model = Create("a.model");
  CommitRequest request;
  request.identifier = Id("a.made");
  request.requirements = {AssertCreate{}};
  request.updates = *UpdatesToCreate(*model.metadata);
  request.updates.push_back(AssignUuid{"9c12d441-03fe-4693-9a96-a0705ddf69c1"});
  request.updates.push_back(SetLocation{model.metadata->location + "_made"});
  const CommitOutcome outcome = catalog_->CommitTable(context_, request);
  ASSERT_EQ(outcome.kind, CommitOutcomeKind::kCommitted) << outcome.status.ToString();
  const LoadedTable made = catalog_->LoadTable(context_, Id("a.made")).ValueOrDie();
  EXPECT_EQ(made.metadata->location, model.metadata->location + "_made");
  EXPECT_EQ(made.metadata->table_uuid, "9c12d441-03fe-4693-9a96-a0705ddf69c1");
  EXPECT_EQ(catalog_->CommitTable(context_, request).kind, CommitOutcomeKind::kConflict);
}

TEST_P(CatalogContract, ALockedCommitRebasesOnWhatIsThere) {
  if (!GetParam().quirks.supports_locked_commit) GTEST_SKIP();
  ASSERT_TRUE(catalog_->supports_locked_commit());
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {}).ok());
  const LoadedTable table = Create("a.t");
  ASSERT_EQ(catalog_->CommitTable(context_, SetProperty(table, "k", "1")).kind,
            CommitOutcomeKind::kCommitted);
  const CommitOutcome outcome =
      catalog_->CommitTableLocked(context_, Id("a.t"), [](const LoadedTable& current) {
        return SetProperty(current, "k", current.metadata->properties.at("k") + "2");
      });
  ASSERT_EQ(outcome.kind, CommitOutcomeKind::kCommitted) << outcome.status.ToString();
  EXPECT_EQ(outcome.table->metadata->properties.at("k"), "12");
}

TEST_P(CatalogContract, ARebaseThatFailsChangesNothing) {
  if (!GetParam().quirks.supports_locked_commit) GTEST_SKIP();
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {}).ok());
  const LoadedTable table = Create("a.t");
  const auto failing = [](ErrorKind kind) {
    return [kind](const LoadedTable&) -> Result<CommitRequest> { return Error(kind, "no"); };
  };
  EXPECT_EQ(
      catalog_->CommitTableLocked(context_, Id("a.t"), failing(ErrorKind::kCommitRejected)).kind,
      CommitOutcomeKind::kRejected);
  EXPECT_EQ(
      catalog_->CommitTableLocked(context_, Id("a.t"), failing(ErrorKind::kCommitConflict)).kind,
      CommitOutcomeKind::kConflict);
  EXPECT_EQ(catalog_->CommitTableLocked(context_, Id("a.no"), failing(ErrorKind::kIo)).kind,
            CommitOutcomeKind::kRejected);
  EXPECT_EQ(catalog_->LoadTable(context_, Id("a.t")).ValueOrDie().metadata_location,
            table.metadata_location);
  EXPECT_EQ(catalog_->CommitTable(context_, SetProperty(table, "k", "v")).kind,
            CommitOutcomeKind::kCommitted)
      << "the lock is free again";
}

TEST_P(CatalogContract, OfTwoWritersOnOneBaseOneWins) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {}).ok());
  const LoadedTable table = Create("a.t");
  CommitRequest request = SetProperty(table, "k", "v");
  request.requirements.push_back(AssertCurrentSchemaId{table.metadata->current_schema_id});
  request.updates.push_back(AddSchema{OneColumn(Type::String()), 1});
  request.updates.push_back(SetCurrentSchema{});
  EXPECT_EQ(catalog_->CommitTable(context_, request).kind, CommitOutcomeKind::kCommitted);
  EXPECT_EQ(catalog_->CommitTable(context_, request).kind, CommitOutcomeKind::kConflict);
}

TEST_P(CatalogContract, DeletesOldMetadataOnlyWhereAsked) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {}).ok());
  for (const bool asked : {false, true}) {
    CreateTableRequest create = NewTableRequest(asked ? "a.asked" : "a.not");
    create.properties = {{"write.metadata.previous-versions-max", "2"}};
    if (asked) create.properties["write.metadata.delete-after-commit.enabled"] = "true";
    LoadedTable table = catalog_->CreateTable(context_, create).ValueOrDie();
    for (int i = 0; i < 5; ++i) {
      CommitOutcome outcome =
          catalog_->CommitTable(context_, SetProperty(table, "k", std::to_string(i)));
      ASSERT_EQ(outcome.kind, CommitOutcomeKind::kCommitted) << outcome.status.ToString();
      table = *outcome.table;
    }
    const auto files = catalog_->FileIOFor(table).ValueOrDie()->List(
        context_, table.metadata->location + "/metadata");
    EXPECT_EQ(files.ValueOrDie().size(), asked ? 3u : 6u);
  }
}

TEST_P(CatalogContract, ReadsItsOwnCompressedMetadata) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {}).ok());
  CreateTableRequest create = NewTableRequest("a.t");
  create.properties = {{"write.metadata.compression-codec", "gzip"}};
  const LoadedTable table = catalog_->CreateTable(context_, create).ValueOrDie();
  EXPECT_THAT(table.metadata_location, ::testing::EndsWith(".gz.metadata.json"));
  const auto bytes =
      catalog_->FileIOFor(table).ValueOrDie()->ReadAll(context_, table.metadata_location);
  EXPECT_EQ((*bytes)->data()[0], 0x1f);
  EXPECT_EQ(catalog_->CommitTable(context_, SetProperty(table, "k", "v")).kind,
            CommitOutcomeKind::kCommitted);
}

TEST_P(CatalogContract, ACancelledOperationDoesNothing) {
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {}).ok());
  const LoadedTable table = Create("a.t");
  OperationContext cancelled;
  cancelled.cancel.Cancel();
  EXPECT_KIND(catalog_->LoadTable(cancelled, Id("a.t")).status(), kCancelled);
  EXPECT_KIND(catalog_->CreateNamespace(cancelled, {"b"}, {}), kCancelled);
  const CommitOutcome outcome = catalog_->CommitTable(cancelled, SetProperty(table, "k", "v"));
  EXPECT_EQ(outcome.kind, CommitOutcomeKind::kRejected);
  EXPECT_KIND(outcome.status, kCancelled);
}

TEST_P(CatalogContract, KeepsItsContentOverOpening) {
  if (!GetParam().quirks.is_persistent) GTEST_SKIP();
  ASSERT_TRUE(catalog_->CreateNamespace(context_, {"a"}, {{"k", "v"}}).ok());
  const LoadedTable table = Create("a.t");
  catalog_.reset();
  catalog_ = GetParam().open(folder_.path()).ValueOrDie();
  EXPECT_EQ(catalog_->LoadTable(context_, Id("a.t")).ValueOrDie().metadata_location,
            table.metadata_location);
  EXPECT_EQ(catalog_->LoadNamespaceProperties(context_, {"a"}).ValueOrDie().at("k"), "v");
}

}  // namespace iceframe
