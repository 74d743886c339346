// SPDX-License-Identifier: Apache-2.0
#include "iceframe/catalog/metadata_files.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include <arrow/buffer.h>
#include <libdeflate.h>

#include "iceframe/base/uuid.h"
#include "iceframe/catalog/catalog_counters.h"
#include "iceframe/catalog/catalog_settings.h"
#include "iceframe/format/table_metadata_json.h"
#include "iceframe/runtime/shared_cache.h"

namespace iceframe {

namespace {

constexpr std::string_view kSuffix = ".metadata.json";
constexpr std::string_view kGzipSuffix = ".gz.metadata.json";
constexpr int kGzipLevel = 6;
// How many of the versions before one are looked for in the cache.
constexpr size_t kMaxForgotten = 100;
// Inflating beyond both of these is a bomb, not metadata.
constexpr int64_t kMinInflated = 64 * 1024 * 1024;
constexpr int64_t kMaxRatio = 100;

std::string_view View(const arrow::Buffer& buffer) {
  return {reinterpret_cast<const char*>(buffer.data()), static_cast<size_t>(buffer.size())};
}

bool IsGzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* decompressor) const {
    libdeflate_free_decompressor(decompressor);
  }
};
struct FreeCompressor {
  void operator()(libdeflate_compressor* compressor) const {
    libdeflate_free_compressor(compressor);
  }
};

Status TooLarge(int64_t max_size) {
  return Error(ErrorKind::kResourceExhausted, "metadata file is larger than metadata.max_size (",
               max_size, " bytes)");
}

// Inflates every member of a gzip file; buffers are charged to the operation.
Result<std::shared_ptr<arrow::Buffer>> Inflate(const OperationContext& context,
                                               std::string_view bytes, int64_t max_size) {
  const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor(
      libdeflate_alloc_decompressor());
  if (decompressor == nullptr) return Error(ErrorKind::kResourceExhausted, "no memory to inflate");
  const auto limit = static_cast<size_t>(
      std::min(max_size, std::max(kMinInflated, kMaxRatio * static_cast<int64_t>(bytes.size()))));
  const size_t guess = std::max<size_t>(bytes.size() * 8, 64 * 1024);
  ICEFRAME_ASSIGN_OR_RETURN(
      auto buffer,
      arrow::AllocateResizableBuffer(static_cast<int64_t>(std::min(limit, guess)), context.pool()));
  size_t filled = 0;
  while (!bytes.empty()) {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    size_t consumed = 0;
    size_t produced = 0;
    const auto capacity = static_cast<size_t>(buffer->size());
    const libdeflate_result result = libdeflate_gzip_decompress_ex(
        decompressor.get(), bytes.data(), bytes.size(), buffer->mutable_data() + filled,
        capacity - filled, &consumed, &produced);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
      if (capacity >= limit) return TooLarge(static_cast<int64_t>(limit));
      ICEFRAME_RETURN_NOT_OK(
          buffer->Resize(static_cast<int64_t>(std::min(limit, capacity * 2)), false));
      continue;
    }
    if (result != LIBDEFLATE_SUCCESS || consumed == 0) {
      return Error(ErrorKind::kInvalidMetadata, "metadata file is damaged: not valid gzip");
    }
    bytes.remove_prefix(consumed);
    filled += produced;
  }
  ICEFRAME_RETURN_NOT_OK(buffer->Resize(static_cast<int64_t>(filled), false));
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

Result<std::string> Deflate(std::string_view text) {
  const std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor(
      libdeflate_alloc_compressor(kGzipLevel));
  if (compressor == nullptr) return Error(ErrorKind::kResourceExhausted, "no memory to deflate");
  std::string out(libdeflate_gzip_compress_bound(compressor.get(), text.size()), '\0');
  const size_t size =
      libdeflate_gzip_compress(compressor.get(), text.data(), text.size(), out.data(), out.size());
  if (size == 0) return Error(ErrorKind::kIo, "metadata can't be compressed");
  out.resize(size);
  return out;
}

struct KeptMetadata {
  std::shared_ptr<const TableMetadata> metadata;
  int64_t file_bytes = 0;
};
using MetadataCache = SharedCache<KeptMetadata>;

// One per process: a location that carries a uuid names the same content for ever.
MetadataCache& Cache() {
  static auto& cache = *new MetadataCache(
      {.name = "table_metadata", .capacity_bytes = SharedCacheOptions::kAllOfShared});
  return cache;
}

CacheValue<KeptMetadata> CacheValueOf(KeptMetadata kept, int64_t text_size) {
  CacheValue<KeptMetadata> value;
  value.value = std::make_shared<const KeptMetadata>(std::move(kept));
  value.weight_bytes = text_size * kMetadataBytesPerTextByte;
  return value;
}

// Has a version take the place of those before it: each holds all of the table's snapshots, and a
// table that is written to every second would fill the cache with them.
void ForgetVersionsBefore(const TableMetadata& metadata) {
  const auto& log = metadata.metadata_log;
  const size_t first = log.size() > kMaxForgotten ? log.size() - kMaxForgotten : 0;
  for (size_t i = first; i < log.size(); ++i) Cache().Erase(log[i].metadata_file);
}

