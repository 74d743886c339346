// SPDX-License-Identifier: Apache-2.0
// Field ids for files that carry none. Spec: "Column Projection", "Name Mapping".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/json.h"
#include "iceframe/base/result.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// The table property that holds a name mapping.
inline constexpr char kNameMappingProperty[] = "schema.name-mapping.default";

struct MappedField {
  std::optional<FieldId> field_id;
  std::vector<std::string> names;
  std::vector<MappedField> fields;
  bool operator==(const MappedField&) const = default;
};

struct NameMapping {
  std::vector<MappedField> fields;
  bool operator==(const NameMapping&) const = default;

  /// The mapping of a field by the names from the root down; list and map children are named
  /// "element", "key" and "value".
  const MappedField* Find(const std::vector<std::string>& path) const;
};

/// The mapping that a schema's own names give.
NameMapping MakeNameMapping(const Schema& schema);
/// Errors: InvalidMetadata for text that is no mapping or names a field twice.
Result<NameMapping> NameMappingFromJson(std::string_view text);
std::string NameMappingToJson(const NameMapping& mapping);

}  // namespace iceframe
