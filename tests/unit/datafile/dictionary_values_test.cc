// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <arrow/io/memory.h>
#include <parquet/api/reader.h>
#include <parquet/arrow/writer.h>

#include "iceframe/datafile/dictionary_values_internal.h"

#include "unit/datafile/data_file_testing.h"

namespace iceframe::internal {
namespace {

/// A file of one column, and what its dictionary page turns out to be.
class DictionaryValuesTest : public testing::Test {
 protected:
  void Write(const std::shared_ptr<arrow::Array>& column,
             const parquet::WriterProperties& properties) {
    const auto table = arrow::Table::Make(
        arrow::schema({arrow::field("c", column->type(), column->null_count() > 0)}), {column});
    auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
    ASSERT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, 1 << 20,
                                           std::make_shared<parquet::WriterProperties>(properties))
                    .ok());
    bytes_ = sink->Finish().ValueOrDie();
    footer_ = parquet::ReadMetaData(std::make_shared<arrow::io::BufferReader>(bytes_));
    row_group_ = footer_->RowGroup(0);
    chunk_ = row_group_->ColumnChunk(0);
  }

  static std::shared_ptr<arrow::Array> Repeated(const std::shared_ptr<arrow::DataType>& type,
                                                const std::string& json, int times) {
    const auto values = arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
    return arrow::Concatenate(arrow::ArrayVector(static_cast<size_t>(times), values)).ValueOrDie();
  }

  const parquet::ColumnDescriptor& column() const { return *footer_->schema()->Column(0); }
  std::optional<ByteRange> Range() const {
    return DictionaryRange(*chunk_, column(), bytes_->size());
  }
  std::string Page() const {
    const auto range = Range().value();
    return arrow::SliceBuffer(bytes_, range.offset, range.length)->ToString();
  }
  std::optional<DictionaryValues> Parse(std::string page,
                                        int64_t max_bytes = kMaxDictionaryBytes) const {
    return DictionaryValues::Parse(arrow::Buffer::FromString(std::move(page)), *chunk_, column(),
                                   max_bytes, arrow::default_memory_pool())
        .ValueOrDie();
  }
  /// The values as `type`; nullopt if they are unknown.
  static std::optional<std::vector<Value>> All(const std::optional<DictionaryValues>& values,
                                               const Type& type) {
    std::vector<Value> all;
    const auto add = [&](const Value& value) {
      all.push_back(value);
      return true;
    };
    if (!values || !values->Visit(type, add)) return std::nullopt;
    return all;
  }

  std::shared_ptr<arrow::Buffer> bytes_;
  std::shared_ptr<parquet::FileMetaData> footer_;
  std::unique_ptr<parquet::RowGroupMetaData> row_group_;
  std::unique_ptr<parquet::ColumnChunkMetaData> chunk_;
};

TEST_F(DictionaryValuesTest, HandsOutEachValueAsTheTablesType) {
  Write(Repeated(arrow::int32(), "[7, null, -1]", 50), *parquet::default_writer_properties());
  const std::vector<Value> ints = {Value(int32_t{7}), Value(int32_t{-1})};
  const std::vector<Value> longs = {Value(int64_t{7}), Value(int64_t{-1})};
  EXPECT_EQ(All(Parse(Page()), Type::Int()), ints);
  EXPECT_EQ(All(Parse(Page()), Type::Long()), longs);
  EXPECT_EQ(All(Parse(Page()), Type::String()), std::nullopt);
  EXPECT_FALSE(Parse(Page(), 7).has_value());
}

TEST_F(DictionaryValuesTest, TimesThatWouldBeRoundedAreUnknown) {
  Write(Repeated(arrow::timestamp(arrow::TimeUnit::NANO), "[1500000, 2000]", 50),
        *parquet::default_writer_properties());
  const std::vector<Value> micros = {Value(int64_t{1500}), Value(int64_t{2})};
  EXPECT_EQ(All(Parse(Page()), Type::Timestamp()), micros);
  Write(Repeated(arrow::timestamp(arrow::TimeUnit::NANO), "[1500000, 2001]", 50),
        *parquet::default_writer_properties());
  EXPECT_EQ(All(Parse(Page()), Type::Timestamp()), std::nullopt);
}

TEST_F(DictionaryValuesTest, OnlyOfChunksThatAreWhollyInTheirDictionary) {
  parquet::WriterProperties::Builder small;
  small.dictionary_pagesize_limit(64)->write_batch_size(10)->data_pagesize(64);
  std::string many = "[";
  for (int i = 0; i < 400; ++i) many += (i == 0 ? "" : ",") + std::to_string(i);
  Write(Repeated(arrow::int64(), many + "]", 1), *small.build());
  EXPECT_EQ(Range(), std::nullopt);
  parquet::WriterProperties::Builder plain;
  plain.disable_dictionary();
  Write(Repeated(arrow::int64(), "[1]", 50), *plain.build());
  EXPECT_EQ(Range(), std::nullopt);
  Write(Repeated(arrow::list(arrow::int64()), "[[1, 2], [3]]", 50),
        *parquet::default_writer_properties());
  EXPECT_EQ(Range(), std::nullopt);
}

TEST_F(DictionaryValuesTest, DamagedPagesAreUnknownOrHaveOtherValues) {
  for (const bool has_checksum : {true, false}) {
    for (const auto codec : {arrow::Compression::UNCOMPRESSED, arrow::Compression::ZSTD}) {
      parquet::WriterProperties::Builder properties;
      properties.compression(codec);
      if (has_checksum) properties.enable_page_checksum();
      Write(Repeated(arrow::utf8(), R"(["one", "three", "", "seventeen"])", 50),
            *properties.build());
      const std::string page = Page();
      ASSERT_EQ(All(Parse(page), Type::String())->size(), 4U);
      std::mt19937 random(17);
      for (size_t at = 0; at < page.size(); ++at) {
        std::string damaged = page;
        damaged[at] = static_cast<char>(damaged[at] ^ static_cast<char>(1U << (random() % 8)));
        const auto values = Parse(damaged);
        All(values, Type::String());
        All(Parse(page.substr(0, at)), Type::String());
        if (has_checksum && at + 5 > page.size()) {
          EXPECT_FALSE(values.has_value()) << at;
        }
      }
    }
  }
}

}  // namespace
}  // namespace iceframe::internal
