// SPDX-License-Identifier: Apache-2.0
// Pages tell when their bytes are no longer those that were written.
#include <fstream>

#include <arrow/io/memory.h>
#include <parquet/api/reader.h>
#include <parquet/api/writer.h>
#include <parquet/arrow/writer.h>
#include <parquet/column_page.h>

#include "iceframe/expression/binder.h"

#include "support/temp_folder.h"
#include "unit/datafile/data_file_testing.h"

namespace iceframe {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// A column whose pages libparquet reads.
constexpr const char* kNestedColumn = "list";
/// A column that we read ourselves.
constexpr const char* kFlatColumn = "long";

class PageChecksumTest : public DataFileTest {
 protected:
  /// Every type, in many small pages, by our own writer.
  DataFile WriteOurs(int64_t num_rows, const std::string& codec) {
    return WriteFile(schema_, Batch(num_rows),
                     {{"write.parquet.compression-codec", codec},
                      {"write.parquet.page-size-bytes", "2000"},
                      {"write.parquet.dict-size-bytes", "1000"},
                      {"write.parquet.bloom-filter-enabled.column.int", "true"}});
  }

  DataFile WriteForeign(int64_t num_rows, const parquet::WriterProperties& properties) {
    auto table = arrow::Table::Make(ToArrowSchema(*schema_, /*with_field_ids=*/true).ValueOrDie(),
                                    Batch(num_rows)->columns());
    auto sink = arrow::io::BufferOutputStream::Create(4096, context_.pool()).ValueOrDie();
    EXPECT_TRUE(parquet::arrow::WriteTable(*table, context_.pool(), sink, num_rows,
                                           std::make_shared<parquet::WriterProperties>(properties))
                    .ok());
    return Put(sink->Finish().ValueOrDie()->ToString(), "foreign.parquet");
  }

  /// Rows whose first column counts them.
  std::shared_ptr<arrow::RecordBatch> Batch(int64_t num_rows) {
    auto batch = rows_.Batch(*schema_, num_rows);
    arrow::Int64Builder ids(context_.pool());
    for (int64_t i = 0; i < num_rows; ++i) EXPECT_TRUE(ids.Append(i).ok());
    return batch->SetColumn(0, batch->schema()->field(0), ids.Finish().ValueOrDie()).ValueOrDie();
  }

  /// The bytes as a file of a local folder, where pages are read as they are needed.
  DataFile Put(const std::string& bytes, const std::string& name) {
    DataFile file;
    file.file_path = folder_.path() + "/" + name;
    file.file_size_in_bytes = static_cast<int64_t>(bytes.size());
    std::ofstream(file.file_path, std::ios::binary) << bytes;
    return file;
  }

  std::string BytesOf(const DataFile& file) {
    return near_->ReadAll(context_, file.file_path).ValueOrDie()->ToString();
  }

