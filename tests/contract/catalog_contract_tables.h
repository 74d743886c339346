// SPDX-License-Identifier: Apache-2.0
// What every Catalog does with tables.
#pragma once

#include "contract/catalog_contract_fixture.h"

namespace iceframe {

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
