// SPDX-License-Identifier: Apache-2.0
// What the operating system says of the process's memory.
#pragma once

#include <cstdint>

#include "iceframe/base/result.h"

namespace iceframe {

/// The bytes of the process that are in memory now (resident set size), whoever allocated them.
/// Errors: Unsupported where the system doesn't tell.
Result<int64_t> ResidentBytes();

}  // namespace iceframe
