// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <arrow/api.h>
#include <parquet/arrow/reader.h>
#include <parquet/column_reader.h>
#include <parquet/exception.h>

#include "iceframe/datafile/array_form_internal.h"
#include "iceframe/datafile/column_stream_internal.h"
#include "iceframe/datafile/parquet_column_internal.h"
#include "iceframe/datafile/row_group_fetch_internal.h"
#include "iceframe/types/arrow_form.h"
#include "iceframe/types/arrow_schema.h"
#include "iceframe/types/offset_reach.h"
#include "iceframe/types/wide_array.h"

namespace iceframe::internal {
namespace {

int64_t NumKept(const std::vector<RowRange>& keep) {
  int64_t count = 0;
  for (const RowRange& range : keep) count += range.end - range.begin;
  return count;
}

/// The row group's first row, counted in the file.
int64_t FirstRow(const RowGroupSource& source) {
  int64_t row = 0;
  for (int i = 0; i < source.row_group; ++i) row += source.metadata->RowGroup(i)->num_rows();
  return row;
}

/// The row of the `index`-th that is kept.
int64_t RowAt(const std::vector<RowRange>& keep, int64_t index) {
  for (const RowRange& range : keep) {
    if (index < range.end - range.begin) return range.begin + index;
    index -= range.end - range.begin;
  }
  return index;
}

/// The first item of a code; -1 if none has it.
int64_t RowOfCode(const arrow::DictionaryArray& array, int64_t code) {
  for (int64_t i = 0; i < array.length(); ++i) {
    if (array.IsValid(i) && array.GetValueIndex(i) == code) return i;
  }
  return -1;
}

Result<std::shared_ptr<arrow::Array>> Join(const arrow::ArrayVector& chunks,
                                           const std::shared_ptr<arrow::DataType>& type,
                                           int64_t max_bytes, arrow::MemoryPool* pool) {
  if (chunks.empty()) return EmptyArray(type, pool);
  return ConcatenateWithin(chunks, max_bytes, pool);
}

class ConstantStream : public ColumnStream {
 public:
  ConstantStream(const ColumnPlan& plan, const RowGroupSource& source)
      : plan_(plan), pool_(source.pool), max_bytes_(source.batch_bytes) {}

  Result<std::shared_ptr<arrow::Array>> Read(int64_t, const std::vector<RowRange>& keep) override {
    const int64_t num_rows = NumKept(keep);
    ICEFRAME_ASSIGN_OR_RETURN(auto one, Values(1));
    if (OffsetReach(*one->data()) <= max_bytes_ / std::max<int64_t>(1, num_rows)) {
      return Values(num_rows);
    }
    // Long text stands there once: every code is 0.
    ICEFRAME_ASSIGN_OR_RETURN(auto codes,
                              arrow::MakeArrayFromScalar(arrow::Int32Scalar(0), num_rows, pool_));
    return arrow::DictionaryArray::FromArrays(arrow::dictionary(arrow::int32(), one->type()), codes,
                                              one);
  }

 private:
  Result<std::shared_ptr<arrow::Array>> Values(int64_t num_rows) {
    ICEFRAME_ASSIGN_OR_RETURN(auto array,
                              ArrayFromValue(plan_.field.type, plan_.constant, num_rows, pool_));
    return arrow::MakeArray(Relabel(array->data(), plan_.arrow_type));
  }

  const ColumnPlan& plan_;
  arrow::MemoryPool* pool_;
  int64_t max_bytes_;
};

/// Places of rows in the file.
class PositionStream : public ColumnStream {
 public:
  explicit PositionStream(const RowGroupSource& source)
      : pool_(source.pool), next_row_(FirstRow(source)) {}

