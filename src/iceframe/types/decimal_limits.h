// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace iceframe {

/// The most digits that a decimal has.
inline constexpr int32_t kMaxPrecision = 38;

}  // namespace iceframe
