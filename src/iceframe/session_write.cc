// SPDX-License-Identifier: Apache-2.0
// Writes of a session: the table by its name, then execution's.
#include "iceframe/session_impl_internal.h"

namespace iceframe {

Result<WriteReport> Session::Impl::Append(const OperationContext& context, std::string_view name,
                                          arrow::RecordBatchReader& batches,
                                          const CommitOptions& options) const {
  ICEFRAME_ASSIGN_OR_RETURN(const auto table, LoadTable(context, name));
  return AppendRows(context, table, batches, options);
}

Result<WriteReport> Session::Impl::Overwrite(const OperationContext& context, std::string_view name,
                                             arrow::RecordBatchReader& batches,
                                             const Expression& filter,
                                             const OverwriteOptions& options) const {
  ICEFRAME_ASSIGN_OR_RETURN(const auto table, LoadTable(context, name));
  return OverwriteRows(context, table, batches, filter, options);
}

}  // namespace iceframe