  Result<std::shared_ptr<arrow::Array>> Read(int64_t num_rows,
                                             const std::vector<RowRange>& keep) override {
    arrow::Int64Builder positions(pool_);
    ICEFRAME_RETURN_NOT_OK(positions.Reserve(NumKept(keep)));
    for (const RowRange& range : keep) {
      for (int64_t row = range.begin; row < range.end; ++row) {
        positions.UnsafeAppend(next_row_ + row);
      }
    }
    next_row_ += num_rows;
    return positions.Finish();
  }

 private:
  arrow::MemoryPool* pool_;
  int64_t next_row_;
};

/// A top-level primitive, straight from libparquet's record reader.
class FlatStream : public ColumnStream {
 public:
  FlatStream(const ColumnPlan& plan, const RowGroupSource& source)
      : plan_(plan),
        pool_(source.pool),
        max_bytes_(source.batch_bytes),
        keep_dictionaries_(source.keep_dictionaries),
        place_{plan.field.name, plan.field.type, nullptr} {}

  Status Open(const RowGroupSource& source) {
    const int leaf = plan_.file_column->leaf;
    const parquet::ColumnDescriptor* column = source.metadata->schema()->Column(leaf);
    const bool is_text = plan_.conversion.kind == LeafConversion::Kind::kText ||
                         plan_.conversion.kind == LeafConversion::Kind::kBytes;
    const auto chunk = source.metadata->RowGroup(source.row_group)->ColumnChunk(leaf);
    // Only where all pages have codes do these pay.
    use_codes_ = is_text && plan_.conversion.cast_from == nullptr && IsDictionaryEncoded(*chunk);
    first_row_ = FirstRow(source);
    reader_ = parquet::internal::RecordReader::Make(
        column, parquet::internal::LevelInfo::ComputeLevelInfo(column), pool_, use_codes_,
        /*read_dense_for_nullable=*/false);
    ICEFRAME_ASSIGN_OR_RETURN(auto pages, OpenColumnPages(source, leaf));
    pages_ = pages.get();
    reader_->SetPageReader(std::move(pages));
    physical_ = column->physical_type();
    return Status::OK();
  }

  Result<std::shared_ptr<arrow::Array>> Read(int64_t num_rows,
                                             const std::vector<RowRange>& keep) override {
    const int64_t wanted = NumKept(keep);
    const int64_t first_row = first_row_ + read_rows_;
    place_.row_of = [&keep, first_row](int64_t i) { return first_row + RowAt(keep, i); };
    read_rows_ += num_rows;
    skipped_ += keep.empty() ? num_rows : keep.front().begin;
    if (keep.empty()) return EmptyArray(plan_.arrow_type, pool_);
    ICEFRAME_RETURN_NOT_OK(CatchUp());
    reader_->Reset();
    reader_->Reserve(wanted);
    for (size_t i = 0; i < keep.size(); ++i) {
      int64_t left = keep[i].end - keep[i].begin;
      while (left > 0) {
        const int64_t num_read = reader_->ReadRecords(left);
        if (num_read <= 0) return TooShort();
        left -= num_read;
        row_ += num_read;
      }
      skipped_ = (i + 1 < keep.size() ? keep[i + 1].begin : num_rows) - keep[i].end;
      if (i + 1 < keep.size()) ICEFRAME_RETURN_NOT_OK(CatchUp());
    }
    ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(auto array, Take(wanted), "column", plan_.field.name);
    if (array->length() != wanted) return TooShort();
    return array;
  }

 private:
  static Status TooShort() {
    return Error(ErrorKind::kInvalidData, "a column has fewer values than rows");
  }

  /// Goes past the rows to skip: out of the page at hand, past whole pages, undecoded, and into
  /// the page that has the last of them.
  Status CatchUp() {
    while (skipped_ > 0) {
      int64_t left_in_page = pages_->end_row() - row_;
      if (left_in_page == 0) {
        const int64_t num_passed = pages_->SkipPages(skipped_);
        row_ += num_passed;
        skipped_ -= num_passed;
        if (skipped_ == 0) break;
        left_in_page = skipped_;
      }
      const int64_t num_skipped = reader_->SkipRecords(std::min(skipped_, left_in_page));
      if (num_skipped <= 0) return TooShort();
      row_ += num_skipped;
      skipped_ -= num_skipped;
    }
    return Status::OK();
  }

