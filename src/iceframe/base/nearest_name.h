// SPDX-License-Identifier: Apache-2.0
// The known name that a mistyped one was most likely meant to be.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace iceframe {

/// Returns the candidate with the fewest insertions, deletions, substitutions and swaps of
/// neighbours from `name`, letter case apart; the first one of equals, empty without candidates.
std::string_view NearestName(std::string_view name,
                             const std::vector<std::string_view>& candidates);

/// As NearestName, but empty where even the nearest one is too far for a slip.
std::string_view NearName(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace iceframe
