// SPDX-License-Identifier: Apache-2.0
// The checksums that page headers carry of the bytes behind them (CRC-32, as gzip has it).
#pragma once

#include <cstdint>
#include <span>

#include "iceframe/base/result.h"
#include "iceframe/datafile/page_header_internal.h"

namespace iceframe::internal {

/// Checks a page's bytes, as they stand in the file, against its header; OK where that has no
/// checksum. Errors: InvalidData.
Status CheckPageBytes(const PageHeader& header, std::span<const uint8_t> bytes);

/// Gives what libparquet says of a page with a wrong checksum the form of CheckPageBytes; any other
/// status stays as it is.
Status ChecksumErrorOf(const Status& status);

}  // namespace iceframe::internal
