// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace iceframe::internal {

/// The most levels that a schema is nested.
inline constexpr int kMaxDepth = 64;

}  // namespace iceframe::internal
