// SPDX-License-Identifier: Apache-2.0
// Avro object container files: header, blocks, sync markers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/format/avro_codec.h"
#include "iceframe/format/avro_datum.h"

namespace iceframe {

inline constexpr char kAvroSchemaKey[] = "avro.schema";
inline constexpr char kAvroCodecKey[] = "avro.codec";

struct AvroBlock {
  int64_t num_objects = 0;
  /// Still compressed.
  std::string_view data;
};

/// Walks the blocks of a container file whose bytes the caller keeps alive.
class AvroFileReader {
 public:
  /// Reads the header. Errors: InvalidData; Unsupported naming the codec.
  static Result<AvroFileReader> Make(std::string_view bytes);

  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// The writer's schema as text; AvroSchemaDocument parses it.
  const std::string& schema_text() const { return metadata_.at(kAvroSchemaKey); }
  AvroCodec codec() const { return codec_; }

  /// The next block, or nullopt at the end of the file. Errors: InvalidData.
  Result<std::optional<AvroBlock>> NextBlock();

  /// A decompressor with the limit that the file's size gives.
  AvroDecompressor MakeDecompressor() const {
    return AvroDecompressor(codec_, AvroDecompressor::MaxSize(num_bytes_));
  }

 private:
  AvroFileReader(std::string_view bytes) : num_bytes_(bytes.size()), cursor_(bytes) {}

  size_t num_bytes_;
  AvroCursor cursor_;
  std::map<std::string, std::string> metadata_;
  AvroCodec codec_ = AvroCodec::kNull;
  std::string_view sync_;
};

/// Reads every datum of a file, of any schema, in order, each handed over with its schema.
/// Errors: InvalidData; Unsupported; ResourceExhausted; those of `visit`.
Status ForEachAvroDatum(std::string_view bytes,
                        const std::function<Status(const AvroSchema&, AvroDatum)>& visit);

/// Writes a container file into memory, block by block.
class AvroFileWriter {
 public:
  /// `metadata` comes without the schema's and the codec's key.
  AvroFileWriter(std::string_view schema_text, std::map<std::string, std::string> metadata,
                 AvroCodec codec = AvroCodec::kDeflate);

  Status AppendBlock(int64_t num_objects, std::string_view data);
  int64_t num_bytes() const { return static_cast<int64_t>(out_.size()); }
  /// The file's bytes; the writer is used up.
  std::string Finish() { return std::move(out_); }

 private:
  AvroCodec codec_;
  std::string sync_;
  std::string out_;
};

}  // namespace iceframe