  Result<std::shared_ptr<arrow::Array>> Take(int64_t num_rows) {
    if (use_codes_) return TakeCodes();
    if (physical_ == parquet::Type::BYTE_ARRAY ||
        physical_ == parquet::Type::FIXED_LEN_BYTE_ARRAY) {
      auto* bytes = dynamic_cast<parquet::internal::BinaryRecordReader*>(reader_.get());
      if (bytes == nullptr) return TooShort();
      arrow::ArrayVector chunks = bytes->GetBuilderChunks();
      ValuePlace of_chunk = place_;
      int64_t first = 0;
      of_chunk.row_of = [&](int64_t i) { return place_.row_of(first + i); };
      for (auto& chunk : chunks) {
        ICEFRAME_ASSIGN_OR_RETURN(
            chunk, ConvertBytes(plan_.conversion, of_chunk, plan_.arrow_type, chunk, pool_));
        first += chunk->length();
      }
      ICEFRAME_ASSIGN_OR_RETURN(auto joined, Join(chunks, plan_.arrow_type, max_bytes_, pool_));
      if (joined->length() != num_rows) return TooShort();
      return joined;
    }
    if (reader_->values_written() != num_rows) return TooShort();
    const int64_t null_count = reader_->nullable_values() ? reader_->null_count() : 0;
    std::shared_ptr<arrow::Buffer> valid;
    if (reader_->nullable_values()) valid = reader_->ReleaseIsValid();
    return ConvertValues(plan_.conversion, place_, plan_.arrow_type,
                         {num_rows, null_count, reader_->ReleaseValues(), std::move(valid)}, pool_);
  }

  Result<std::shared_ptr<arrow::Array>> TakeCodes() {
    auto* codes = dynamic_cast<parquet::internal::DictionaryRecordReader*>(reader_.get());
    if (codes == nullptr) return TooShort();
    const std::shared_ptr<arrow::ChunkedArray> chunked = codes->GetResult();
    arrow::ArrayVector plain;
    for (const auto& chunk : chunked->chunks()) {
      const auto& array = static_cast<const arrow::DictionaryArray&>(*chunk);
      if (array.dictionary() != checked_dictionary_) {
        // The dictionary is checked once; its values are what every row's are. Of one that does not
        // fit, a row that has it is looked up.
        ValuePlace of_code = place_;
        of_code.row_of = [&](int64_t code) {
          const int64_t item = RowOfCode(array, code);
          return item < 0 ? item : place_.row_of(item);
        };
        ICEFRAME_ASSIGN_OR_RETURN(
            dictionary_,
            ConvertBytes(plan_.conversion, of_code, plan_.arrow_type, array.dictionary(), pool_));
        checked_dictionary_ = array.dictionary();
      }
      if (chunked->num_chunks() == 1 &&
          (keep_dictionaries_ || OffsetReach(*array.data()) > max_bytes_)) {
        return std::make_shared<arrow::DictionaryArray>(
            arrow::dictionary(arrow::int32(), plan_.arrow_type), array.indices(), dictionary_);
      }
      ICEFRAME_ASSIGN_OR_RETURN(auto decoded, DecodeDictionary(array, plan_.arrow_type, pool_));
      plain.push_back(std::move(decoded));
    }
    return Join(plain, plan_.arrow_type, max_bytes_, pool_);
  }

