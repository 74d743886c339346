// SPDX-License-Identifier: Apache-2.0
// The part of ParquetFileReader that finds out which rows of a row group can be wanted, before any
// of them is decoded.
#include <algorithm>
#include <utility>

#include <arrow/buffer.h>
#include <parquet/page_index.h>

#include "iceframe/datafile/datafile_counters.h"
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

Result<std::shared_ptr<arrow::Buffer>> ReadIndex(const RowGroupSource& source,
                                                 const parquet::IndexLocation& location) {
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> bytes,
                            arrow::AllocateBuffer(location.length, source.pool));
  ICEFRAME_RETURN_NOT_OK(source.input->ReadAt(*source.context, location.offset, location.length,
                                              bytes->mutable_data()));
  source.context->counters->Add(DataFileCount::kDataBytesRead, location.length);
  return bytes;
}

/// Fills the list by the file's page index; leaves it empty where the two indexes don't fit.
void FillByIndex(const parquet::ColumnIndex& columns, const parquet::OffsetIndex& offsets,
                 int64_t num_rows, ColumnPageList* list) {
  const auto& places = offsets.page_locations();
  const auto& null_pages = columns.null_pages();
  const size_t num_pages = places.size();
  const bool has_nulls = columns.has_null_counts() && columns.null_counts().size() == num_pages;
  if (null_pages.size() != num_pages || columns.encoded_min_values().size() != num_pages ||
      columns.encoded_max_values().size() != num_pages) {
    return;
  }
  ColumnPageList filled = *list;
  for (size_t i = 0; i < num_pages; ++i) {
    const int64_t begin = places[i].first_row_index;
    const int64_t end = i + 1 < num_pages ? places[i + 1].first_row_index : num_rows;
    if (begin != (i == 0 ? 0 : filled.end_rows.back()) || end < begin || end > num_rows) return;
    PageHeader& page = filled.headers.emplace_back();
    page.num_values = static_cast<int32_t>(end - begin);
    page.compressed_size = std::max(places[i].compressed_page_size, 0);
    if (has_nulls) page.null_count = columns.null_counts()[i];
    if (null_pages[i]) {
      page.null_count = page.num_values;
    } else {
      page.min = columns.encoded_min_values()[i];
      page.max = columns.encoded_max_values()[i];
    }
    filled.end_rows.push_back(end);
  }
  *list = std::move(filled);
}

bool IsInFile(const parquet::IndexLocation& location, int64_t file_size) {
  return location.offset >= 0 && location.length >= 0 && location.offset <= file_size &&
         location.length <= file_size - location.offset;
}

/// Whether the file has a page index for the column; a damaged one leaves the list empty.
Result<bool> ListByIndex(const RowGroupSource& source, const parquet::ColumnChunkMetaData& chunk,
                         ColumnPageList* list) {
  const auto columns_at = chunk.GetColumnIndexLocation();
  const auto offsets_at = chunk.GetOffsetIndexLocation();
  if (!columns_at || !offsets_at) return false;
  if (!IsInFile(*columns_at, source.file_size) || !IsInFile(*offsets_at, source.file_size)) {
    return true;
  }
  ICEFRAME_ASSIGN_OR_RETURN(auto column_bytes, ReadIndex(source, *columns_at));
  ICEFRAME_ASSIGN_OR_RETURN(auto offset_bytes, ReadIndex(source, *offsets_at));
  try {
    const parquet::ReaderProperties properties(source.pool);
    const auto columns = parquet::ColumnIndex::Make(*list->column, column_bytes->data(),
                                                    column_bytes->size(), properties);
    const auto offsets =
        parquet::OffsetIndex::Make(offset_bytes->data(), offset_bytes->size(), properties);
    FillByIndex(*columns, *offsets, source.num_rows, list);
  } catch (const std::exception&) {
    // Damaged statistics are unknown statistics: the data decides.
  }
  return true;
}

/// The pages of a column whose index or headers tell what is in them; none if they do not.
Result<ColumnPageList> ListPages(const RowGroupSource& source, const ColumnPlan& plan) {
  const int leaf = plan.file_column->leaf;
  ColumnPageList list{plan.field.id, source.metadata->schema()->Column(leaf), {}, {}};
  const auto chunk = source.metadata->RowGroup(source.row_group)->ColumnChunk(leaf);
  const ColumnBounds bounds = ChunkBounds(*chunk, *list.column, plan.field.type);
  // What libparquet knows to be wrong in old files is wrong in their pages, too.
  if (!bounds.lower || !bounds.upper) return list;
  ICEFRAME_ASSIGN_OR_RETURN(const bool has_index, ListByIndex(source, *chunk, &list));
  if (has_index) return list;
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

/// Counts the pages of a column, by whether they have a row that may be wanted.
void CountPages(const OperationContext& context, const ColumnPageList& list, int64_t first_row,
                const RowSelection& rows) {
  int64_t num_skipped = 0;
  int64_t num_bytes = 0;
  int64_t begin = 0;
  for (size_t i = 0; i < list.headers.size(); ++i) {
    const int64_t end = list.end_rows[i];
    if (rows.Slice(first_row + begin, first_row + end).empty()) {
      ++num_skipped;
      num_bytes += list.headers[i].compressed_size;
    }
    begin = end;
  }
  OperationCounters& counters = *context.counters;
  counters.Add(DataFileCount::kPagesScanned, std::ssize(list.headers) - num_skipped);
  counters.Add(DataFileCount::kPagesSkipped, num_skipped);
  counters.Add(DataFileCount::kPageBytesSkipped, num_bytes);
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
  ICEFRAME_ASSIGN_OR_RETURN(const InputFile* input, OpenInput(context));
  if (input == nullptr) return std::optional<RowSelection>();
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
  if (!input_ || *input_ == nullptr || rows.num_rows() <= num_rows / kRowsPerFewRow)
    return Status::OK();
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
    auto bounds = BoundsOf(row_group, *metadata, id, type);
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
  ICEFRAME_ASSIGN_OR_RETURN(RowSelection rows, RowSelection::FromRanges(std::move(ranges)));
  for (const ColumnPageList& list : lists) CountPages(context, list, first_row, rows);
  return rows;
}

}  // namespace iceframe::internal
