// SPDX-License-Identifier: Apache-2.0
// Configuration files in YAML, as a tree of mappings and texts.
#pragma once

#include <string>
#include <string_view>

#include "iceframe/base/json.h"
#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"

namespace iceframe {

/// Parses one YAML document whose root is a mapping (an empty text gives an empty one).
///
/// Every scalar is taken as text: `yes`, `1.0` and `null` stay as written. What configuration does
/// not need is refused: anchors, aliases, tags, several documents, duplicate keys, more than 32
/// levels or 1 MiB. Errors: InvalidArgument with line and column, never with the text (it may
/// hold secrets).
Result<Json> ParseYamlConfig(std::string_view text);

/// Returns a tree's texts with their keys joined by dots: {a: {b: c}} → {"a.b": "c"}.
/// Errors: InvalidArgument for a list or a key that two places give.
Result<Properties> FlattenConfig(const Json& tree);

}  // namespace iceframe
