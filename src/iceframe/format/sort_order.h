// SPDX-License-Identifier: Apache-2.0
// The order that a table asks its files' rows to be in. Spec: "Sorting".
#pragma once

#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/base/strong_id.h"
#include "iceframe/types/schema.h"
#include "iceframe/types/transform.h"

namespace iceframe {

enum class SortDirection : uint8_t { kAscending, kDescending };
enum class NullOrder : uint8_t { kNullsFirst, kNullsLast };

struct SortField {
  std::vector<FieldId> source_ids;
  Transform transform = Transform::Identity();
  SortDirection direction = SortDirection::kAscending;
  NullOrder null_order = NullOrder::kNullsFirst;

  FieldId source_id() const { return source_ids.empty() ? 0 : source_ids.front(); }
  bool operator==(const SortField&) const = default;
};

/// Order id 0 is reserved for "unsorted" and has no fields.
struct SortOrder {
  SortOrderId order_id;
  std::vector<SortField> fields;

  bool is_unsorted() const { return fields.empty(); }
  bool operator==(const SortOrder&) const = default;
};

/// Errors: InvalidArgument naming the field.
Status ValidateSortOrder(const SortOrder& order, const Schema& schema);

}  // namespace iceframe
