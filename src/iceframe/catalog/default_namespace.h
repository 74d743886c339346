// SPDX-License-Identifier: Apache-2.0
// Where tables with bare names are.
#pragma once

namespace iceframe {

/// "t" is "default.t". It is made with its first table.
inline constexpr char kDefaultNamespace[] = "default";

}  // namespace iceframe
