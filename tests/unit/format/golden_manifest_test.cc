// SPDX-License-Identifier: Apache-2.0
// Manifests and lists that PyIceberg wrote, against what it reads in them
// (tests/golden/manifests/generate.py).
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "iceframe/format/avro_file.h"
#include "iceframe/format/columnar_manifest.h"
#include "iceframe/format/manifest_list_avro.h"
#include "iceframe/format/table_metadata_json.h"
#include "iceframe/types/schema_json.h"

#include "interop/manifest_json.h"

namespace iceframe {
namespace {

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::vector<std::filesystem::path> GoldenFiles(bool lists) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry :
       std::filesystem::directory_iterator(ICEFRAME_TESTS_DIR "/golden/manifests")) {
    const std::string name = entry.path().filename().string();
    const bool is_list = name.find("-list") != std::string::npos;
    if (entry.path().extension() == ".avro" && is_list == lists) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::vector<std::string> ExpectedItems(std::filesystem::path path) {
  std::vector<std::string> items;
  Json expected = *Json::Parse(ReadFile(path.replace_extension(".json")));
  for (const Json& item : expected.items()) items.push_back(item.Dump());
  return items;
}

Type PartitionTypeOf(const std::string& bytes) {
  auto metadata = AvroFileReader::Make(bytes)->metadata();
  auto schema = *SchemaFromJson(*Json::Parse(metadata["schema"]));
  Json spec = Json::Object({{"spec-id", Json::Number(metadata["partition-spec-id"])},
                            {"fields", *Json::Parse(metadata["partition-spec"])}});
  return *PartitionType(*PartitionSpecFromJson(spec), *schema);
}

TEST(GoldenManifest, ManifestsReadAsPyIcebergReadsThem) {
  const auto paths = GoldenFiles(false);
  ASSERT_EQ(paths.size(), 8u);
  for (const auto& path : paths) {
    SCOPED_TRACE(path.filename().string());
    const std::string bytes = ReadFile(path);
    const auto list =
        *ManifestListFromAvro(ReadFile(path.parent_path() / (path.stem().string() + "-list.avro")));
    const Type partition_type = PartitionTypeOf(bytes);
    auto manifest = ColumnarManifest::FromAvro(bytes, list.at(0), partition_type);
    ASSERT_TRUE(manifest.ok()) << manifest.status();
    std::vector<std::string> read;
    for (int64_t i = 0; i < (*manifest)->num_entries(); ++i) {
      read.push_back(ManifestEntryJson(*(*manifest)->Entry(i), partition_type)->Dump());
    }
    EXPECT_EQ(read, ExpectedItems(path));
  }
}

TEST(GoldenManifest, ListsReadAsPyIcebergReadsThem) {
  const auto paths = GoldenFiles(true);
  ASSERT_EQ(paths.size(), 8u);
  for (const auto& path : paths) {
    SCOPED_TRACE(path.filename().string());
    std::vector<std::string> read;
    for (const ManifestFile& file : *ManifestListFromAvro(ReadFile(path))) {
      read.push_back(ManifestFileJson(file).Dump());
    }
    EXPECT_EQ(read, ExpectedItems(path));
  }
}

}  // namespace
}  // namespace iceframe
