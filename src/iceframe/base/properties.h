// SPDX-License-Identifier: Apache-2.0
// String properties of catalogs, namespaces, tables and snapshots.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace iceframe {

/// Ordered by key, so that what is written is the same for equal content.
using Properties = std::map<std::string, std::string, std::less<>>;

/// Returns the property's value, or an empty text where there is none.
inline std::string ValueOf(const Properties& properties, std::string_view key) {
  const auto found = properties.find(key);
  return found == properties.end() ? std::string() : found->second;
}

}  // namespace iceframe
