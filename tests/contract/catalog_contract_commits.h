// SPDX-License-Identifier: Apache-2.0
// What every Catalog does with commits.
#pragma once

#include "contract/catalog_contract_fixture.h"

namespace iceframe {

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

}  // namespace iceframe
