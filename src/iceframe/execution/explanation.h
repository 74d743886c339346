// SPDX-License-Identifier: Apache-2.0
// A plan in words, with figures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "iceframe/base/json.h"

namespace iceframe {

/// For people, and for programs; both say the same.
struct Explanation {
  /// A tree, one operation per line, figures and inputs indented below it.
  std::string text;
  /// {"operation", figures by name (counts, bytes, nanoseconds), "inputs": […]}.
  Json json = Json::Object();
};

/// What stands beside one operation of an explanation: lines, and the same as data.
struct ExplanationNotes {
  std::vector<std::string> lines;
  Json figures = Json::Object();
};

/// A size for people: "1.5 MiB".
std::string ByteText(int64_t num_bytes);

}  // namespace iceframe
