// SPDX-License-Identifier: Apache-2.0
// The version of this library.
#pragma once

#include <string_view>

namespace iceframe {

/// As in CMake's project() and the Python package, which a test compares.
inline constexpr std::string_view kVersion = "1.0.0";

}  // namespace iceframe
