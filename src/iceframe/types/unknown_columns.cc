// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/unknown_columns.h"

#include <string_view>

#include "iceframe/base/nearest_name.h"

namespace iceframe {

Status UnknownColumns(const std::vector<std::string>& names, const std::vector<NestedField>& known,
                      const UnknownColumnsPlace& place) {
  std::vector<std::string_view> candidates;
  candidates.reserve(known.size());
  for (const NestedField& field : known) candidates.push_back(field.name);
  std::string text;
  bool has_near = false;
  for (const std::string& name : names) {
    const std::string_view near = NearName(name, candidates);
    text += (text.empty() ? "" : ", ") + place.prefix + name;
    if (near.empty()) continue;
    has_near = true;
    text += " (did you mean " + place.prefix + std::string(near) + "?)";
  }
  return Error(ErrorKind::kSchemaMismatch, "the data has columns that the table lacks: ", text,
               place.row, has_near ? "; rename them, " : "; ",
               "add them to the table or leave them out");
}

}  // namespace iceframe