  const ColumnPlan& plan_;
  arrow::MemoryPool* pool_;
  int64_t max_bytes_;
  bool keep_dictionaries_;
  ValuePlace place_;
  bool use_codes_ = false;
  parquet::Type::type physical_ = parquet::Type::UNDEFINED;
  std::shared_ptr<parquet::internal::RecordReader> reader_;
  ColumnPages* pages_ = nullptr;  // the reader's
  std::shared_ptr<arrow::Array> checked_dictionary_;
  std::shared_ptr<arrow::Array> dictionary_;
  /// Rows to go past before the next read: rows at the end are never decoded at all.
  int64_t skipped_ = 0;
  /// The row of the row group that comes next.
  int64_t row_ = 0;
  /// The file's row that the row group begins with, and how many of its rows were asked about.
  int64_t first_row_ = 0;
  int64_t read_rows_ = 0;
};

/// Whether instants below are kept in nanoseconds.
bool HasNanos(const Type& type) {
  if (type.id() == TypeId::kTimestampNs || type.id() == TypeId::kTimestamptzNs) return true;
  return std::ranges::any_of(type.fields(),
                             [](const NestedField& field) { return HasNanos(field.type); });
}

/// A nested column, through libparquet's Arrow reader and the projection by ids.
class NestedStream : public ColumnStream {
 public:
  NestedStream(const ColumnPlan& plan, const RowGroupSource& source)
      : plan_(plan),
        constants_(*source.constants),
        pool_(source.pool),
        max_bytes_(source.batch_bytes),
        row_group_(source.row_group),
        batch_rows_(source.batch_rows) {}

  Status Open(const RowGroupSource& source) {
    // libparquet's own checksums take three times as long, and it believes headers that count too
    // many values.
    for (int leaf : plan_.leaves) {
      ICEFRAME_ASSIGN_OR_RETURN(const auto pages, OpenColumnPages(source, leaf));
      pages->CheckAll();
    }
    parquet::ArrowReaderProperties properties(/*use_threads=*/false);
    properties.set_pre_buffer(false);
    properties.set_coerce_int96_timestamp_unit(HasNanos(plan_.field.type) ? arrow::TimeUnit::NANO
                                                                          : arrow::TimeUnit::MICRO);
    first_row_ = FirstRow(source);
    auto file = parquet::ParquetFileReader::Open(source.file, parquet::ReaderProperties(pool_),
                                                 source.metadata);
    ICEFRAME_ASSIGN_OR_RETURN(file_,
                              parquet::arrow::FileReader::Make(pool_, std::move(file), properties));
    return OpenBatches();
  }

  Result<std::shared_ptr<arrow::Array>> Read(int64_t num_rows,
                                             const std::vector<RowRange>& keep) override {
    arrow::ArrayVector pieces;
    auto range = keep.begin();
    for (int64_t done = 0; done < num_rows;) {
      if (current_ == nullptr || position_ == current_->length()) {
        ICEFRAME_RETURN_NOT_OK(NextBatch());
      }
      const int64_t count = std::min(num_rows - done, current_->length() - position_);
      while (range != keep.end() && range->begin < done + count) {
        const int64_t begin = std::max(range->begin, done);
        const int64_t end = std::min(range->end, done + count);
        pieces.push_back(current_->Slice(position_ + begin - done, end - begin));
        if (range->end > done + count) break;
        ++range;
      }
      position_ += count;
      done += count;
    }
    return Join(pieces, plan_.arrow_type, max_bytes_, pool_);
  }

 private:
  Status OpenBatches() {
    const std::vector<int> leaves(plan_.leaves.begin(), plan_.leaves.end());
    file_->set_batch_size(batch_rows_);
    return file_->GetRecordBatchReader({row_group_}, leaves).Value(&batches_);
  }

