// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/avro_file.h"

#include <utility>

namespace iceframe {

namespace {

constexpr std::string_view kMagic("Obj\x01", 4);
constexpr int64_t kSyncSize = 16;
constexpr int64_t kMinNodeBudget = 1 << 20;
constexpr int64_t kNodesPerByte = 8;

// The marker follows from the header, so that equal content gives equal files.
std::string MakeSyncMarker(std::string_view header) {
  std::string marker;
  for (uint64_t seed : {0xcbf29ce484222325ULL, 0x9e3779b97f4a7c15ULL}) {
    uint64_t hash = seed;
    for (char byte : header) hash = (hash ^ static_cast<uint8_t>(byte)) * 0x100000001b3ULL;
    for (int i = 0; i < 8; ++i) marker.push_back(static_cast<char>(hash >> (8 * i)));
  }
  return marker;
}

}  // namespace

Result<AvroFileReader> AvroFileReader::Make(std::string_view bytes) {
  AvroFileReader reader(bytes);
  AvroCursor& cursor = reader.cursor_;
  if (cursor.ReadFixed(kMagic.size()) != kMagic) {
    return Error(ErrorKind::kInvalidData, "not an Avro file: it does not begin with Obj1");
  }
  while (int64_t count = cursor.ReadBlockCount(2)) {
    for (; count > 0 && cursor.ok(); --count) {
      const std::string_view key = cursor.ReadBytes();
      const std::string_view value = cursor.ReadBytes();
      reader.metadata_.insert_or_assign(std::string(key), std::string(value));
    }
  }
  reader.sync_ = cursor.ReadFixed(kSyncSize);
  ICEFRAME_RETURN_NOT_OK(cursor.status());
  if (!reader.metadata_.contains(kAvroSchemaKey)) {
    return Error(ErrorKind::kInvalidData, "Avro file has no schema in its header");
  }
  auto codec = reader.metadata_.find(kAvroCodecKey);
  if (codec != reader.metadata_.end()) {
    ICEFRAME_ASSIGN_OR_RETURN(reader.codec_, AvroCodecFromName(codec->second));
  }
  return reader;
}

Result<std::optional<AvroBlock>> AvroFileReader::NextBlock() {
  ICEFRAME_RETURN_NOT_OK(cursor_.status());
  if (cursor_.remaining() == 0) return std::nullopt;
  AvroBlock block;
  block.num_objects = cursor_.ReadLong();
  block.data = cursor_.ReadBytes();
  const std::string_view sync = cursor_.ReadFixed(kSyncSize);
  ICEFRAME_RETURN_NOT_OK(cursor_.status());
  if (block.num_objects < 0) {
    return Error(ErrorKind::kInvalidData, "Avro block has a negative count: ", block.num_objects);
  }
  if (sync != sync_) {
    return Error(ErrorKind::kInvalidData, "Avro block does not end in the file's sync marker");
  }
  return std::optional<AvroBlock>(block);
}

Status ForEachAvroDatum(std::string_view bytes,
                        const std::function<Status(const AvroSchema&, AvroDatum)>& visit) {
  ICEFRAME_ASSIGN_OR_RETURN(AvroFileReader reader, AvroFileReader::Make(bytes));
  ICEFRAME_ASSIGN_OR_RETURN(auto document, AvroSchemaDocument::Parse(reader.schema_text()));
  const AvroSchema& root = document->root();
  AvroDecompressor decompressor = reader.MakeDecompressor();
  AvroBuffer buffer;
  int64_t node_budget = kMinNodeBudget + kNodesPerByte * static_cast<int64_t>(bytes.size());
  while (true) {
    ICEFRAME_ASSIGN_OR_RETURN(std::optional<AvroBlock> block, reader.NextBlock());
    if (!block) return Status::OK();
    buffer.set_size(0);
    ICEFRAME_RETURN_NOT_OK(decompressor.Append(block->data, &buffer));
    AvroCursor cursor(buffer.view());
    for (int64_t i = 0; i < block->num_objects; ++i) {
      ICEFRAME_ASSIGN_OR_RETURN(AvroDatum datum, ReadAvroDatum(root, &cursor, &node_budget));
      ICEFRAME_RETURN_NOT_OK(visit(root, std::move(datum)));
    }
    if (cursor.remaining() != 0) {
      return Error(ErrorKind::kInvalidData,
                   "Avro block goes on after its last object: ", cursor.remaining(), " bytes");
    }
  }
}

AvroFileWriter::AvroFileWriter(std::string_view schema_text,
                               std::map<std::string, std::string> metadata, AvroCodec codec)
    : codec_(codec) {
  metadata[kAvroSchemaKey] = schema_text;
  metadata[kAvroCodecKey] = ToString(codec);
  out_ = kMagic;
  AvroEncoder encoder(&out_);
  encoder.WriteLong(static_cast<int64_t>(metadata.size()));
  for (const auto& [key, value] : metadata) {
    encoder.WriteBytes(key);
    encoder.WriteBytes(value);
  }
  encoder.WriteLong(0);
  sync_ = MakeSyncMarker(out_);
  encoder.WriteFixed(sync_);
}

Status AvroFileWriter::AppendBlock(int64_t num_objects, std::string_view data) {
  ICEFRAME_ASSIGN_OR_RETURN(std::string compressed, AvroCompress(codec_, data));
  AvroEncoder encoder(&out_);
  encoder.WriteLong(num_objects);
  encoder.WriteBytes(compressed);
  encoder.WriteFixed(sync_);
  return Status::OK();
}

}  // namespace iceframe
