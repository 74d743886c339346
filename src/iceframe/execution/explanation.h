// SPDX-License-Identifier: Apache-2.0
// A plan in words, with figures.
#pragma once

#include <string>

#include "iceframe/base/json.h"

namespace iceframe {

/// For people, and for programs; both say the same.
struct Explanation {
  /// A tree, one operation per line, figures and inputs indented below it.
  std::string text;
  /// {"operation", figures by name (counts, bytes, nanoseconds), "inputs": […]}.
  Json json = Json::Object();
};

}  // namespace iceframe
