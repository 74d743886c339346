// SPDX-License-Identifier: Apache-2.0
// String properties of catalogs, namespaces, tables and snapshots.
#pragma once

#include <map>
#include <string>

namespace iceframe {

/// Ordered by key, so that what is written is the same for equal content.
using Properties = std::map<std::string, std::string, std::less<>>;

}  // namespace iceframe
