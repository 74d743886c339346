// SPDX-License-Identifier: Apache-2.0
#include <libdeflate.h>

#include "iceframe/datafile/page_checksum_internal.h"

namespace iceframe::internal {

Status CheckPageBytes(const PageHeader& header, std::span<const uint8_t> bytes) {
  if (!header.checksum || libdeflate_crc32(0, bytes.data(), bytes.size()) == *header.checksum) {
    return Status::OK();
  }
  return Error(ErrorKind::kInvalidData,
               "a page's bytes are not those that were written, by its checksum; "
               "restore the file from a copy");
}

}  // namespace iceframe::internal
