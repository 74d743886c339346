// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/metadata_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libdeflate.h>

#include "iceframe/base/uuid.h"
#include "iceframe/catalog/identifier.h"
#include "iceframe/catalog/warehouse_internal.h"
#include "iceframe/format/table_metadata_builder.h"
#include "iceframe/format/table_metadata_json.h"

#include "support/catalog_samples.h"

namespace iceframe {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kUuid = "6c97e413-d51b-4538-ac70-12fe2a85cb83";

std::string Gzip(std::string_view text) {
  libdeflate_compressor* compressor = libdeflate_alloc_compressor(9);
  std::string out(libdeflate_gzip_compress_bound(compressor, text.size()), '\0');
  out.resize(
      libdeflate_gzip_compress(compressor, text.data(), text.size(), out.data(), out.size()));
  libdeflate_free_compressor(compressor);
  return out;
}

class MetadataFilesTest : public ::testing::Test {
 protected:
  MetadataFilesTest() {
    NewTable table;
    table.table_uuid = kUuid;
    table.location = place_ + "/t";
    table.schema = OneColumn();
    metadata_ = MakeTableMetadata(table).ValueOrDie();
  }

  std::shared_ptr<const TableMetadata> With(const Properties& properties) {
    return ApplyUpdates(*metadata_, {SetProperties{properties}}, {}).ValueOrDie();
  }
  Status ReadBack(const std::string& name, const std::string& content) {
    const std::string location = place_ + "/" + name;
    EXPECT_TRUE(io_->WriteAll(context_, location, content, OverwriteMode::kOverwrite).ok());
    return ReadTableMetadata(context_, *io_, location).status();
  }

