// SPDX-License-Identifier: Apache-2.0
// Arrow batches in any fitting form -> data files of a table.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/format/data_file.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/io/file_io.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

struct TableWriterOptions {
  /// Unbound: a row for which it is not true is refused. Default: every row is wanted.
  Expression rows_wanted;
  /// How many encoded bytes, and how many files, may be open at once; above either the largest file
  /// is closed. Where rows are sorted, also how many bytes are gathered before a run is written.
  int64_t max_open_bytes = int64_t{256} << 20;
  int max_open_files = 512;
};

/// Writes batches as data files of a table, with the default spec, the sort order and the current
/// schema that its metadata had in Make. The files are in no table until an action commits them
/// (AppendFiles, AppendFilesAction).
///
/// Lifecycle: Make, any number of Write, then Finish or Abort once; it may be held open as long as
/// one likes. Destroyed before Finish, it deletes what it wrote, as Abort does (not in a child of
/// fork(), whose files they aren't).
///
/// What is written when: Write casts on the calling thread and hands the rows to a thread of the
/// process's, so that the caller makes the next batch meanwhile; they are encoded at once and go to
/// storage by row groups. No file has its name before it is full or Finish closed it.
///
/// Memory: two batches (one is encoded while the next one is cast) and what
/// TableWriterOptions::max_open_bytes bounds, all from the context's budget; sorting_writer.h says
/// what sorting holds. A writer that waits for its next batch holds what is open, no more.
///
/// Errors are final: the first one deletes what was written and gives the memory back; from then on
/// every call returns it. One of a batch that is encoded in the background comes with the next
/// call. Cancelling the context's token, or passing its deadline, ends the writer with the next
/// call or the next batch, whichever comes first.
///
/// Threads: calls may come from any thread, the process's own among them, but one at a time; any
/// number of writers run side by side, on one table too.
class TableWriter {
 public:
  /// `context` is copied: its token, budget, settings and deferred syncs are the writer's until its
  /// end. Opens no file.
  /// Errors: InvalidArgument for `rows_wanted` or properties that can't be meant; Unsupported
  /// naming what can't be written.
  static Result<std::unique_ptr<TableWriter>> Make(const OperationContext& context,
                                                   std::shared_ptr<FileIO> io,
                                                   const TableMetadata& metadata,
                                                   const TableWriterOptions& options = {});
  ~TableWriter();
  TableWriter(const TableWriter&) = delete;
  TableWriter& operator=(const TableWriter&) = delete;

  /// Returns whether batches of this schema can be written, if their values can; a "no" ends
  /// nothing. Errors: SchemaMismatch naming the column.
  Status CheckSchema(const arrow::Schema& schema) const;

  /// Takes a batch; its columns are matched by name and cast without loss, value by value. Batches
  /// may differ in schema. The batch is kept until it is encoded, and not changed.
  /// Errors: SchemaMismatch naming column, row (counted from the writer's first) and value;
  /// InvalidArgument for a row that is not wanted; ResourceExhausted; Io; Cancelled; Timeout.
  Status Write(const arrow::RecordBatch& batch);

  /// Waits until all rows are encoded. Errors: those of rows that were on their way.
  Status Drain();

  /// Closes the files and returns them, in order of closing; none if there was no row. They are the
  /// caller's now: commit them, or DeleteDataFiles. Errors: as Write.
  Result<std::vector<DataFile>> Finish();

  /// Deletes what was written, even when cancelled; does nothing after Finish or a second time.
  /// Errors: Io for what could not be deleted; called again, it tries again.
  Status Abort();

  /// Rows that were taken.
  int64_t num_rows() const;
  /// Encoded bytes of files that are closed and open, without the batch on its way.
  int64_t num_bytes() const;

 private:
  class Impl;
  explicit TableWriter(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

/// Writes every batch of `batches` through a TableWriter: the files, or an error and no file.
/// Errors: those of TableWriter and of the stream.
Result<std::vector<DataFile>> WriteDataFiles(const OperationContext& context,
                                             std::shared_ptr<FileIO> io,
                                             const TableMetadata& metadata,
                                             arrow::RecordBatchReader& batches,
                                             const TableWriterOptions& options = {});

/// Deletes data files that no commit took; failures are logged, not returned.
void DeleteDataFiles(const OperationContext& context, FileIO& io,
                     const std::vector<DataFile>& files);

}  // namespace iceframe