  std::shared_ptr<parquet::FileMetaData> FooterOf(const std::string& bytes) {
    return parquet::ReadMetaData(
        std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes)));
  }

  /// The bytes [first, second) of the column chunk with this path in the first row group.
  std::pair<uint64_t, uint64_t> ChunkOf(const std::string& bytes, const std::string& path) {
    const auto footer = FooterOf(bytes);
    const int leaf = footer->schema()->ColumnIndex(path);
    EXPECT_GE(leaf, 0) << path;
    const auto chunk = footer->RowGroup(0)->ColumnChunk(leaf);
    const int64_t begin =
        chunk->has_dictionary_page() ? chunk->dictionary_page_offset() : chunk->data_page_offset();
    return {static_cast<uint64_t>(begin),
            static_cast<uint64_t>(begin + chunk->total_compressed_size())};
  }

  /// Where the pages end.
  uint64_t EndOfPages(const std::string& bytes) {
    const auto footer = FooterOf(bytes);
    uint64_t end = 0;
    for (int i = 0; i < footer->num_columns(); ++i) {
      end =
          std::max(end, ChunkOf(bytes, footer->schema()->Column(i)->path()->ToDotString()).second);
    }
    return end;
  }

  Result<std::shared_ptr<arrow::Table>> ReadNear(const DataFile& file, const ReadOptions& options) {
    ICEFRAME_ASSIGN_OR_RETURN(auto reader, OpenDataFile(context_, near_, file, options));
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    while (true) {
      ICEFRAME_ASSIGN_OR_RETURN(auto batch, reader->Next(context_));
      if (batch == nullptr) break;
      batches.push_back(std::move(batch));
    }
    return arrow::Table::FromRecordBatches(reader->result_schema(), batches);
  }

  static bool SameRows(const arrow::Table& left, const arrow::Table& right) {
    if (left.num_rows() != right.num_rows()) return false;
    const auto equal = arrow::EqualOptions::Defaults().nans_equal(true);
    for (int i = 0; i < left.num_columns(); ++i) {
      if (!left.column(i)->ApproxEquals(*right.column(i), equal)) return false;
    }
    return true;
  }

  struct Outcomes {
    int num_flips = 0;
    int num_refused = 0;
    std::vector<uint64_t> other_rows;  // where the flipped bytes are
  };

  /// Flips a bit in one byte after the other of [begin, end), `stride` apart.
  Outcomes FlipBits(const std::string& bytes, uint64_t begin, uint64_t end, uint64_t stride,
                    const ReadOptions& options) {
    const DataFile intact = Put(bytes, "intact.parquet");
    const auto rows = ReadNear(intact, options).ValueOrDie();
    Outcomes outcomes;
    for (uint64_t at = begin; at < end; at += stride) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ (1 << rows_.Number(8)));
      const auto read = ReadNear(Put(changed, "flipped.parquet"), options);
      ++outcomes.num_flips;
      if (!read.ok()) {
        ++outcomes.num_refused;
        EXPECT_EQ(KindOf(read.status()), ErrorKind::kInvalidData) << read.status();
        EXPECT_THAT(read.status().message(), HasSubstr("flipped.parquet"));
      } else if (!SameRows(*rows, **read)) {
        outcomes.other_rows.push_back(at);
      }
    }
    return outcomes;
  }

  TempFolder folder_;
  std::shared_ptr<const Schema> schema_ = MakeSchema(AllTypes());
  RandomRows rows_{20261129};
  std::shared_ptr<FileIO> near_ = MakeFileIO().ValueOrDie();
};

TEST_F(PageChecksumTest, NoFlippedBitGivesOtherRows) {
  for (const char* codec : {"zstd", "uncompressed", "snappy", "gzip"}) {
    SCOPED_TRACE(codec);
    location_ = folder_.path();
    const std::string bytes = BytesOf(WriteOurs(700, codec));
    const uint64_t end = EndOfPages(bytes);
    const Outcomes outcomes = FlipBits(bytes, 4, end, end / 150, ReadAs(schema_));
    EXPECT_THAT(outcomes.other_rows, testing::IsEmpty());
    EXPECT_GE(outcomes.num_flips, 130);
    EXPECT_GE(outcomes.num_refused, outcomes.num_flips * 9 / 10);
  }
}

TEST_F(PageChecksumTest, NoFlippedBitInAHeaderGivesOtherRows) {
  location_ = folder_.path();
  const std::string bytes = BytesOf(WriteOurs(700, "zstd"));
  const auto footer = FooterOf(bytes);
  for (int i = 0; i < footer->num_columns(); ++i) {
    const std::string path = footer->schema()->Column(i)->path()->ToDotString();
    SCOPED_TRACE(path);
    const uint64_t begin = ChunkOf(bytes, path).first;
    EXPECT_THAT(FlipBits(bytes, begin, begin + 24, 1, ReadAs(schema_)).other_rows,
                testing::IsEmpty());
  }
}

TEST_F(PageChecksumTest, PagesOfWhichOnlyTheFirstRowsAreWantedAreCheckedToo) {
  location_ = folder_.path();
  // One large page, of which the beginning would do.
  const DataFile file =
      WriteFile(schema_, Batch(20'000), {{"write.parquet.page-row-limit", "20000"}});
  const std::string bytes = BytesOf(file);
  ReadOptions options = ReadAs(schema_->Select({1, 4, 14}));
  options.limit = 10;
  for (const char* path : {"id", "long", "string"}) {
    SCOPED_TRACE(path);
    const auto [begin, end] = ChunkOf(bytes, path);
    // Behind the header, and within the bytes that ten rows take.
    const Outcomes outcomes = FlipBits(bytes, begin + 48, begin + 148, 1, options);
    EXPECT_THAT(outcomes.other_rows, testing::IsEmpty());
    EXPECT_EQ(outcomes.num_refused, 100);
  }
}

TEST_F(PageChecksumTest, TheErrorSaysWhere) {
  location_ = folder_.path();
  std::string bytes = BytesOf(WriteOurs(300, "zstd"));
  const auto [begin, end] = ChunkOf(bytes, kFlatColumn);
  bytes[end - 1] = static_cast<char>(bytes[end - 1] ^ 1);
  const DataFile file = Put(bytes, "damaged.parquet");
  const Status status = ReadNear(file, ReadAs(schema_)).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kInvalidData);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("checksum"), HasSubstr("copy"),
                                      HasSubstr("[column: long]"), HasSubstr("damaged.parquet")));
  int64_t offset = 0;
  for (const ErrorContext& place : ContextOf(status)) {
    if (place.key == "offset") offset = std::stoll(place.value);
  }
  EXPECT_GT(offset, static_cast<int64_t>(begin));
  EXPECT_LT(offset, static_cast<int64_t>(end));
}

