// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/payload_decoder.h"

namespace iceframe {
namespace {

Status AppendMissing(const Schema& schema, GrowingColumn* column) {
  const NestedField& field = column->field();
  if (field.write_default) return column->AppendValue(*field.write_default);
  if (!field.required) return column->AppendNull();
  return Error(ErrorKind::kSchemaMismatch,
               "column is required, and the message has none: ", schema.FullName(field.id));
}

}  // namespace

Status CompleteStruct(const Schema& schema, GrowingColumn* column) {
  for (GrowingColumn& child : column->children()) {
    if (child.length() > column->length()) continue;
    ICEFRAME_RETURN_NOT_OK(AppendMissing(schema, &child));
  }
  return column->AppendNested();
}

}  // namespace iceframe
