// SPDX-License-Identifier: Apache-2.0
// The part of ParquetFileReader that finds out which rows of a row group can be wanted, before any
// of them is decoded.
#include <algorithm>
#include <utility>

#include "iceframe/datafile/parquet_file_reader_internal.h"
#include "iceframe/datafile/parquet_statistics_internal.h"
#include "iceframe/skipping/evaluators.h"

namespace iceframe::internal {
namespace {

/// Where at most one row in so many can be wanted, a disk is not told to read it all.
constexpr int64_t kRowsPerFewRow = 2;

/// A column's pages from front to back.
struct ColumnPageList {
  FieldId id;
  const parquet::ColumnDescriptor* column = nullptr;
  std::vector<PageHeader> headers;
  std::vector<int64_t> end_rows;  // of each page, within the row group
};

/// The pages of a column whose headers tell what is in them; none if they do not.
Result<ColumnPageList> ListPages(const RowGroupSource& source, const ColumnPlan& plan) {
  const int leaf = plan.file_column->leaf;
  ColumnPageList list{plan.field.id, source.metadata->schema()->Column(leaf), {}, {}};
  const auto chunk = source.metadata->RowGroup(source.row_group)->ColumnChunk(leaf);
  const ColumnBounds bounds = ChunkBounds(*chunk, *list.column, plan.field.type);
  // What libparquet knows to be wrong in old files is wrong in their pages, too.
  if (!bounds.lower || !bounds.upper) return list;
  ICEFRAME_ASSIGN_OR_RETURN(auto pages, OpenColumnPages(source, leaf));
  while (std::optional<PageHeader> header = pages->NextHeader()) {
    const bool is_null = header->null_count == header->num_values;
    const bool tells = is_null || (header->min && header->max);
    if (list.headers.empty() && !tells) return list;
    list.headers.push_back(std::move(*header));
    list.end_rows.push_back(pages->end_row());
  }
  // Damaged: the reader that decodes it says so.
  if (list.end_rows.empty() || list.end_rows.back() != source.num_rows) {
    list.headers.clear();
    list.end_rows.clear();
  }
  return list;
}

RowSelection FirstRows(const RowSelection& rows, int64_t count) {
  RowSelection first;
  for (const RowRange& range : rows.ranges()) {
    first = rows.Slice(0, std::min(range.end, range.begin + count));
    count -= range.end - range.begin;
    if (count <= 0) break;
  }
  return first;
}

bool AnyNested(const std::vector<ColumnPlan>& columns) {
  return std::any_of(columns.begin(), columns.end(), [](const ColumnPlan& plan) {
    return plan.source == ColumnPlan::Source::kNested;
  });
}

}  // namespace

/// The rows of a row group that may be wanted, where small reads cost little: then its pages are
/// read as they are needed.
Result<std::optional<RowSelection>> ParquetFileReader::WantedRows(const OperationContext& context,
                                                                  int row_group) {
  if (AnyNested(columns_) || AnyNested(filter_.columns)) return std::optional<RowSelection>();
  if (!input_) {
    ICEFRAME_ASSIGN_OR_RETURN(input_, OpenForSmallReads(context, io_.get(), file_.file_path));
  }
  if (*input_ == nullptr) return std::optional<RowSelection>();
  const int64_t begin = footer_->first_rows[static_cast<size_t>(row_group)];
  const int64_t end = footer_->first_rows[static_cast<size_t>(row_group) + 1];
  RowSelection rows = RowSelection::All(end).Slice(begin, end);
  if (options_.rows) rows = options_.rows->Slice(begin, end);
  if (!filter_.filters.empty()) {
    ICEFRAME_ASSIGN_OR_RETURN(const RowSelection by_pages, MayHoldByPages(context, row_group));
    rows = rows.Intersect(by_pages);
  } else if (options_.limit && rows_left_ < end - begin) {
    rows = FirstRows(rows, rows_left_);
  }
  return std::optional<RowSelection>(std::move(rows));
}

/// Tells the disk what is going to be read of a row group, if that is most of it.
Status ParquetFileReader::Announce(int row_group, const RowSelection& rows) const {
  const int64_t num_rows = footer_->first_rows[static_cast<size_t>(row_group) + 1] -
                           footer_->first_rows[static_cast<size_t>(row_group)];
  if (rows.num_rows() <= num_rows / kRowsPerFewRow) return Status::OK();
  std::set<int> leaves = filter_.leaves;
  if (filter_.filters.empty() || fetch_all_at_once_) {
    leaves.insert(other_leaves_.begin(), other_leaves_.end());
  }
  ICEFRAME_ASSIGN_OR_RETURN(auto ranges,
                            ChunkRanges(*footer_->metadata, row_group, leaves, footer_->file_size));
  for (const ByteRange& range : ranges) (*input_)->Announce(range);
  return Status::OK();
}

Result<RowSelection> ParquetFileReader::MayHoldByPages(const OperationContext& context,
                                                       int row_group) const {
  const RowGroupSource source = SourceOf(context, row_group);
  std::vector<ColumnPageList> lists;
  std::vector<int64_t> ends = {source.num_rows};
  for (const ColumnPlan& plan : filter_.columns) {
    if (plan.source != ColumnPlan::Source::kFlat) continue;
    ICEFRAME_ASSIGN_OR_RETURN(ColumnPageList list, ListPages(source, plan));
    if (list.headers.empty()) continue;
    ends.insert(ends.end(), list.end_rows.begin(), list.end_rows.end());
    lists.push_back(std::move(list));
  }
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());

  const auto metadata = footer_->metadata->RowGroup(row_group);
  const int64_t first_row = footer_->first_rows[static_cast<size_t>(row_group)];
  std::vector<RowRange> ranges;
  int64_t begin = 0;
  Status status;
  // Between two of the ends every column has one page.
  const BoundsLookup lookup = [&](FieldId id, const Type& type) -> std::optional<ColumnBounds> {
    for (const ColumnPageList& list : lists) {
      if (list.id != id) continue;
      const auto page = std::upper_bound(list.end_rows.begin(), list.end_rows.end(), begin);
      return PageBounds(list.headers[static_cast<size_t>(page - list.end_rows.begin())],
                        *list.column, type);
    }
    auto bounds = BoundsOf(*metadata, id, type);
    if (bounds.ok()) return *bounds;
    status = bounds.status();
    return std::nullopt;
  };
  for (const int64_t end : ends) {
    const bool may_match =
        std::all_of(filter_.filters.begin(), filter_.filters.end(),
                    [&](const Expression& filter) { return MayMatch(filter, lookup); });
    ICEFRAME_RETURN_NOT_OK(status);
    if (may_match && begin < end) ranges.push_back({first_row + begin, first_row + end});
    begin = end;
  }
  return RowSelection::FromRanges(std::move(ranges));
}

}  // namespace iceframe::internal
