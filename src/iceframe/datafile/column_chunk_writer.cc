// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>

#include <arrow/array.h>
#include <parquet/exception.h>

#include "iceframe/datafile/chunk_pages_internal.h"
#include "iceframe/datafile/chunk_values_internal.h"
#include "iceframe/datafile/column_chunk_writer_internal.h"
#include "iceframe/datafile/dictionary_forecast_internal.h"
#include "iceframe/datafile/hybrid_encoding_internal.h"
#include "iceframe/datafile/plain_page_internal.h"
#include "iceframe/datafile/value_dictionary_internal.h"

namespace iceframe::internal {
namespace {

/// So many slots are looked at in one go.
constexpr int64_t kRun = 4096;
/// So many values, or nulls, are seen before the encoding is chosen.
constexpr int64_t kSampleValues = 64 * 1024;
constexpr int64_t kSampleLevels = 8 * kSampleValues;
/// So many of them are compressed for a trial.
constexpr int64_t kTrialValues = 16 * 1024;
/// A dictionary that makes so much less of the values, before compression, needs no trial.
constexpr double kClearlySmaller = 4;

template <typename DType, typename T>
class ChunkWriter final : public ColumnChunkWriter {
 public:
  ChunkWriter(parquet::ColumnChunkMetaDataBuilder* metadata,
              std::unique_ptr<parquet::PageWriter> pages,
              const parquet::WriterProperties* properties)
      : metadata_(metadata),
        properties_(properties),
        column_(metadata->descr()),
        max_level_(column_->max_definition_level()),
        mode_(properties->dictionary_enabled(column_->path()) ? Mode::kUndecided : Mode::kPlain),
        pages_(metadata, std::move(pages), properties),
        dictionary_(properties->memory_pool()),
        indices_(properties->memory_pool()),
        levels_(properties->memory_pool()),
        body_(properties->memory_pool()),
        seen_(properties->memory_pool()),
        plain_(properties->memory_pool()) {}

  arrow::Status WriteArrow(const int16_t* levels, const int16_t*, int64_t num_levels,
                           const arrow::Array& array, parquet::ArrowWriteContext*, bool) override {
    BEGIN_PARQUET_CATCH_EXCEPTIONS
    ICEFRAME_ASSIGN_OR_RETURN(const auto values, ChunkValues<T>::Make(array));
    std::array<int16_t, kRun> all_present;
    if (levels == nullptr) all_present.fill(max_level_);
    for (int64_t begin = 0; begin < num_levels; begin += kRun) {
      const int64_t count = std::min(kRun, num_levels - begin);
      const int16_t* run = levels == nullptr ? all_present.data() : levels + begin;
      ICEFRAME_RETURN_NOT_OK(AddRun(values, begin, count, max_level_ == 0 ? nullptr : run));
    }
    return Status::OK();
    END_PARQUET_CATCH_EXCEPTIONS
  }

  Status Finish() override {
    BEGIN_PARQUET_CATCH_EXCEPTIONS
    if (mode_ == Mode::kUndecided) ICEFRAME_RETURN_NOT_OK(Decide(sample_.values));
    return mode_ == Mode::kDictionary ? FlushIndices(/*all=*/true) : FlushPlain();
    END_PARQUET_CATCH_EXCEPTIONS
  }

  int64_t Close() override {
    if (std::exchange(is_closed_, true)) return 0;
    PARQUET_THROW_NOT_OK(Finish());
    std::shared_ptr<arrow::Buffer> dictionary;
    if (mode_ == Mode::kDictionary || has_fallen_back_) {
      PARQUET_ASSIGN_OR_THROW(dictionary, PlainDictionary(dictionary_.size()));
    }
    written_ = pages_.Write(dictionary, dictionary_.size(), has_fallen_back_);
    return written_;
  }

