// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/partition_field_name.h"

namespace iceframe {

std::string DefaultPartitionFieldName(const std::string& column, const Transform& transform) {
  switch (transform.kind()) {
    case TransformKind::kIdentity:
      return column;
    case TransformKind::kBucket:
      return column + "_bucket";
    case TransformKind::kTruncate:
      return column + "_trunc";
    case TransformKind::kVoid:
      return column + "_null";
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kDay:
    case TransformKind::kHour:
    case TransformKind::kUnknown:
      break;
  }
  return column + "_" + transform.ToString();
}

}  // namespace iceframe
