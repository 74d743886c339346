// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/file_rows_match.h"

#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "iceframe/execution/file_read_options_internal.h"
#include "iceframe/expression/evaluate.h"

namespace iceframe {

Result<FileMatch> MatchFileRows(const OperationContext& context, std::shared_ptr<FileIO> io,
                                const TableMetadata& metadata, const DataFile& file,
                                const Expression& filter) {
  const auto schema = metadata.current_schema();
  ICEFRAME_ASSIGN_OR_RETURN(ReadOptions options,
                            FileReadOptions(metadata, schema->Select(ReferencedFieldIds(filter))));
  options.table_schema = schema;
  options.with_field_ids = true;
  AddFileConstants(metadata, file, &options);
  ICEFRAME_ASSIGN_OR_RETURN(auto reader,
                            OpenDataFile(context, std::move(io), file, std::move(options)));
  bool has_matches = false;
  bool has_others = false;
  while (!has_matches || !has_others) {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_ASSIGN_OR_RETURN(auto batch, reader->Next(context));
    if (batch == nullptr) break;
    ICEFRAME_ASSIGN_OR_RETURN(auto mask, EvaluateFilter(filter, *batch, context.pool()));
    const int64_t num_matches = mask->true_count();
    has_matches = has_matches || num_matches > 0;
    has_others = has_others || num_matches < batch->num_rows();
  }
  if (!has_matches) return FileMatch::kNone;
  return has_others ? FileMatch::kSome : FileMatch::kAll;
}

}  // namespace iceframe
