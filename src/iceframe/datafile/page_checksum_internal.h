// SPDX-License-Identifier: Apache-2.0
// The checksum that a page header carries of the bytes behind them (CRC-32, as gzip has it).
#pragma once

#include <cstdint>
#include <span>

#include "iceframe/base/result.h"
#include "iceframe/datafile/page_header_internal.h"

namespace iceframe::internal {

/// Checks a page's bytes, as they stand in the file, against its header; OK where that has no
/// checksum. Errors: InvalidData.
Status CheckPageBytes(const PageHeader& header, std::span<const uint8_t> bytes);

}  // namespace iceframe::internal