  parquet::Type::type type() const override { return column_->physical_type(); }
  const parquet::ColumnDescriptor* descr() const override { return column_; }
  int64_t rows_written() const override {
    return pages_.num_rows() + num_pending_ + plain_.num_levels();
  }
  int64_t total_compressed_bytes() const override { return pages_.compressed_bytes(); }
  int64_t total_bytes_written() const override { return written_; }
  int64_t total_compressed_bytes_written() const override { return pages_.written_bytes(); }
  int64_t estimated_buffered_value_bytes() const override {
    return plain_.size() + indices_.length() * BitsForCount(dictionary_.size()) / 8;
  }
  int64_t estimated_buffered_def_level_bytes() const override {
    return max_level_ == 0 ? 0 : (num_pending_ + plain_.num_levels()) / 8;
  }
  int64_t estimated_buffered_rep_level_bytes() const override { return 0; }
  int64_t estimated_buffered_dict_bytes() const override {
    return is_closed_ || (mode_ == Mode::kPlain && !has_fallen_back_)
               ? 0
               : dictionary_.entries().plain_bytes();
  }
  const parquet::WriterProperties* properties() override { return properties_; }
  void AddKeyValueMetadata(
      const std::shared_ptr<const arrow::KeyValueMetadata>& key_value_metadata) override {
    metadata_->SetKeyValueMetadata(key_value_metadata);
  }
  void ResetKeyValueMetadata() override { metadata_->SetKeyValueMetadata(nullptr); }

 private:
  enum class Mode { kUndecided, kDictionary, kPlain };

  Status AddRun(const ChunkValues<T>& from, int64_t begin, int64_t count, const int16_t* levels) {
    std::array<T, kRun> scratch;
    int64_t num_values = 0;
    ICEFRAME_ASSIGN_OR_RETURN(
        const T* values, from.Read(begin, count, levels, max_level_, scratch.data(), &num_values));
    if (mode_ == Mode::kPlain) return AddPlain(values, levels, count);
    ICEFRAME_RETURN_NOT_OK(indices_.Reserve(num_values));
    ICEFRAME_RETURN_NOT_OK(
        dictionary_.Encode(values, num_values, indices_.mutable_data() + indices_.length()));
    indices_.bytes_builder()->UnsafeAdvance(num_values * static_cast<int64_t>(sizeof(uint32_t)));
    if (levels != nullptr) ICEFRAME_RETURN_NOT_OK(levels_.Append(levels, count));
    num_pending_ += count;
    return mode_ == Mode::kUndecided ? GrowSample() : KeepInBounds();
  }

  Status GrowSample() {
    sample_.values = indices_.length();
    sample_.distinct = dictionary_.size();
    if (sample_.values <= kSampleValues / 2) {
      sample_.early_values = sample_.values;
      sample_.early_distinct = sample_.distinct;
    }
    const bool is_enough =
        sample_.values >= kSampleValues || num_pending_ >= kSampleLevels || IsDictionaryFull();
    return is_enough ? Decide(properties_->max_row_group_length()) : Status::OK();
  }

  bool IsDictionaryFull() const {
    return dictionary_.entries().plain_bytes() >= properties_->dictionary_pagesize_limit();
  }

  Status KeepInBounds() {
    if (!IsDictionaryFull()) return FlushIndices(/*all=*/false);
    ICEFRAME_RETURN_NOT_OK(FlushIndices(/*all=*/true));
    mode_ = Mode::kPlain;
    has_fallen_back_ = true;
    return Status::OK();
  }

  /// Chooses the encoding of a chunk of `num_values`, or of as many as there are if these are more.
  Status Decide(int64_t num_values) {
    ICEFRAME_ASSIGN_OR_RETURN(const bool uses_dictionary,
                              IsDictionarySmaller(std::max(num_values, sample_.values)));
    mode_ = uses_dictionary ? Mode::kDictionary : Mode::kPlain;
    return uses_dictionary ? KeepInBounds() : TurnPlain();
  }

