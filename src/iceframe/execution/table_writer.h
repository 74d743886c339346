// SPDX-License-Identifier: Apache-2.0
// A stream of Arrow batches in any fitting form -> data files of a table.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/format/data_file.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/io/file_io.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// Writes every batch of `batches` as files of the table, its default spec, sort order and current
/// schema.
///
/// Columns are matched by name and cast without loss, value by value. Memory stays bounded: two
/// input batches (one is written while the next is made ready) and the open row groups; where rows
/// are sorted, a run of them (sorting_writer.h). On error everything written is deleted again.
/// Returns the files, empty if there was no row. With `rows_wanted`, a predicate that is not bound,
/// a row for which that is not true is refused. Errors: SchemaMismatch naming column, row and
/// value; InvalidArgument for a row that is not wanted; those of DataFileWriter and of the stream.
Result<std::vector<DataFile>> WriteDataFiles(const OperationContext& context,
                                             std::shared_ptr<FileIO> io,
                                             const TableMetadata& metadata,
                                             arrow::RecordBatchReader& batches,
                                             const Expression& rows_wanted = {});

/// Deletes data files that no commit took; failures are logged, not returned.
void DeleteDataFiles(const OperationContext& context, FileIO& io,
                     const std::vector<DataFile>& files);

}  // namespace iceframe
