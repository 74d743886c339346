// SPDX-License-Identifier: Apache-2.0
// Reading one Parquet data file: row groups chosen, prefetched, filtered and decoded in turn.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/datafile/column_plan_internal.h"
#include "iceframe/datafile/column_stream_internal.h"
#include "iceframe/datafile/data_file_reader.h"
#include "iceframe/datafile/dictionary_values_internal.h"
#include "iceframe/datafile/parquet_footer_internal.h"
#include "iceframe/datafile/row_group_fetch_internal.h"
#include "iceframe/skipping/evaluators.h"

namespace iceframe::internal {

/// The filters and the columns they need.
struct FilterPlan {
  std::vector<Expression> filters;
  std::shared_ptr<const Schema> schema;
  std::shared_ptr<arrow::Schema> arrow_schema;  // with field ids
  std::vector<ColumnPlan> columns;
  std::set<int> leaves;
};

class ParquetFileReader : public DataFileReader {
 public:
  ParquetFileReader(std::shared_ptr<FileIO> io, DataFile file, ReadOptions options)
      : io_(std::move(io)), file_(std::move(file)), options_(std::move(options)) {}

  Status Open(const OperationContext& context);
  arrow::Future<> Start(const OperationContext& context,
                        const std::function<bool(int64_t)>& admit) override;
  Result<std::shared_ptr<arrow::RecordBatch>> Next(const OperationContext& context) override;
  const std::shared_ptr<arrow::Schema>& result_schema() const override { return result_schema_; }

 private:
  /// A row group being fetched: the filter's columns, and the others unless they wait for a
  /// first surviving row.
  struct Pending {
    int row_group = 0;
    /// The rows of the file that may be wanted, where pages are read as they are needed: then
    /// nothing is fetched.
    std::optional<RowSelection> rows;
    std::unique_ptr<RowGroupFetch> filter_columns;
    std::unique_ptr<RowGroupFetch> other_columns;
  };
  /// The row group being read.
  struct Current {
    int row_group = 0;
    int64_t first_row = 0;
    int64_t num_rows = 0;
    int64_t next_row = 0;
    /// By the metadata; and what came of the rows of the last batch.
    int64_t bytes_per_row = 1;
    int64_t decoded_bytes_per_row = 0;
    int64_t survivors = 0;
    std::optional<RowSelection> rows;
    RowGroupSource filter_source;
    RowGroupSource source;
    std::vector<std::unique_ptr<ColumnStream>> filter_streams;
    /// nullptr for columns that the filter reads anyway.
    std::vector<std::unique_ptr<ColumnStream>> streams;
    std::unique_ptr<RowGroupFetch> other_columns;
    /// Rows that the streams of other columns have not been told of yet.
    int64_t unread_rows = 0;
  };
  /// Rows of a batch that passed.
  struct Survivors {
    std::vector<RowRange> keep;          // relative to the batch
    std::shared_ptr<arrow::Array> mask;  // over the rows selected before filtering; may be null
    int64_t num_rows = 0;
  };

