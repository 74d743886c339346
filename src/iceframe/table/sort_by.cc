// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/sort_by.h"

#include "iceframe/table/column_lookup_internal.h"

namespace iceframe {

Result<SortOrder> MakeSortOrder(const Schema& schema, const std::vector<SortBy>& columns) {
  SortOrder order;
  for (const SortBy& column : columns) {
    ICEFRAME_ASSIGN_OR_RETURN(const NestedField* source,
                              internal::FindColumn(schema, column.column));
    ICEFRAME_ASSIGN_OR_RETURN(const Transform transform, Transform::Parse(column.transform));
    const bool nulls_first = column.nulls_first.value_or(!column.descending);
    order.fields.push_back(
        {{source->id},
         transform,
         column.descending ? SortDirection::kDescending : SortDirection::kAscending,
         nulls_first ? NullOrder::kNullsFirst : NullOrder::kNullsLast});
  }
  order.order_id = SortOrderId(order.is_unsorted() ? 0 : 1);
  ICEFRAME_RETURN_NOT_OK(ValidateSortOrder(order, schema));
  return order;
}

}  // namespace iceframe
