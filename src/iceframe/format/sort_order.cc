// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/sort_order.h"

namespace iceframe {

namespace {

Status ValidateSortField(const SortField& field, const Schema& schema) {
  if (field.transform.kind() == TransformKind::kUnknown) {
    return Error(ErrorKind::kInvalidArgument,
                 "unknown transform in sort order: ", field.transform.ToString());
  }
  if (field.source_ids.empty()) {
    return Error(ErrorKind::kInvalidArgument,
                 "sort field has no source column: ", field.transform.ToString());
  }
  for (FieldId source_id : field.source_ids) {
    const NestedField* source = schema.FindField(source_id);
    if (source == nullptr) {
      return Error(ErrorKind::kInvalidArgument, "sort field's source column does not exist: id ",
                   source_id);
    }
    if (!field.transform.CanTransform(source->type)) {
      return Error(ErrorKind::kInvalidArgument,
                   "sort field's transform does not take its column: ", field.transform.ToString(),
                   " of ", schema.FullName(source_id), ", ", source->type.ToString());
    }
  }
  return Status::OK();
}

}  // namespace

Status ValidateSortOrder(const SortOrder& order, const Schema& schema) {
  if (order.order_id == SortOrderId(0) && !order.fields.empty()) {
    return Error(ErrorKind::kInvalidArgument, "sort order 0 is reserved for unsorted");
  }
  for (const SortField& field : order.fields) {
    ICEFRAME_RETURN_NOT_OK(ValidateSortField(field, schema));
  }
  return Status::OK();
}

}  // namespace iceframe
