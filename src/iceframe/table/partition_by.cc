// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/partition_by.h"

#include <utility>

#include "iceframe/format/partition_field_name.h"
#include "iceframe/table/column_lookup_internal.h"

namespace iceframe {

Result<PartitionSpec> MakePartitionSpec(const Schema& schema,
                                        const std::vector<PartitionBy>& fields) {
  PartitionSpec spec;
  FieldId next_id = kFirstPartitionFieldId;
  for (const PartitionBy& field : fields) {
    ICEFRAME_ASSIGN_OR_RETURN(const NestedField* source,
                              internal::FindColumn(schema, field.column));
    ICEFRAME_ASSIGN_OR_RETURN(const Transform transform, Transform::Parse(field.transform));
    std::string name = DefaultPartitionFieldName(field.column, transform);
    for (const PartitionField& other : spec.fields) {
      if (other.source_id() == source->id && other.transform == transform) {
        return Error(ErrorKind::kInvalidArgument, "partition field is given twice: ", field.column,
                     ", ", field.transform);
      }
      if (other.name == name) name += "_" + std::to_string(next_id);
    }
    spec.fields.push_back({{source->id}, next_id++, std::move(name), transform});
  }
  ICEFRAME_RETURN_NOT_OK(ValidatePartitionSpec(spec, schema));
  return spec;
}

}  // namespace iceframe