  Result<bool> IsDictionarySmaller(int64_t num_values) {
    if (sample_.values == 0) return true;
    const auto expected = static_cast<double>(num_values);
    const double distinct = ForecastDistinct(sample_, num_values);
    const double dictionary_bytes = distinct *
                                    static_cast<double>(dictionary_.entries().plain_bytes()) /
                                    static_cast<double>(sample_.distinct);
    if (dictionary_bytes >= static_cast<double>(properties_->dictionary_pagesize_limit())) {
      return false;
    }
    const int bits = BitsForCount(static_cast<int64_t>(distinct));
    const double index_bytes = expected * bits / 8;
    const double plain_bytes = expected * PlainBytesPerValue();
    if (!pages_.has_codec()) return dictionary_bytes + index_bytes < plain_bytes;
    if ((dictionary_bytes + index_bytes) * kClearlySmaller <= plain_bytes) return true;
    return TryCodec(expected, distinct, bits);
  }

  double PlainBytesPerValue() const {
    int64_t bytes = 0;
    for (int64_t i = 0; i < indices_.length(); ++i) {
      bytes += DictionaryEntries<T>::PlainBytes(dictionary_.entries()[indices_.data()[i]]);
    }
    return static_cast<double>(bytes) / static_cast<double>(indices_.length());
  }

