// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <vector>

#include "iceframe/base/nearest_name.h"
#include "iceframe/table/column_lookup_internal.h"

namespace iceframe::internal {

namespace {

void AddNames(const Schema& schema, const std::vector<NestedField>& fields,
              std::vector<std::string>* names) {
  for (const NestedField& field : fields) {
    names->push_back(schema.FullName(field.id));
    AddNames(schema, field.type.fields(), names);
  }
}

}  // namespace

Result<const NestedField*> FindColumn(const Schema& schema, const std::string& name) {
  const NestedField* field = schema.FindField(name);
  if (field != nullptr) return field;
  std::vector<std::string> names;
  AddNames(schema, schema.fields(), &names);
  const std::vector<std::string_view> known(names.begin(), names.end());
  if (known.empty()) return Error(ErrorKind::kInvalidArgument, "column does not exist: ", name);
  return Error(ErrorKind::kInvalidArgument, "column does not exist: ", name, "; did you mean ",
               NearestName(name, known), "?");
}

}  // namespace iceframe::internal