TEST_F(PageChecksumTest, NestedColumnsAreCheckedToo) {
  location_ = folder_.path();
  std::string bytes = BytesOf(WriteOurs(300, "zstd"));
  const uint64_t end = ChunkOf(bytes, std::string(kNestedColumn) + ".list.element").second;
  bytes[end - 1] = static_cast<char>(bytes[end - 1] ^ 1);
  const Status status = ReadNear(Put(bytes, "damaged.parquet"), ReadAs(schema_)).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kInvalidData);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("checksum"), HasSubstr("copy"),
                    HasSubstr("[column: list.list.element]"), HasSubstr("damaged.parquet")));
}

TEST_F(PageChecksumTest, LibparquetFindsOursRight) {
  for (const char* codec : {"zstd", "uncompressed", "snappy", "gzip"}) {
    location_ = folder_.path();
    const std::string bytes = BytesOf(WriteOurs(1200, codec));
    parquet::ReaderProperties properties(context_.pool());
    properties.set_page_checksum_verification(true);
    auto reader = parquet::ParquetFileReader::Open(
        std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes)), properties);
    auto group = reader->RowGroup(0);
    for (int i = 0; i < reader->metadata()->num_columns(); ++i) {
      auto pages = group->GetColumnPageReader(i);
      int64_t num_values = 0;
      while (auto page = pages->NextPage()) {
        if (page->type() != parquet::PageType::DICTIONARY_PAGE) {
          num_values += static_cast<const parquet::DataPage&>(*page).num_values();
        }
      }
      EXPECT_EQ(num_values, group->metadata()->ColumnChunk(i)->num_values());
    }
  }
}

TEST_F(PageChecksumTest, ForeignPagesAreCheckedWhereTheyHaveChecksums) {
  for (const auto version :
       {parquet::ParquetDataPageVersion::V1, parquet::ParquetDataPageVersion::V2}) {
    for (const auto codec : {parquet::Compression::ZSTD, parquet::Compression::UNCOMPRESSED,
                             parquet::Compression::SNAPPY}) {
      for (const bool has_checksums : {true, false}) {
        SCOPED_TRACE(testing::Message()
                     << "version " << static_cast<int>(version) << " codec " << codec);
        parquet::WriterProperties::Builder builder;
        builder.memory_pool(context_.pool())->compression(codec)->data_page_version(version);
        builder.data_pagesize(2000)->write_batch_size(100);
        if (has_checksums) builder.enable_page_checksum();
        const DataFile file = WriteForeign(600, *builder.build());
        const std::string bytes = BytesOf(file);
        auto far = file;
        far.file_path = location_ + "/foreign.parquet";
        ASSERT_TRUE(io_->WriteAll(context_, far.file_path, bytes, OverwriteMode::kOverwrite).ok());
        const auto near_rows = ReadNear(file, ReadAs(schema_));
        const auto far_rows = TryRead(far, ReadAs(schema_));
        ASSERT_TRUE(near_rows.ok()) << near_rows.status();
        ASSERT_TRUE(far_rows.ok()) << far_rows.status();
        EXPECT_EQ((*near_rows)->num_rows(), 600);
        EXPECT_TRUE(SameRows(**near_rows, **far_rows));
        if (!has_checksums) continue;
        const uint64_t end = EndOfPages(bytes);
        EXPECT_THAT(FlipBits(bytes, 4, end, end / 40, ReadAs(schema_)).other_rows,
                    testing::IsEmpty());
      }
    }
  }
}

}  // namespace
}  // namespace iceframe
