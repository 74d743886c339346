// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include <libdeflate.h>

#include "iceframe/datafile/page_checksum_internal.h"

namespace iceframe::internal {
namespace {

/// libparquet has no type for this error.
constexpr std::string_view kLibparquetSays = "CRC checksum verification failed";

Status WrongChecksum() {
  return Error(ErrorKind::kInvalidData,
               "a page's bytes are not those that were written, by its checksum; "
               "restore the file from a copy");
}

}  // namespace

Status CheckPageBytes(const PageHeader& header, std::span<const uint8_t> bytes) {
  if (!header.checksum || libdeflate_crc32(0, bytes.data(), bytes.size()) == *header.checksum) {
    return Status::OK();
  }
  return WrongChecksum();
}

Status ChecksumErrorOf(const Status& status) {
  const bool is_checksum = status.message().find(kLibparquetSays) != std::string::npos;
  return is_checksum ? WrongChecksum() : status;
}

}  // namespace iceframe::internal
