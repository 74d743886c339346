// SPDX-License-Identifier: Apache-2.0
// Manifest lists: whole files, or (first byte 'e') records under our own schema. What reads must
// also write and read again alike.
#include <cstdlib>

#include "iceframe/format/avro_file.h"
#include "iceframe/format/manifest_avro_schema.h"
#include "iceframe/format/manifest_list_avro.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace iceframe;  // NOLINT(google-build-using-namespace)
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (size >= 2 && bytes[0] == 'e') {
    AvroFileWriter writer(*ManifestListAvroSchema(3), {}, AvroCodec::kNull);
    (void)writer.AppendBlock(static_cast<uint8_t>(bytes[1]), std::string_view(bytes).substr(2));
    bytes = writer.Finish();
  }
  auto files = ManifestListFromAvro(bytes);
  if (!files.ok()) return 0;
  ManifestListHeader header;
  header.format_version = 3;
  auto written = ManifestListToAvro(header, *files);
  if (!written.ok()) return 0;  // unknown counts, numbers left open
  auto again = ManifestListFromAvro(*written);
  if (!again.ok()) std::abort();
  for (ManifestFile& file : *files) {
    if (file.sequence_number == kUnassignedSequenceNumber) return 0;
    if (file.min_sequence_number == kUnassignedSequenceNumber) return 0;
  }
  if (*again != *files) std::abort();
  return 0;
}
