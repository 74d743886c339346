// SPDX-License-Identifier: Apache-2.0
// Manifests: whole files, or (first byte 'e') the entries of a block under our own schema, which
// lets mutations reach the entries without a sync marker in their way.
#include <cstdlib>

#include "iceframe/format/avro_file.h"
#include "iceframe/format/columnar_manifest.h"
#include "iceframe/format/manifest_avro_schema.h"

#include "unit/format/manifest_samples.h"

namespace iceframe {
namespace {

const Type& SamplePartitionType() {
  static const Type type = *PartitionType(SampleSpec(), *SampleSchema());
  return type;
}

// 'e', the number of entries, then the block.
std::string FileAround(std::string_view input) {
  static const std::string schema = *ManifestAvroSchema(3, SamplePartitionType());
  AvroFileWriter writer(schema, {}, AvroCodec::kNull);
  (void)writer.AppendBlock(static_cast<uint8_t>(input[1]), input.substr(2));
  return writer.Finish();
}

void ReadAll(const ColumnarManifest& manifest, const Type& partition_type) {
  for (int64_t i = 0; i < std::min<int64_t>(manifest.num_entries(), 200); ++i) {
    auto entry = manifest.Entry(i);
    if (!entry.ok()) std::abort();
    const DataFile& file = entry->data_file;
    if (file.file_path != manifest.file_path(i)) std::abort();
    for (size_t field = 0; field < file.partition.size(); ++field) {
      if (!Fits(partition_type.fields()[field].type, file.partition[field])) std::abort();
    }
  }
  for (FieldId id : {1, 2, 10}) {
    for (const Type& type :
         {Type::Int(), Type::Double(), Type::String(), Type::TimestampNs(), *Type::Decimal(9, 2)}) {
      auto statistics = manifest.Statistics(id, type);
      if (statistics->value_counts.size() != static_cast<size_t>(manifest.num_entries())) {
        std::abort();
      }
    }
  }
  for (size_t field = 0; field < partition_type.fields().size(); ++field) {
    (void)manifest.PartitionStatistics(static_cast<int>(field));
  }
  if (manifest.num_bytes() <= 0) std::abort();
}

}  // namespace
}  // namespace iceframe

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace iceframe;  // NOLINT(google-build-using-namespace)
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (size >= 2 && bytes[0] == 'e') bytes = FileAround(bytes);
  for (ManifestContent content : {ManifestContent::kData, ManifestContent::kDeletes}) {
    ManifestFile file = SampleManifestFile(content);
    if (content == ManifestContent::kData) file.first_row_id = 1000;
    for (const Type& partition_type : {SamplePartitionType(), Type::Struct({})}) {
      auto manifest = ColumnarManifest::FromAvro(bytes, file, partition_type);
      if (manifest.ok()) ReadAll(**manifest, partition_type);
    }
  }
  return 0;
}