Result<CacheValue<KeptMetadata>> ReadUncached(const OperationContext& context, FileIO& io,
                                              const std::string& location) {
  ICEFRAME_ASSIGN_OR_RETURN(
      const int64_t max_size,
      SettingsReader(kCatalogSettings, context.settings.get()).Bytes("metadata.max_size"));
  ICEFRAME_ASSIGN_OR_RETURN(auto buffer, io.ReadAll(context, location));
  const int64_t file_bytes = buffer->size();
  context.counters->Add(CatalogCount::kMetadataBytesRead, file_bytes);
  if (IsGzip(View(*buffer))) {
    ICEFRAME_ASSIGN_OR_RETURN(buffer, Inflate(context, View(*buffer), max_size));
  }
  if (buffer->size() > max_size) return TooLarge(max_size);
  ICEFRAME_ASSIGN_OR_RETURN(auto metadata, TableMetadataFromJson(View(*buffer)));
  ForgetVersionsBefore(*metadata);
  return CacheValueOf({std::move(metadata), file_bytes}, buffer->size());
}

std::string FolderPath(std::string_view text) {
  while (text.size() > 1 && text.back() == '/') text.remove_suffix(1);
  return std::string(text);
}

std::string MetadataFolder(const TableMetadata& metadata) {
  const auto path = metadata.properties.find("write.metadata.path");
  if (path != metadata.properties.end() && !path->second.empty()) {
    return FolderPath(path->second);
  }
  return FolderPath(metadata.location) + "/metadata";
}

Result<bool> WantsGzip(const TableMetadata& metadata) {
  const auto codec = metadata.properties.find("write.metadata.compression-codec");
  if (codec == metadata.properties.end() || codec->second.empty()) return false;
  std::string name = codec->second;
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (name == "gzip") return true;
  if (name == "none" || name == "uncompressed") return false;
  return Error(ErrorKind::kInvalidArgument,
               "write.metadata.compression-codec is neither gzip nor none: ", codec->second);
}

}  // namespace

Result<std::shared_ptr<const TableMetadata>> ReadTableMetadata(const OperationContext& context,
                                                               FileIO& io,
                                                               const std::string& location) {
  const auto load = [&] { return ReadUncached(context, io, location); };
  // Other names ("v3.metadata.json") may be written again with other content.
  if (MetadataVersionOf(location) < 0) {
    ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(const auto loaded, load(), "metadata file", location);
    return loaded.value->metadata;
  }
  bool was_cached = false;
  ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(const auto kept,
                                    Cache().GetOrLoad(context, location, load, &was_cached),
                                    "metadata file", location);
  if (was_cached) context.counters->Add(CatalogCount::kMetadataBytesFromCache, kept->file_bytes);
  return kept->metadata;
}

Result<std::string> WriteTableMetadata(const OperationContext& context, FileIO& io,
                                       const std::shared_ptr<const TableMetadata>& metadata,
                                       const std::string& base_location) {
  ICEFRAME_ASSIGN_OR_RETURN(const bool gzip, WantsGzip(*metadata));
  const int64_t version = base_location.empty() ? 0 : MetadataVersionOf(base_location) + 1;
  char number[24];
  std::snprintf(number, sizeof(number), "%05lld", static_cast<long long>(version));
  std::string location = MetadataFolder(*metadata) + "/" + number + "-" + NewUuid();
  location += gzip ? kGzipSuffix : kSuffix;
  std::string text = TableMetadataToJson(*metadata);
  const auto text_size = static_cast<int64_t>(text.size());
  if (gzip) {
    ICEFRAME_ASSIGN_OR_RETURN(text, Deflate(text));
  }
  ICEFRAME_RETURN_NOT_OK(
      WithContext(io.WriteAll(context, location, text), "metadata file", location));
  ForgetVersionsBefore(*metadata);
  Cache().Put(location, CacheValueOf({metadata, static_cast<int64_t>(text.size())}, text_size));
  return location;
}

void ForgetTableMetadata(const std::string& location) { Cache().Erase(location); }

int64_t MetadataVersionOf(std::string_view metadata_location) {
  constexpr size_t kUuidLength = 36;
  std::string_view name = metadata_location.substr(metadata_location.rfind('/') + 1);
  int64_t version = 0;
  const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), version);
  if (code != std::errc() || name.front() == '-') return -1;
  // Counting goes on from it.
  if (version >= 1'000'000'000'000) return -1;
  name.remove_prefix(static_cast<size_t>(end - name.data()));
  if (!name.starts_with('-') || !name.ends_with(kSuffix)) return -1;
  name.remove_prefix(1);
  if (name.size() < kUuidLength + kSuffix.size()) return -1;
  if (!ParseUuid(name.substr(0, kUuidLength))) return -1;
  // Between the two there may be a codec: ".gz".
  const std::string_view codec =
      name.substr(kUuidLength, name.size() - kUuidLength - kSuffix.size());
  if (!codec.empty() && (codec.front() != '.' || codec.size() == 1)) return -1;
  return version;
}

}  // namespace iceframe