  OperationContext context_;
  std::string place_ = "memory://" + NewUuid();
  std::shared_ptr<FileIO> io_ = MakeFileIO().ValueOrDie();
  std::shared_ptr<const TableMetadata> metadata_;
};

TEST(MetadataVersion, IsReadFromNamesThatCarryAUuid) {
  const std::string uuid(kUuid);
  EXPECT_EQ(MetadataVersionOf("/t/metadata/00003-" + uuid + ".metadata.json"), 3);
  EXPECT_EQ(MetadataVersionOf("123456-" + uuid + ".gz.metadata.json"), 123456);
  for (const std::string& other :
       {std::string("v3.metadata.json"), "00003-" + uuid + ".json",
        std::string("00003-x.metadata.json"), "-1-" + uuid + ".metadata.json",
        "99999999999999999999-" + uuid + ".metadata.json", std::string(),
        "00003-" + uuid + "x.metadata.json", std::string("/")}) {
    EXPECT_EQ(MetadataVersionOf(other), -1) << other;
  }
}

TEST(TableRoot, IsTheFolderAboveMetadata) {
  EXPECT_EQ(TableRootOf("/wh/a/t/metadata/x.metadata.json"), "/wh/a/t");
  EXPECT_EQ(TableRootOf("s3://b/t/metadata/x.json"), "s3://b/t");
  EXPECT_EQ(TableRootOf("/wh/a/t/x.json"), "/wh/a/t");
  EXPECT_EQ(TableRootOf("/metadata/x.json"), "/metadata");
  EXPECT_EQ(TableRootOf("s3://metadata/x.json"), "s3://metadata");
}

TEST(Identifier, ParsesAndPrints) {
  const auto id = TableIdentifier::Parse("a.b.t").ValueOrDie();
  EXPECT_EQ(id.name_space, (Namespace{"a", "b"}));
  EXPECT_EQ(id.name, "t");
  EXPECT_EQ(id.ToString(), "a.b.t");
  for (const char* bad : {"", ".", "a.", ".t", "a..t"}) {
    EXPECT_EQ(KindOf(TableIdentifier::Parse(bad).status()), ErrorKind::kInvalidArgument) << bad;
  }
}

TEST_F(MetadataFilesTest, VersionsCountOnFromTheBase) {
  const std::string first = WriteTableMetadata(context_, *io_, metadata_, "").ValueOrDie();
  EXPECT_THAT(first, StartsWith(place_ + "/t/metadata/00000-"));
  const std::string second = WriteTableMetadata(context_, *io_, metadata_, first).ValueOrDie();
  EXPECT_THAT(second, StartsWith(place_ + "/t/metadata/00001-"));
  const std::string other =
      WriteTableMetadata(context_, *io_, metadata_, "/x/v7.metadata.json").ValueOrDie();
  EXPECT_THAT(other, StartsWith(place_ + "/t/metadata/00000-"));
}

TEST_F(MetadataFilesTest, HonoursPathAndCodec) {
  const auto elsewhere = With({{"write.metadata.path", place_ + "/meta/"}});
  EXPECT_THAT(*WriteTableMetadata(context_, *io_, elsewhere, ""),
              StartsWith(place_ + "/meta/00000-"));
  const auto gzip = With({{"write.metadata.compression-codec", "GZIP"}});
  EXPECT_THAT(*WriteTableMetadata(context_, *io_, gzip, ""), EndsWith(".gz.metadata.json"));
  const auto odd = With({{"write.metadata.compression-codec", "zip"}});
  EXPECT_EQ(KindOf(WriteTableMetadata(context_, *io_, odd, "").status()),
            ErrorKind::kInvalidArgument);
}

TEST_F(MetadataFilesTest, ReadsGzipByContentWhateverTheName) {
  const std::string text = TableMetadataToJson(*metadata_);
  EXPECT_TRUE(ReadBack("v1.metadata.json", text).ok());
  EXPECT_TRUE(ReadBack("v2.metadata.json", Gzip(text)).ok());
  EXPECT_TRUE(ReadBack("v3.gz.metadata.json", text).ok());
  const size_t half = text.size() / 2;
  EXPECT_TRUE(
      ReadBack("v4.metadata.json", Gzip(text.substr(0, half)) + Gzip(text.substr(half))).ok())
      << "several members";
}

TEST_F(MetadataFilesTest, OtherNamesAreReadAnew) {
  const auto changed = With({{"k", "v"}});
  EXPECT_TRUE(ReadBack("v1.metadata.json", TableMetadataToJson(*metadata_)).ok());
  EXPECT_TRUE(ReadBack("v1.metadata.json", TableMetadataToJson(*changed)).ok());
  const auto read = ReadTableMetadata(context_, *io_, place_ + "/v1.metadata.json").ValueOrDie();
  EXPECT_EQ(read->properties.at("k"), "v");
}

TEST_F(MetadataFilesTest, NamesWithAUuidAreReadOnce) {
  const std::string location = WriteTableMetadata(context_, *io_, metadata_, "").ValueOrDie();
  ASSERT_TRUE(io_->Delete(context_, location).ok());
  EXPECT_TRUE(ReadTableMetadata(context_, *io_, location).ok());
}

TEST_F(MetadataFilesTest, AVersionTakesThePlaceOfThoseBefore) {
  const std::string first = WriteTableMetadata(context_, *io_, metadata_, "").ValueOrDie();
  const auto next = [&](const std::string& base) {
    ApplyOptions options;
    options.base_metadata_location = base;
    return ApplyUpdates(*metadata_, {SetProperties{{{"k", "v"}}}}, options).ValueOrDie();
  };
  const std::string second = WriteTableMetadata(context_, *io_, next(first), first).ValueOrDie();
  // Of another process.
  const std::string name = place_ + "/t/metadata/00002-" + NewUuid() + ".metadata.json";
  ASSERT_TRUE(io_->WriteAll(context_, name, TableMetadataToJson(*next(second))).ok());
  const auto is_kept = [&](const std::string& location) {
    // It may be gone already.
    (void)io_->Delete(context_, location);
    return ReadTableMetadata(context_, *io_, location).ok();
  };
  EXPECT_FALSE(is_kept(first));
  ASSERT_TRUE(ReadTableMetadata(context_, *io_, name).ok());
  EXPECT_FALSE(is_kept(second));
  EXPECT_TRUE(is_kept(name));
  ForgetTableMetadata(name);
  EXPECT_FALSE(is_kept(name));
}

TEST_F(MetadataFilesTest, HostileFilesAreErrors) {
  const std::string text = TableMetadataToJson(*metadata_);
  const std::string gzip = Gzip(text);
  EXPECT_EQ(KindOf(ReadBack("a", gzip.substr(0, gzip.size() / 2))), ErrorKind::kInvalidMetadata);
  EXPECT_EQ(KindOf(ReadBack("b", gzip + "x")), ErrorKind::kInvalidMetadata);
  EXPECT_EQ(KindOf(ReadBack("c", "")), ErrorKind::kInvalidMetadata);
  EXPECT_EQ(KindOf(ReadBack("d", "\x1f\x8b")), ErrorKind::kInvalidMetadata);
  EXPECT_EQ(KindOf(ReadBack("e", text.substr(0, text.size() - 1))), ErrorKind::kInvalidMetadata);
  const Status status = ReadTableMetadata(context_, *io_, place_ + "/none").status();
  EXPECT_EQ(KindOf(status), ErrorKind::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr(place_ + "/none"));
}

TEST_F(MetadataFilesTest, ABombIsNotInflated) {
  const std::string bomb = Gzip(std::string(80 * 1024 * 1024, ' '));
  ASSERT_LT(bomb.size(), 200'000u);
  EXPECT_EQ(KindOf(ReadBack("bomb", bomb)), ErrorKind::kResourceExhausted);

  const Properties small = {{"metadata.max_size", "1MiB"}};
  context_.settings = std::make_shared<Properties>(small);
  EXPECT_EQ(KindOf(ReadBack("large", std::string(2 * 1024 * 1024, ' '))),
            ErrorKind::kResourceExhausted);
}

}  // namespace
}  // namespace iceframe
