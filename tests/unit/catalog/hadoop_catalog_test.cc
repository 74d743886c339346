// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/hadoop_catalog.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/catalog/make_catalog.h"

#include "support/temp_folder.h"

namespace iceframe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class HadoopCatalogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    catalog_ = MakeCatalog({{"type", "hadoop"}, {"warehouse", folder_.path() + "/"}}).ValueOrDie();
  }

  void Put(const std::string& file, const std::string& content = "") {
    const std::filesystem::path path = folder_.path() + "/" + file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << content;
  }
  /// Returns the name of the table's metadata file; empty if the table does not exist.
  std::string Found(const TableIdentifier& table) {
    const auto location = catalog_->FindMetadataLocation({}, table).ValueOrDie().value_or("");
    return location.substr(location.rfind('/') + 1);
  }

  TempFolder folder_;
  std::shared_ptr<Catalog> catalog_;
};

TEST_F(HadoopCatalogTest, TheHighestVersionIsTheTable) {
  for (const std::string version : {"v1", "v9", "v10"})
    Put("a/t/metadata/" + version + ".metadata.json");
  Put("a/t/metadata/version-hint.text", "9");
  Put("a/t/metadata/v11.metadata.json.tmp");
  Put("a/t/metadata/v-12.metadata.json");
  Put("a/t/metadata/snap-99.avro");
  EXPECT_EQ(Found({{"a"}, "t"}), "v10.metadata.json");
  Put("a/t/metadata/v12.gz.metadata.json");
  EXPECT_EQ(Found({{"a"}, "t"}), "v12.gz.metadata.json");
  Put("a/t/metadata/v13.metadata.json.gz");
  EXPECT_EQ(Found({{"a"}, "t"}), "v13.metadata.json.gz");
  // Of one version twice, always the same.
  Put("a/t/metadata/v13.metadata.json");
  EXPECT_EQ(Found({{"a"}, "t"}), "v13.metadata.json");
  Put("a/t/metadata/v13.gz.metadata.json");
  EXPECT_EQ(Found({{"a"}, "t"}), "v13.gz.metadata.json");
}

TEST_F(HadoopCatalogTest, AHintTellsWhereThereAreNoVersions) {
  Put("a/t/metadata/00001-abc.metadata.json");
  EXPECT_EQ(Found({{"a"}, "t"}), "");
  Put("a/t/metadata/version-hint.text", "00001-abc\n");
  EXPECT_EQ(Found({{"a"}, "t"}), "00001-abc.metadata.json");
  Put("a/t/metadata/version-hint.text", "../../x");
  EXPECT_THAT(catalog_->FindMetadataLocation({}, {{"a"}, "t"}).status().message(),
              HasSubstr("names no metadata file"));
}

TEST_F(HadoopCatalogTest, ListsFoldersThatHoldTables) {
  Put("a/t/metadata/v1.metadata.json");
  Put("a/t/data/file.parquet");
  Put("a/b/u/metadata/version-hint.text", "1");
  Put("a/none/data/file.parquet");
  const std::vector<TableIdentifier> tables = catalog_->ListTables({}, {"a"}).ValueOrDie();
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(tables[0].ToString(), "a.t");
  EXPECT_THAT(catalog_->ListNamespaces({}, {}).ValueOrDie(), ElementsAre(Namespace{"a"}));
  EXPECT_THAT(catalog_->ListNamespaces({}, {"a"}).ValueOrDie(), ElementsAre(Namespace{"a", "b"}));
  EXPECT_FALSE(catalog_->NamespaceExists({}, {"c"}).ValueOrDie());
}

TEST_F(HadoopCatalogTest, NamesLeadNowhereElse) {
  Put("a/t/metadata/v1.metadata.json");
  EXPECT_NE(Found({{"a"}, "t"}), "");
  for (const TableIdentifier& table :
       {TableIdentifier{{"a", ".."}, "t"}, {{"."}, "t"}, {{"a/"}, "t"}, {{}, "a/t"}}) {
    const auto found = catalog_->FindMetadataLocation({}, table);
    EXPECT_TRUE(!found.ok() || !*found) << table.ToString();
  }
}

TEST_F(HadoopCatalogTest, ChangesAreRefusedWithARemedy) {
  const Status status = catalog_->CreateNamespace({}, {"a"}, {});
  EXPECT_EQ(KindOf(status), ErrorKind::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("register"));
  EXPECT_EQ(KindOf(catalog_->RenameTable({}, {{"a"}, "t"}, {{"a"}, "u"})), ErrorKind::kUnsupported);
  EXPECT_EQ(KindOf(catalog_->DropTable({}, {{"a"}, "t"}, false)), ErrorKind::kUnsupported);
}

TEST(HadoopCatalog, NeedsAWarehouse) {
  const auto catalog = MakeCatalog({{"type", "hadoop"}});
  EXPECT_EQ(KindOf(catalog.status()), ErrorKind::kInvalidArgument);
  EXPECT_THAT(catalog.status().message(), HasSubstr("warehouse"));
}

}  // namespace
}  // namespace iceframe
