// SPDX-License-Identifier: Apache-2.0
#include "iceframe/datafile/write_properties.h"

#include <charconv>
#include <limits>
#include <string_view>
#include <utility>

#include "iceframe/base/ascii.h"

namespace iceframe {
namespace {

Status BadProperty(std::string_view key, std::string_view value, std::string_view wanted) {
  return Error(ErrorKind::kInvalidArgument, "table property is not ", wanted, ": ", key, " = ",
               value);
}

Status ReadSize(const Properties& properties, std::string_view key, int64_t maximum, int64_t* out) {
  auto found = properties.find(key);
  if (found == properties.end()) return Status::OK();
  const std::string& text = found->second;
  int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number <= 0 || number > maximum) {
    return BadProperty(key, text, "a whole number above 0 and in range");
  }
  *out = number;
  return Status::OK();
}

Status ReadBool(const Properties& properties, std::string_view key, bool* out) {
  auto found = properties.find(key);
  if (found == properties.end()) return Status::OK();
  const std::string value = AsciiLower(found->second);
  if (value != "true" && value != "false") return BadProperty(key, found->second, "true or false");
  *out = value == "true";
  return Status::OK();
}

constexpr std::pair<std::string_view, arrow::Compression::type> kCodecs[] = {
    {"zstd", arrow::Compression::ZSTD},         {"snappy", arrow::Compression::SNAPPY},
    {"gzip", arrow::Compression::GZIP},         {"lz4", arrow::Compression::LZ4},
    {"lz4_raw", arrow::Compression::LZ4},       {"brotli", arrow::Compression::BROTLI},
    {"none", arrow::Compression::UNCOMPRESSED}, {"uncompressed", arrow::Compression::UNCOMPRESSED}};

Status ReadCodec(const Properties& properties, WriteProperties* out) {
  constexpr std::string_view kCodec = "write.parquet.compression-codec";
  const auto found = properties.find(kCodec);
  if (found == properties.end()) return Status::OK();
  const std::string name = AsciiLower(found->second);
  for (const auto& [known, codec] : kCodecs) {
    if (name != known) continue;
    out->codec = codec;
    return Status::OK();
  }
  return BadProperty(kCodec, found->second,
                     "one of zstd, snappy, gzip, lz4, brotli and uncompressed");
}

Status ReadCompressionLevel(const Properties& properties, WriteProperties* out) {
  constexpr std::string_view kLevel = "write.parquet.compression-level";
  auto found = properties.find(kLevel);
  if (found == properties.end() || found->second == "null") return Status::OK();
  const std::string& text = found->second;
  int level = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), level);
  if (error != std::errc() || end != text.data() + text.size()) {
    return BadProperty(kLevel, text, "a whole number");
  }
  if (arrow::util::Codec::SupportsCompressionLevel(out->codec)) {
    auto minimum = arrow::util::Codec::MinimumCompressionLevel(out->codec);
    auto maximum = arrow::util::Codec::MaximumCompressionLevel(out->codec);
    if (!minimum.ok() || !maximum.ok() || level < *minimum || level > *maximum) {
      return BadProperty(kLevel, text, "a level that the codec has");
    }
    out->compression_level = level;
  }
  return Status::OK();
}

Status ReadBloomFilters(const Properties& properties, WriteProperties* out) {
  constexpr std::string_view kEnabled = "write.parquet.bloom-filter-enabled.column.";
  constexpr std::string_view kRate = "write.parquet.bloom-filter-fpp.column.";
  for (auto item = properties.lower_bound(kEnabled);
       item != properties.end() && item->first.starts_with(kEnabled); ++item) {
    bool enabled = false;
    ICEFRAME_RETURN_NOT_OK(ReadBool(properties, item->first, &enabled));
    if (!enabled) continue;
    WriteProperties::BloomFilter filter;
    filter.column = item->first.substr(kEnabled.size());
    std::string rate_key(kRate);
    rate_key += filter.column;
    if (auto rate = properties.find(rate_key); rate != properties.end()) {
      const std::string& text = rate->second;
      auto [end, error] =
          std::from_chars(text.data(), text.data() + text.size(), filter.false_positive_rate);
      if (error != std::errc() || end != text.data() + text.size() ||
          !(filter.false_positive_rate > 0 && filter.false_positive_rate < 1)) {
        return BadProperty(rate->first, text, "a number between 0 and 1");
      }
    }
    out->bloom_filters.push_back(std::move(filter));
  }
  return Status::OK();
}

}  // namespace

Result<WriteProperties> WriteProperties::Parse(const Properties& properties) {
  constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
  constexpr int64_t kPageMax = int64_t{1} << 30;
  WriteProperties out;
  if (auto format = properties.find("write.format.default");
      format != properties.end() && AsciiLower(format->second) != "parquet") {
    return Error(ErrorKind::kUnsupported,
                 "data files of this format are not written: ", format->second,
                 " (write.format.default); set it to parquet");
  }
  ICEFRAME_RETURN_NOT_OK(
      ReadSize(properties, "write.target-file-size-bytes", kAny, &out.target_file_size_bytes));
  ICEFRAME_RETURN_NOT_OK(
      ReadSize(properties, "write.parquet.row-group-size-bytes", kAny, &out.row_group_size_bytes));
  ICEFRAME_RETURN_NOT_OK(
      ReadSize(properties, "write.parquet.row-group-limit", kAny, &out.row_group_limit));
  ICEFRAME_RETURN_NOT_OK(
      ReadSize(properties, "write.parquet.page-size-bytes", kPageMax, &out.page_size_bytes));
  ICEFRAME_RETURN_NOT_OK(
      ReadSize(properties, "write.parquet.page-row-limit", kPageMax, &out.page_row_limit));
  ICEFRAME_RETURN_NOT_OK(
      ReadSize(properties, "write.parquet.dict-size-bytes", kPageMax, &out.dict_size_bytes));
  ICEFRAME_RETURN_NOT_OK(ReadCodec(properties, &out));
  ICEFRAME_RETURN_NOT_OK(ReadCompressionLevel(properties, &out));
  ICEFRAME_RETURN_NOT_OK(ReadBloomFilters(properties, &out));
  ICEFRAME_RETURN_NOT_OK(
      ReadBool(properties, "write.object-storage.enabled", &out.object_storage_layout));
  ICEFRAME_RETURN_NOT_OK(ReadBool(properties, "write.object-storage.partitioned-paths",
                                  &out.object_storage_partitioned_paths));
  if (auto path = properties.find("write.data.path"); path != properties.end()) {
    out.data_path = path->second;
  } else if (auto old = properties.find("write.object-storage.path");
             old != properties.end() && out.object_storage_layout) {
    out.data_path = old->second;
  } else if (auto folder = properties.find("write.folder-storage.path");
             folder != properties.end()) {
    out.data_path = folder->second;
  }
  return out;
}

}  // namespace iceframe