  Status NextBatch() {
    while (true) {
      std::shared_ptr<arrow::RecordBatch> batch;
      const Status read = batches_->ReadNext(&batch);
      if (IsTooLong(read, batch)) {
        // From the first row again, in smaller batches.
        batch_rows_ /= 2;
        read_rows_ = 0;
        ICEFRAME_RETURN_NOT_OK(OpenBatches());
        continue;
      }
      ICEFRAME_RETURN_NOT_OK(read);
      if (batch == nullptr || batch->num_columns() != 1 || batch->num_rows() == 0) {
        return Error(ErrorKind::kInvalidData, "a column has fewer values than rows");
      }
      read_rows_ += batch->num_rows();
      if (read_rows_ <= given_rows_) continue;
      ICEFRAME_ASSIGN_OR_RETURN(current_,
                                ProjectNested(plan_, constants_, batch->column(0),
                                              first_row_ + read_rows_ - batch->num_rows(), pool_));
      position_ = batch->num_rows() - (read_rows_ - given_rows_);
      given_rows_ = read_rows_;
      return Status::OK();
    }
  }

  /// libparquet can't nest what 32-bit offsets don't reach, and says that it is not implemented.
  bool IsTooLong(const Status& read, const std::shared_ptr<arrow::RecordBatch>& batch) const {
    if (batch_rows_ == 1) return false;
    if (!read.ok()) return read.IsNotImplemented();
    return batch != nullptr && batch->num_columns() == 1 && batch->num_rows() > 1 &&
           OffsetReach(*batch->column_data(0)) > max_bytes_;
  }

  const ColumnPlan& plan_;
  const std::map<FieldId, Value>& constants_;
  arrow::MemoryPool* pool_;
  int64_t max_bytes_;
  int row_group_;
  int64_t batch_rows_;
  std::unique_ptr<parquet::arrow::FileReader> file_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  std::shared_ptr<arrow::Array> current_;
  int64_t position_ = 0;
  /// The file's row that the row group begins with.
  int64_t first_row_ = 0;
  /// Rows of the row group up to the end of what was read last, and of `current_`: the same but
  /// after a new beginning.
  int64_t read_rows_ = 0;
  int64_t given_rows_ = 0;
};

}  // namespace

Result<std::unique_ptr<ColumnPages>> OpenColumnPages(const RowGroupSource& source, int leaf) {
  ICEFRAME_ASSIGN_OR_RETURN(const ByteRange range,
                            ChunkRange(*source.metadata, source.row_group, leaf, source.file_size));
  std::unique_ptr<ChunkBytes> chunk;
  if (source.file == nullptr) {
    chunk = std::make_unique<ChunkBytes>(*source.context, source.input, range);
  } else {
    ICEFRAME_ASSIGN_OR_RETURN(auto bytes, source.file->ReadAt(range.offset, range.length));
    chunk = std::make_unique<ChunkBytes>(std::move(bytes), range.offset);
  }
  const bool always_compressed = source.metadata->writer_version().VersionLt(
      parquet::ApplicationVersion::PARQUET_CPP_10353_FIXED_VERSION());
  const auto row_group = source.metadata->RowGroup(source.row_group);
  return std::make_unique<ColumnPages>(std::move(chunk), *row_group->ColumnChunk(leaf),
                                       *source.metadata->schema()->Column(leaf), source.rows_end,
                                       always_compressed, source.pool);
}

Result<std::unique_ptr<ColumnStream>> OpenColumnStream(const ColumnPlan& plan,
                                                       const RowGroupSource& source) {
  switch (plan.source) {
    case ColumnPlan::Source::kConstant:
      return std::make_unique<ConstantStream>(plan, source);
    case ColumnPlan::Source::kPosition:
      return std::make_unique<PositionStream>(source);
    case ColumnPlan::Source::kFlat: {
      auto stream = std::make_unique<FlatStream>(plan, source);
      ICEFRAME_RETURN_NOT_OK(stream->Open(source));
      return stream;
    }
    case ColumnPlan::Source::kNested: {
      auto stream = std::make_unique<NestedStream>(plan, source);
      ICEFRAME_RETURN_NOT_OK(stream->Open(source));
      return stream;
    }
  }
  return Error(ErrorKind::kInvalidData, "a column has no source");
}

}  // namespace iceframe::internal