  /// Counts the file, the first time: as scanned once anything of it was asked of its store.
  void CountFile(const OperationContext& context, OperationCount as);
  Status PlanResult();
  Status PlanFilter(std::vector<Expression> filters);
  Status PollLateFilter();
  ColumnBounds PositionBounds(int row_group) const;
  Result<std::optional<ColumnBounds>> BoundsOf(int row_group,
                                               const parquet::RowGroupMetaData& metadata,
                                               FieldId id, const Type& type) const;
  /// What the columns that are read take of a row group.
  int64_t WantedBytes(const parquet::RowGroupMetaData& metadata) const;
  Result<bool> MayHold(const OperationContext& context, int row_group);
  Result<bool> BloomMayHold(const OperationContext& context,
                            const parquet::RowGroupMetaData& metadata, FieldId id, const Type& type,
                            std::span<const Value> values);
  /// Whether any value that the dictionaries of the filter's columns hold lets a row match.
  Result<bool> DictionariesMayMatch(const OperationContext& context,
                                    const parquet::RowGroupMetaData& metadata,
                                    const BoundsLookup& bounds);
  /// nullopt where it does not tell all values, or where reading it is not worth it.
  Result<std::optional<DictionaryValues>> ReadDictionaryValues(
      const OperationContext& context, const parquet::RowGroupMetaData& metadata, int leaf,
      ByteRange range);
  /// What small reads go through, opened once; nullptr where they cost much.
  Result<const InputFile*> OpenInput(const OperationContext& context);
  Result<std::shared_ptr<arrow::Buffer>> ReadPart(const OperationContext& context,
                                                  const InputFile* input, ByteRange range);
  Result<std::optional<int>> FindRowGroup(const OperationContext& context);
  Result<std::unique_ptr<Pending>> MakePending(const OperationContext& context, int row_group);
  Result<std::optional<RowSelection>> WantedRows(const OperationContext& context, int row_group);
  Status Announce(int row_group, const RowSelection& rows) const;
  Result<RowSelection> MayHoldByPages(const OperationContext& context, int row_group) const;
  RowGroupSource SourceOf(const OperationContext& context, int row_group) const;
  void StartFetch(const OperationContext& context, RowGroupFetch* fetch);
  Status Prefetch(const OperationContext& context);
  Result<bool> StartRowGroup(const OperationContext& context);
  Status OpenOtherColumns(const OperationContext& context);
  int64_t BytesPerRow(int row_group, int64_t text_per_byte) const;
  /// The rows of the next batch, fewer when memory is short.
  int64_t BatchRows(const OperationContext& context) const;
  std::vector<RowRange> Selected(int64_t begin, int64_t num_rows) const;

  Status PassUnwanted();
  Result<std::shared_ptr<arrow::RecordBatch>> ReadBatch(const OperationContext& context);
  Result<Survivors> FilterRows(const OperationContext& context, arrow::ArrayVector* columns,
                               const std::vector<RowRange>& selected);
  Result<arrow::ArrayVector> ReadColumns(const OperationContext& context,
                                         std::vector<std::unique_ptr<ColumnStream>>* streams,
                                         int64_t num_rows, const std::vector<RowRange>& keep) const;
  Result<std::shared_ptr<arrow::BooleanArray>> EvaluateInParts(
      const Expression& filter, const arrow::ArrayVector& columns, int64_t num_rows,
      const OperationContext& context) const;
  /// As many of the decoded rows as one batch can hold.
  Result<std::shared_ptr<arrow::RecordBatch>> NextPart(const OperationContext& context);
  Result<std::shared_ptr<arrow::RecordBatch>> Assemble(const OperationContext& context,
                                                       arrow::ArrayVector columns,
                                                       int64_t num_rows) const;

  std::shared_ptr<FileIO> io_;
  DataFile file_;
  ReadOptions options_;
  std::shared_ptr<const ParquetFooter> footer_;
  /// Once asked for: the file for small reads, nullptr where these are dear.
  std::optional<std::shared_ptr<const InputFile>> input_;
  std::vector<FileColumn> file_columns_;
  std::shared_ptr<arrow::Schema> result_schema_;
  std::vector<ColumnPlan> columns_;
  std::vector<int> shared_with_filter_;  // per result column: its place in the filter's, or -1
  std::set<int> other_leaves_;
  FilterPlan filter_;
  bool never_ = false;  // the filter is false
  bool has_read_ = false;
  bool fetch_all_at_once_ = true;
  int next_row_group_ = 0;
  int64_t rows_left_ = 0;
  int64_t batch_bytes_ = 0;
  /// Rows that passed and were not all handed out: the result's columns as decoded (dictionaries,
  /// wide arrays), and the first row that is left.
  std::shared_ptr<arrow::RecordBatch> decoded_;
  int64_t next_decoded_ = 0;
  std::unique_ptr<Pending> pending_;
  std::unique_ptr<Current> current_;
  Status failed_;
};

}  // namespace iceframe::internal