  /// Whether a dictionary is smaller by what the codec makes of the first values.
  Result<bool> TryCodec(double expected, double distinct, int bits) {
    const int64_t num_tried = std::min(kTrialValues, indices_.length());
    const int64_t num_entries = std::min(kTrialValues, dictionary_.size());
    ICEFRAME_ASSIGN_OR_RETURN(const auto entries, PlainDictionary(num_entries));
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t entry_bytes,
                              pages_.CompressedSize(entries->data(), entries->size()));
    body_.Rewind(0);
    ICEFRAME_RETURN_NOT_OK(AppendHybrid(indices_.data(), num_tried, bits, &body_));
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t index_bytes,
                              pages_.CompressedSize(body_.data(), body_.length()));
    body_.Rewind(0);
    for (int64_t i = 0; i < num_tried; ++i) {
      ICEFRAME_RETURN_NOT_OK(AppendPlain(dictionary_.entries()[indices_.data()[i]], &body_));
    }
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t plain_bytes,
                              pages_.CompressedSize(body_.data(), body_.length()));
    const double with_dictionary =
        distinct * static_cast<double>(entry_bytes) / static_cast<double>(num_entries) +
        expected * static_cast<double>(index_bytes) / static_cast<double>(num_tried);
    return with_dictionary <
           expected * static_cast<double>(plain_bytes) / static_cast<double>(num_tried);
  }

  Result<std::shared_ptr<arrow::Buffer>> PlainDictionary(int64_t num_entries) {
    arrow::BufferBuilder plain(properties_->memory_pool());
    for (int64_t i = 0; i < num_entries; ++i) {
      ICEFRAME_RETURN_NOT_OK(AppendPlain(dictionary_.entries()[static_cast<uint32_t>(i)], &plain));
    }
    return plain.Finish();
  }

  /// Encodes the values seen so far anew; the dictionary is forgotten.
  Status TurnPlain() {
    ICEFRAME_ASSIGN_OR_RETURN(const auto indices, indices_.Finish());
    ICEFRAME_ASSIGN_OR_RETURN(const auto levels, levels_.Finish());
    const auto* index = reinterpret_cast<const uint32_t*>(indices->data());
    const auto* level =
        max_level_ == 0 ? nullptr : reinterpret_cast<const int16_t*>(levels->data());
    std::array<T, kRun> scratch;
    for (int64_t left = std::exchange(num_pending_, 0); left > 0; left -= kRun) {
      const int64_t count = std::min(kRun, left);
      const int64_t num_values = CountPresent(level, count);
      for (int64_t i = 0; i < num_values; ++i) {
        scratch[static_cast<size_t>(i)] = dictionary_.entries()[index[i]];
      }
      ICEFRAME_RETURN_NOT_OK(AddPlain(scratch.data(), level, count));
      index += num_values;
      if (level != nullptr) level += count;
    }
    dictionary_ = ValueDictionary<T>(properties_->memory_pool());
    return Status::OK();
  }

  int64_t CountPresent(const int16_t* levels, int64_t count) const {
    return levels == nullptr ? count : std::count(levels, levels + count, max_level_);
  }

  Status AddPlain(const T* values, const int16_t* levels, int64_t num_levels) {
    while (num_levels > 0) {
      const int64_t room =
          std::min(num_levels, properties_->max_rows_per_page() - plain_.num_levels());
      const auto fitting =
          plain_.Fitting(values, levels, max_level_, room, properties_->data_pagesize());
      ICEFRAME_RETURN_NOT_OK(plain_.Add(values, fitting.num_values, fitting.num_levels));
      if (levels != nullptr) {
        ICEFRAME_RETURN_NOT_OK(levels_.Append(levels, fitting.num_levels));
        levels += fitting.num_levels;
      }
      values += fitting.num_values;
      num_levels -= fitting.num_levels;
      if (plain_.num_levels() >= properties_->max_rows_per_page() ||
          plain_.size() >= properties_->data_pagesize()) {
        ICEFRAME_RETURN_NOT_OK(FlushPlain());
      }
    }
    return Status::OK();
  }

  Status FlushPlain() {
    if (plain_.num_levels() == 0) return Status::OK();
    const arrow::BufferBuilder* body = &plain_.bytes();
    if (max_level_ > 0) {
      ICEFRAME_RETURN_NOT_OK(BeginBody(levels_.data(), plain_.num_levels()));
      ICEFRAME_RETURN_NOT_OK(body_.Append(plain_.bytes().data(), plain_.bytes().length()));
      body = &body_;
    }
    ICEFRAME_RETURN_NOT_OK(
        pages_.Add(*body, parquet::Encoding::PLAIN, levels_.data(), plain_.Facts()));
    plain_.Clear();
    levels_.bytes_builder()->Rewind(0);
    return Status::OK();
  }

  /// `body_` with nothing but levels, as in a data page: their size, then the hybrid.
  Status BeginBody(const int16_t* levels, int64_t num_levels) {
    body_.Rewind(0);
    if (max_level_ == 0) return Status::OK();
    uint32_t size = 0;
    ICEFRAME_RETURN_NOT_OK(body_.Append(&size, sizeof(size)));
    ICEFRAME_RETURN_NOT_OK(AppendHybrid(levels, num_levels, BitsForCount(max_level_ + 1), &body_));
    size = static_cast<uint32_t>(body_.length() - static_cast<int64_t>(sizeof(size)));
    std::memcpy(body_.mutable_data(), &size, sizeof(size));
    return Status::OK();
  }

  /// Makes pages of the indices that wait: all, or those that fill a page.
  Status FlushIndices(bool all) {
    const int64_t page_rows = std::max<int64_t>(
        1,
        std::min(properties_->max_rows_per_page(),
                 properties_->data_pagesize() * 8 / std::max(1, BitsForCount(dictionary_.size()))));
    int64_t done_levels = 0;
    int64_t done_values = 0;
    while (num_pending_ - done_levels >= (all ? 1 : page_rows)) {
      const int64_t count = std::min(page_rows, num_pending_ - done_levels);
      const int16_t* levels = max_level_ == 0 ? nullptr : levels_.data() + done_levels;
      const int64_t num_values = CountPresent(levels, count);
      ICEFRAME_RETURN_NOT_OK(
          AddIndexPage(indices_.data() + done_values, num_values, levels, count));
      done_levels += count;
      done_values += num_values;
    }
    DropFront(&indices_, done_values);
    if (max_level_ > 0) DropFront(&levels_, done_levels);
    num_pending_ -= done_levels;
    return Status::OK();
  }

  template <typename Number>
  static void DropFront(arrow::TypedBufferBuilder<Number>* numbers, int64_t count) {
    const int64_t left = numbers->length() - count;
    if (count == 0) return;
    std::copy_n(numbers->data() + count, left, numbers->mutable_data());
    numbers->bytes_builder()->Rewind(left * static_cast<int64_t>(sizeof(Number)));
  }

  Status AddIndexPage(const uint32_t* indices, int64_t num_values, const int16_t* levels,
                      int64_t num_levels) {
    ICEFRAME_RETURN_NOT_OK(BeginBody(levels, num_levels));
    const auto bits = static_cast<uint8_t>(BitsForCount(dictionary_.size()));
    ICEFRAME_RETURN_NOT_OK(body_.Append(&bits, 1));
    if (num_values > 0) ICEFRAME_RETURN_NOT_OK(AppendHybrid(indices, num_values, bits, &body_));
    ICEFRAME_ASSIGN_OR_RETURN(PageFacts<T> facts, FactsOf(indices, num_values));
    facts.num_levels = num_levels;
    return pages_.Add(body_, properties_->dictionary_index_encoding(), levels, facts);
  }

  Result<PageFacts<T>> FactsOf(const uint32_t* indices, int64_t num_values) {
    PageFacts<T> facts;
    facts.num_values = num_values;
    if (num_values == 0) return facts;
    const auto& entries = dictionary_.entries();
    facts.min = facts.max = entries[indices[0]];
    if constexpr (std::is_same_v<T, std::string_view>) {
      // Each entry is compared once: whether the page has it stands in `seen_`.
      seen_.bytes_builder()->Rewind(0);
      ICEFRAME_RETURN_NOT_OK(seen_.Append(entries.size(), 0));
      uint32_t* seen = seen_.mutable_data();
      for (int64_t i = 0; i < num_values; ++i) ++seen[indices[i]];
      for (uint32_t entry = 0; entry < static_cast<uint32_t>(entries.size()); ++entry) {
        if (seen[entry] == 0) continue;
        facts.text_bytes += static_cast<int64_t>(entries[entry].size() * seen[entry]);
        facts.min = std::min(facts.min, entries[entry]);
        facts.max = std::max(facts.max, entries[entry]);
      }
    } else {
      for (int64_t i = 0; i < num_values; ++i) {
        facts.min = std::min(facts.min, entries[indices[i]]);
        facts.max = std::max(facts.max, entries[indices[i]]);
      }
    }
    return facts;
  }

  parquet::ColumnChunkMetaDataBuilder* metadata_;
  const parquet::WriterProperties* properties_;
  const parquet::ColumnDescriptor* column_;
  const int16_t max_level_;
  Mode mode_;
  bool has_fallen_back_ = false;
  bool is_closed_ = false;
  int64_t written_ = 0;
  ChunkPages<DType, T> pages_;
  ValueDictionary<T> dictionary_;
  DistinctSample sample_;
  /// What no page has yet: of a dictionary, the levels and indices of `num_pending_` slots; of
  /// plain values, the levels of `plain_`.
  int64_t num_pending_ = 0;
  arrow::TypedBufferBuilder<uint32_t> indices_;
  arrow::TypedBufferBuilder<int16_t> levels_;
  arrow::BufferBuilder body_;
  arrow::TypedBufferBuilder<uint32_t> seen_;
  PlainPage<T> plain_;
};

}  // namespace

bool HasColumnChunkWriter(const parquet::ColumnDescriptor& column) {
  if (column.max_repetition_level() > 0) return false;
  return column.physical_type() == parquet::Type::INT32 ||
         column.physical_type() == parquet::Type::INT64 ||
         column.physical_type() == parquet::Type::BYTE_ARRAY;
}

std::shared_ptr<ColumnChunkWriter> MakeColumnChunkWriter(
    parquet::ColumnChunkMetaDataBuilder* metadata, std::unique_ptr<parquet::PageWriter> pages,
    const parquet::WriterProperties* properties) {
  switch (metadata->descr()->physical_type()) {
    case parquet::Type::INT32:
      return std::make_shared<ChunkWriter<parquet::Int32Type, int32_t>>(metadata, std::move(pages),
                                                                        properties);
    case parquet::Type::INT64:
      return std::make_shared<ChunkWriter<parquet::Int64Type, int64_t>>(metadata, std::move(pages),
                                                                        properties);
    default:
      return std::make_shared<ChunkWriter<parquet::ByteArrayType, std::string_view>>(
          metadata, std::move(pages), properties);
  }
}

}  // namespace iceframe::internal
