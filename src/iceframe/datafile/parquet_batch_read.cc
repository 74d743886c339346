// SPDX-License-Identifier: Apache-2.0
// The part of ParquetFileReader that turns rows into batches.
#include <algorithm>
#include <utility>

#include <arrow/api.h>
#include <arrow/array/concatenate.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/util/byte_size.h>

#include "iceframe/datafile/array_form_internal.h"
#include "iceframe/datafile/data_error_internal.h"
#include "iceframe/datafile/datafile_counters.h"
#include "iceframe/datafile/parquet_file_reader_internal.h"
#include "iceframe/expression/evaluate.h"
#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/offset_reach.h"
#include "iceframe/types/wide_array.h"

namespace iceframe::internal {
namespace {

/// Below so many values per batch, columns are decoded one after the other.
constexpr int64_t kParallelReadValues = 16 * 1024;
/// Skipping between runs of surviving rows pays where a run and its gap are so many rows long.
constexpr int64_t kRowsPerRun = 128;

int64_t NumRows(const std::vector<RowRange>& ranges) {
  int64_t count = 0;
  for (const RowRange& range : ranges) count += range.end - range.begin;
  return count;
}

/// What columns take once dictionaries are decoded.
int64_t DecodedBytes(const arrow::RecordBatch& batch) {
  int64_t bytes = 0;
  for (const auto& column : batch.columns()) {
    if (column->type_id() != arrow::Type::DICTIONARY) {
      bytes += arrow::util::TotalBufferSize(*column);
      continue;
    }
    const auto& values = *static_cast<const arrow::DictionaryArray&>(*column).dictionary();
    const int64_t num_values = std::max<int64_t>(1, values.length());
    bytes += column->length() * (arrow::util::TotalBufferSize(values) / num_values + 1);
  }
  return bytes;
}

/// The positions of the true items of `mask`, which runs over the rows of `selected`.
std::vector<RowRange> TrueRows(const arrow::BooleanArray& mask,
                               const std::vector<RowRange>& selected) {
  std::vector<RowRange> rows;
  int64_t item = 0;
  for (const RowRange& range : selected) {
    for (int64_t row = range.begin; row < range.end; ++row, ++item) {
      if (!mask.Value(item)) continue;
      if (!rows.empty() && rows.back().end == row) {
        ++rows.back().end;
      } else {
        rows.push_back({row, row + 1});
      }
    }
  }
  return rows;
}

/// The first `count` rows of `rows`.
std::vector<RowRange> FirstRows(std::vector<RowRange> rows, int64_t count) {
  for (size_t i = 0; i < rows.size(); ++i) {
    const int64_t length = rows[i].end - rows[i].begin;
    if (length >= count) {
      rows[i].end = rows[i].begin + count;
      rows.resize(count == 0 ? i : i + 1);
      break;
    }
    count -= length;
  }
  return rows;
}

/// Which of the rows of `selected` are in `keep`.
Result<std::shared_ptr<arrow::Array>> MaskOf(const std::vector<RowRange>& keep,
                                             const std::vector<RowRange>& selected,
                                             arrow::MemoryPool* pool) {
  arrow::BooleanBuilder builder(pool);
  ICEFRAME_RETURN_NOT_OK(builder.Reserve(NumRows(selected)));
  auto range = keep.begin();
  for (const RowRange& part : selected) {
    for (int64_t row = part.begin; row < part.end; ++row) {
      while (range != keep.end() && range->end <= row) ++range;
      builder.UnsafeAppend(range != keep.end() && range->begin <= row);
    }
  }
  return builder.Finish();
}

Result<std::shared_ptr<arrow::Array>> Filter(const std::shared_ptr<arrow::Array>& array,
                                             const std::shared_ptr<arrow::Array>& mask,
                                             arrow::MemoryPool* pool) {
  arrow::compute::ExecContext exec(pool);
  exec.set_use_threads(false);
  ICEFRAME_ASSIGN_OR_RETURN(
      arrow::Datum filtered,
      arrow::compute::Filter(array, mask, arrow::compute::FilterOptions::Defaults(), &exec));
  return filtered.make_array();
}

}  // namespace

std::vector<RowRange> ParquetFileReader::Selected(int64_t begin, int64_t num_rows) const {
  const std::optional<RowSelection>& rows = current_->rows ? current_->rows : options_.rows;
  if (!rows) return {{0, num_rows}};
  const RowSelection selection = rows->Slice(begin, begin + num_rows);
  std::vector<RowRange> selected = selection.ranges();
  for (RowRange& range : selected) {
    range.begin -= begin;
    range.end -= begin;
  }
  return selected;
}

Result<arrow::ArrayVector> ParquetFileReader::ReadColumns(
    const OperationContext& context, std::vector<std::unique_ptr<ColumnStream>>* streams,
    int64_t num_rows, const std::vector<RowRange>& keep) const {
  arrow::ArrayVector columns(streams->size());
  auto read = [&](int64_t i) -> Status {
    const auto index = static_cast<size_t>(i);
    ColumnStream* stream = (*streams)[index].get();
    if (stream == nullptr) return Status::OK();
    return CatchDataErrors(file_.file_path, [&]() -> Status {
      return stream->Read(num_rows, keep).Value(&columns[index]);
    });
  };
  const auto num_columns = static_cast<int64_t>(streams->size());
  if (num_columns > 1 && !keep.empty() && num_columns * num_rows >= kParallelReadValues) {
    ICEFRAME_RETURN_NOT_OK(context.executor->ParallelFor(num_columns, read, context.cancel));
  } else {
    for (int64_t i = 0; i < num_columns; ++i) ICEFRAME_RETURN_NOT_OK(read(i));
  }
  return columns;
}

/// Columns whose text is too long for one batch are looked at in parts.
Result<std::shared_ptr<arrow::BooleanArray>> ParquetFileReader::EvaluateInParts(
    const Expression& filter, const arrow::ArrayVector& columns, int64_t num_rows,
    const OperationContext& context) const {
  arrow::FieldVector fields;
  for (size_t i = 0; i < columns.size(); ++i) {
    fields.push_back(
        filter_.arrow_schema->field(static_cast<int>(i))->WithType(columns[i]->type()));
  }
  const auto whole = arrow::RecordBatch::Make(arrow::schema(fields), num_rows, columns);
  arrow::ArrayVector masks;
  for (int64_t begin = 0; begin < num_rows;) {
    const int64_t length = NumRowsWithin(*whole, begin, num_rows - begin, batch_bytes_);
    auto part = whole->Slice(begin, length);
    for (int i = 0; i < part->num_columns(); ++i) {
      const auto& field = filter_.arrow_schema->field(i);
      if (part->column(i)->type_id() == arrow::Type::DICTIONARY) continue;
      ICEFRAME_ASSIGN_OR_RETURN(const auto narrow,
                                Narrow(part->column(i), field->type(), context.pool()));
      ICEFRAME_ASSIGN_OR_RETURN(part, part->SetColumn(i, field, narrow));
    }
    ICEFRAME_ASSIGN_OR_RETURN(auto mask, EvaluateFilter(filter, *part, context.pool()));
    if (mask->length() != length) {
      return Error(ErrorKind::kInvalidArgument, "a filter gave another number of rows");
    }
    masks.push_back(std::move(mask));
    begin += length;
  }
  if (masks.size() == 1) return std::static_pointer_cast<arrow::BooleanArray>(masks[0]);
  if (masks.empty()) return EvaluateFilter(filter, *whole, context.pool());
  ICEFRAME_ASSIGN_OR_RETURN(auto joined, arrow::Concatenate(masks, context.pool()));
  return std::static_pointer_cast<arrow::BooleanArray>(joined);
}

Result<ParquetFileReader::Survivors> ParquetFileReader::FilterRows(
    const OperationContext& context, arrow::ArrayVector* columns,
    const std::vector<RowRange>& selected) {
  Survivors survivors;
  survivors.keep = selected;
  survivors.num_rows = NumRows(selected);
  for (const Expression& filter : filter_.filters) {
    ICEFRAME_ASSIGN_OR_RETURN(auto mask,
                              EvaluateInParts(filter, *columns, NumRows(selected), context));
    if (survivors.mask != nullptr) {
      RowSelection both;
      ICEFRAME_ASSIGN_OR_RETURN(auto left, RowSelection::FromRanges(survivors.keep));
      ICEFRAME_ASSIGN_OR_RETURN(auto right, RowSelection::FromRanges(TrueRows(*mask, selected)));
      survivors.keep = left.Intersect(right).ranges();
    } else {
      survivors.keep = TrueRows(*mask, selected);
    }
    survivors.mask = mask;
    survivors.num_rows = NumRows(survivors.keep);
    if (survivors.num_rows == 0) break;
  }
  return survivors;
}

/// Goes on to the next row that may be wanted, where pages told which these are.
Status ParquetFileReader::PassUnwanted() {
  Current& now = *current_;
  if (!now.rows) return Status::OK();
  const RowSelection left =
      now.rows->Slice(now.first_row + now.next_row, now.first_row + now.num_rows);
  const int64_t next = left.empty() ? now.num_rows : left.ranges().front().begin - now.first_row;
  const int64_t num_rows = next - now.next_row;
  if (num_rows == 0) return Status::OK();
  if (!left.empty()) {
    for (auto& stream : now.filter_streams) {
      ICEFRAME_RETURN_NOT_OK(stream->Read(num_rows, {}).status());
    }
  }
  now.next_row = next;
  now.unread_rows += num_rows;
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> ParquetFileReader::ReadBatch(
    const OperationContext& context) {
  Current& now = *current_;
  ICEFRAME_RETURN_NOT_OK(PassUnwanted());
  if (now.next_row == now.num_rows) return std::shared_ptr<arrow::RecordBatch>();
  const int64_t num_rows = std::min(BatchRows(context), now.num_rows - now.next_row);
  const std::vector<RowRange> selected = Selected(now.first_row + now.next_row, num_rows);
  const int64_t batch_begin = now.first_row + now.next_row;
  ICEFRAME_ASSIGN_OR_RETURN(auto filter_columns,
                            ReadColumns(context, &now.filter_streams, num_rows, selected));
  now.next_row += num_rows;
  context.counters->Add(DataFileCount::kRowsScanned, NumRows(selected));
  ICEFRAME_ASSIGN_OR_RETURN(Survivors survivors, FilterRows(context, &filter_columns, selected));
  now.survivors += survivors.num_rows;
  std::vector<RowRange> keep = FirstRows(std::move(survivors.keep), rows_left_);
  const int64_t num_kept = NumRows(keep);
  if (num_kept == 0) {
    now.unread_rows += num_rows;
    return std::shared_ptr<arrow::RecordBatch>();
  }
  const int64_t num_selected = NumRows(selected);
  const bool skip_runs =
      num_kept == num_selected || static_cast<int64_t>(keep.size()) * kRowsPerRun <= num_selected;
  const std::vector<RowRange>& to_read = skip_runs ? keep : selected;
  const int64_t end = now.first_row + now.num_rows;
  if (now.rows && now.rows->Slice(batch_begin + num_rows, end).empty()) {
    // Nothing is wanted behind this batch: the other columns end with its last row.
    now.source.rows_end =
        std::min(now.source.rows_end, batch_begin - now.first_row + to_read.back().end);
  }
  ICEFRAME_RETURN_NOT_OK(OpenOtherColumns(context));
  if (now.unread_rows > 0) {
    ICEFRAME_RETURN_NOT_OK(ReadColumns(context, &now.streams, now.unread_rows, {}).status());
    now.unread_rows = 0;
  }
  std::shared_ptr<arrow::Array> mask;
  if (num_kept < num_selected) {
    ICEFRAME_ASSIGN_OR_RETURN(mask, MaskOf(keep, selected, context.pool()));
  }
  ICEFRAME_ASSIGN_OR_RETURN(auto columns, ReadColumns(context, &now.streams, num_rows, to_read));
  for (size_t i = 0; i < columns_.size(); ++i) {
    const bool shared = shared_with_filter_[i] >= 0;
    if (shared) columns[i] = filter_columns[static_cast<size_t>(shared_with_filter_[i])];
    if (mask != nullptr && (shared || !skip_runs)) {
      ICEFRAME_ASSIGN_OR_RETURN(columns[i], Filter(columns[i], mask, context.pool()));
    }
  }
  rows_left_ -= num_kept;
  context.counters->Add(DataFileCount::kRowsMatched, num_kept);
  arrow::FieldVector fields;
  for (const auto& column : columns) fields.push_back(arrow::field("", column->type()));
  decoded_ = arrow::RecordBatch::Make(arrow::schema(fields), num_kept, std::move(columns));
  next_decoded_ = 0;
  now.decoded_bytes_per_row = DecodedBytes(*decoded_) / num_rows;
  return NextPart(context);
}

Result<std::shared_ptr<arrow::RecordBatch>> ParquetFileReader::NextPart(
    const OperationContext& context) {
  const int64_t num_rows =
      NumRowsWithin(*decoded_, next_decoded_, decoded_->num_rows(), batch_bytes_);
  const bool is_whole = num_rows == decoded_->num_rows();
  arrow::ArrayVector columns =
      (is_whole ? decoded_ : decoded_->Slice(next_decoded_, num_rows))->columns();
  next_decoded_ += num_rows;
  if (next_decoded_ == decoded_->num_rows()) decoded_.reset();
  return Assemble(context, std::move(columns), num_rows);
}

Result<std::shared_ptr<arrow::RecordBatch>> ParquetFileReader::Assemble(
    const OperationContext& context, arrow::ArrayVector columns, int64_t num_rows) const {
  bool has_dictionaries = false;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const auto& type = result_schema_->field(static_cast<int>(i))->type();
    if (columns[i]->type_id() == arrow::Type::DICTIONARY) {
      if (options_.keep_dictionaries) {
        has_dictionaries = true;
        continue;
      }
      ICEFRAME_ASSIGN_OR_RETURN(
          columns[i], DecodeDictionary(static_cast<const arrow::DictionaryArray&>(*columns[i]),
                                       type, context.pool()));
    }
    ICEFRAME_ASSIGN_OR_RETURN(columns[i], Narrow(columns[i], type, context.pool()));
    const bool required =
        columns_[i].field.required && columns_[i].field.type.id() != TypeId::kUnknown;
    if (required && columns[i]->null_count() > 0) {
      return Error(ErrorKind::kInvalidData,
                   "a null in a required column: ", columns_[i].field.name);
    }
  }
  std::shared_ptr<arrow::Schema> schema = result_schema_;
  if (has_dictionaries) {
    for (int i = 0; i < schema->num_fields(); ++i) {
      const auto& type = columns[static_cast<size_t>(i)]->type();
      if (type->id() != arrow::Type::DICTIONARY) continue;
      ICEFRAME_ASSIGN_OR_RETURN(schema, schema->SetField(i, schema->field(i)->WithType(type)));
    }
  }
  return arrow::RecordBatch::Make(std::move(schema), num_rows, std::move(columns));
}

}  // namespace iceframe::internal
