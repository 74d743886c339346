// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/data_file.h"

#include <cctype>

namespace iceframe {

std::string_view ToString(FileContent content) {
  switch (content) {
    case FileContent::kData:
      return "data";
    case FileContent::kPositionDeletes:
      return "position-deletes";
    case FileContent::kEqualityDeletes:
      return "equality-deletes";
  }
  return "?";
}

std::string_view ToString(FileFormat format) {
  switch (format) {
    case FileFormat::kParquet:
      return "PARQUET";
    case FileFormat::kAvro:
      return "AVRO";
    case FileFormat::kOrc:
      return "ORC";
    case FileFormat::kPuffin:
      return "PUFFIN";
  }
  return "?";
}

Result<FileFormat> FileFormatFromName(std::string_view name) {
  for (FileFormat format :
       {FileFormat::kParquet, FileFormat::kAvro, FileFormat::kOrc, FileFormat::kPuffin}) {
    const std::string_view known = ToString(format);
    const bool same = std::equal(known.begin(), known.end(), name.begin(), name.end(),
                                 [](char a, char b) { return a == std::toupper(uint8_t(b)); });
    if (same) return format;
  }
  return Error(ErrorKind::kUnsupported, "file format is not supported: ", name);
}

}  // namespace iceframe
