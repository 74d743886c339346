// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/update_sort_order_action.h"

#include <utility>

namespace iceframe {

Result<CommitRequest> UpdateSortOrderAction::Prepare(const CommitAttempt& attempt) {
  const TableMetadata& base = *attempt.base.metadata;
  // Its id is the table's to give.
  ICEFRAME_ASSIGN_OR_RETURN(SortOrder order, MakeSortOrder(*base.current_schema(), columns_));
  CommitRequest request;
  request.identifier = attempt.base.identifier;
  request.requirements = {AssertTableUuid{base.table_uuid},
                          AssertDefaultSortOrderId{base.default_sort_order_id},
                          AssertCurrentSchemaId{base.current_schema_id}};
  request.updates = {AddSortOrder{std::move(order)}, SetDefaultSortOrder{}};
  return request;
}

}  // namespace iceframe
