// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/update_sort_order_action.h"

#include <utility>

#include "iceframe/table/column_lookup_internal.h"

namespace iceframe {

Result<CommitRequest> UpdateSortOrderAction::Prepare(const CommitAttempt& attempt) {
  const TableMetadata& base = *attempt.base.metadata;
  const auto schema = base.current_schema();
  SortOrder order;
  for (const SortBy& column : columns_) {
    ICEFRAME_ASSIGN_OR_RETURN(const NestedField* source,
                              internal::FindColumn(*schema, column.column));
    order.fields.push_back({{source->id}, column.transform, column.direction, column.null_order});
  }
  // The table gives it its id; 0 is that of no order.
  order.order_id = SortOrderId(order.is_unsorted() ? 0 : 1);
  ICEFRAME_RETURN_NOT_OK(ValidateSortOrder(order, *schema));
  CommitRequest request;
  request.identifier = attempt.base.identifier;
  request.requirements = {AssertTableUuid{base.table_uuid},
                          AssertDefaultSortOrderId{base.default_sort_order_id},
                          AssertCurrentSchemaId{base.current_schema_id}};
  request.updates = {AddSortOrder{std::move(order)}, SetDefaultSortOrder{}};
  return request;
}

}  // namespace iceframe
