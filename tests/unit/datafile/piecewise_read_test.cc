// SPDX-License-Identifier: Apache-2.0
// Reading pages as they are needed gives what reading whole column chunks gives.
#include <algorithm>

#include <arrow/io/memory.h>
#include <parquet/api/writer.h>
#include <parquet/arrow/writer.h>

#include "iceframe/datafile/datafile_counters.h"
#include "iceframe/expression/binder.h"

#include "support/temp_folder.h"
#include "unit/datafile/data_file_testing.h"

namespace iceframe {
namespace {

/// Every primitive type.
std::vector<NestedField> FlatTypes() {
  std::vector<NestedField> fields;
  for (NestedField& field : AllTypes()) {
    if (!field.type.is_nested()) fields.push_back(std::move(field));
  }
  return AssignFreshIds(fields);
}

class PiecewiseReadTest : public DataFileTest {
 protected:
  /// Writes rows whose first column counts them, in many small pages.
  DataFile Write(int64_t num_rows, const parquet::WriterProperties& properties) {
    auto batch = rows_.Batch(*schema_, num_rows);
    arrow::Int64Builder ids(context_.pool());
    for (int64_t i = 0; i < num_rows; ++i) EXPECT_TRUE(ids.Append(i).ok());
    batch = batch->SetColumn(0, batch->schema()->field(0), ids.Finish().ValueOrDie()).ValueOrDie();
    auto arrow_schema = ToArrowSchema(*schema_, /*with_field_ids=*/true).ValueOrDie();
    auto table = arrow::Table::Make(arrow_schema, batch->columns());
    auto sink = arrow::io::BufferOutputStream::Create(4096, context_.pool()).ValueOrDie();
    EXPECT_TRUE(parquet::arrow::WriteTable(*table, context_.pool(), sink, 3000,
                                           std::make_shared<parquet::WriterProperties>(properties))
                    .ok());
    auto bytes = sink->Finish().ValueOrDie();
    DataFile file;
    file.file_path = folder_.path() + "/" + std::to_string(++num_files_) + ".parquet";
    file.file_size_in_bytes = bytes->size();
    file.record_count = num_rows;
    EXPECT_TRUE(io_->WriteAll(context_, file.file_path, bytes->ToString()).ok());
    return file;
  }

  Expression Bind(const Expression& filter) {
    return Simplify(BindPredicate(filter, *schema_).ValueOrDie());
  }

  ReadOptions RandomOptions(int64_t num_rows) {
    ReadOptions options = ReadAs(schema_);
    options.delivery.batch_rows = 100 + static_cast<int64_t>(rows_.Number(2000));
    const auto at = [&] { return static_cast<int64_t>(rows_.Number(num_rows)); };
    switch (rows_.Number(5)) {
      case 0:
        options.filter = Bind(Equal(Col("id"), Lit(at())));
        break;
      case 1: {
        const int64_t begin = at();
        options.filter =
            Bind(And(GreaterEqual(Col("id"), Lit(begin)), Less(Col("id"), Lit(begin + at() / 4))));
        break;
      }
      case 2:
        options.filter = Bind(And(Less(Col("id"), Lit(at() / 3)), IsNull(Col("string"))));
        break;
      case 3:
        options.limit = at() / 8;
        break;
      default: {
        const int64_t begin = at();
        options.rows =
            RowSelection::FromRanges({{begin, std::min(begin + 5, num_rows)}, {0, at() % 50}})
                .ValueOrDie();
      }
    }
    if (rows_.Number(3) == 0 && !options.limit) options.limit = at() / 10;
    return options;
  }

  void ExpectSame(const DataFile& file, const ReadOptions& options) {
    auto whole = Read(file, options);
    auto reader = OpenDataFile(context_, near_, file, options).ValueOrDie();
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    while (true) {
      auto batch = reader->Next(context_);
      ASSERT_TRUE(batch.ok()) << batch.status();
      if (*batch == nullptr) break;
      ASSERT_TRUE((*batch)->ValidateFull().ok());
      batches.push_back(*batch);
    }
    auto pieces = arrow::Table::FromRecordBatches(reader->result_schema(), batches).ValueOrDie();
    ASSERT_NE(whole, nullptr);
    arrow::EqualOptions equal = arrow::EqualOptions::Defaults().nans_equal(true);
    ASSERT_EQ(whole->num_rows(), pieces->num_rows());
    for (int i = 0; i < whole->num_columns(); ++i) {
      ASSERT_TRUE(whole->column(i)->ApproxEquals(*pieces->column(i), equal))
          << schema_->fields()[static_cast<size_t>(i)].name;
    }
  }

  TempFolder folder_;
  std::shared_ptr<const Schema> schema_ = MakeSchema(FlatTypes());
  RandomRows rows_{20261128};
  /// Small reads cost little there; `io_` has whole chunks fetched.
  std::shared_ptr<FileIO> near_ = MakeFileIO().ValueOrDie();
  int num_files_ = 0;
};

TEST_F(PiecewiseReadTest, GivesTheSameRowsForAnyFile) {
  const std::vector<parquet::Compression::type> codecs = {
      parquet::Compression::ZSTD, parquet::Compression::ZSTD, parquet::Compression::SNAPPY,
      parquet::Compression::GZIP, parquet::Compression::UNCOMPRESSED};
  for (int round = 0; round < 40; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    parquet::WriterProperties::Builder builder;
    builder.memory_pool(context_.pool());
    builder.compression(codecs[rows_.Number(codecs.size())]);
    builder.data_page_version(rows_.Number(3) == 0 ? parquet::ParquetDataPageVersion::V2
                                                   : parquet::ParquetDataPageVersion::V1);
    builder.data_pagesize(static_cast<int64_t>(200 + rows_.Number(8000)));
    builder.write_batch_size(static_cast<int64_t>(16 + rows_.Number(200)));
    builder.dictionary_pagesize_limit(static_cast<int64_t>(500 + rows_.Number(20'000)));
    if (rows_.Number(4) == 0) builder.disable_dictionary();
    // With an index, pages have no statistics of their own.
    if (rows_.Number(4) != 0) builder.disable_write_page_index();
    if (rows_.Number(4) == 0) builder.disable_statistics();
    if (rows_.Number(4) == 0) {
      builder.disable_dictionary("long")->encoding("long", parquet::Encoding::DELTA_BINARY_PACKED);
      builder.disable_dictionary("double")->encoding("double",
                                                     parquet::Encoding::BYTE_STREAM_SPLIT);
      builder.disable_dictionary("string")->encoding("string", parquet::Encoding::DELTA_BYTE_ARRAY);
    }
    const auto num_rows = static_cast<int64_t>(1 + rows_.Number(8000));
    const DataFile file = Write(num_rows, *builder.build());
    for (int i = 0; i < 12; ++i) {
      SCOPED_TRACE("read " + std::to_string(i));
      ExpectSame(file, RandomOptions(num_rows));
      if (HasFatalFailure()) return;
    }
  }
}

TEST_F(PiecewiseReadTest, ReadsTheFirstRowsOfLargePagesOnly) {
  parquet::WriterProperties::Builder builder;
  builder.memory_pool(context_.pool());
  builder.compression(parquet::Compression::ZSTD)->data_pagesize(int64_t{1} << 20);
  const DataFile file = Write(100'000, *builder.build());
  for (int64_t limit : {1, 10, 100, 1000}) {
    ReadOptions options = ReadAs(schema_);
    options.limit = limit;
    ExpectSame(file, options);
  }
}

TEST_F(PiecewiseReadTest, ReadsThePagesThatCanHoldTheRowOnly) {
  // Pages tell in their own headers what they hold, or in an index behind all of them.
  for (const bool has_index : {false, true}) {
    SCOPED_TRACE(has_index ? "with an index" : "without an index");
    parquet::WriterProperties::Builder builder;
    builder.memory_pool(context_.pool());
    builder.compression(parquet::Compression::ZSTD)->data_pagesize(4000)->write_batch_size(100);
    builder.disable_dictionary("id");
    if (!has_index) builder.disable_write_page_index();
    const DataFile file = Write(3000, *builder.build());
    ReadOptions options = ReadAs(schema_);
    options.filter = Bind(Equal(Col("id"), Lit(int64_t{1234})));
    const int64_t before = Counted(DataFileCount::kRowsScanned);
    auto reader = OpenDataFile(context_, near_, file, options).ValueOrDie();
    auto batch = reader->Next(context_).ValueOrDie();
    ASSERT_NE(batch, nullptr);
    EXPECT_EQ(batch->num_rows(), 1);
    EXPECT_LT(Counted(DataFileCount::kRowsScanned) - before, 1500);
  }
}

TEST_F(PiecewiseReadTest, SaysWhichFileIsDamaged) {
  parquet::WriterProperties::Builder builder;
  builder.memory_pool(context_.pool());
  builder.compression(parquet::Compression::ZSTD)->data_pagesize(2000)->write_batch_size(100);
  const DataFile good = Write(2000, *builder.build());
  const std::string bytes = near_->ReadAll(context_, good.file_path).ValueOrDie()->ToString();
  for (int round = 0; round < 200; ++round) {
    std::string changed = bytes;
    // Not the footer: its damage is another matter.
    for (int i = 0; i < 3; ++i) {
      changed[4 + rows_.Number(changed.size() / 2)] = static_cast<char>(rows_.Number(256));
    }
    DataFile file = good;
    file.file_path = folder_.path() + "/damaged.parquet";
    ASSERT_TRUE(near_->WriteAll(context_, file.file_path, changed, OverwriteMode::kOverwrite).ok());
    ReadOptions options = RandomOptions(2000);
    auto reader = OpenDataFile(context_, near_, file, options).ValueOrDie();
    while (true) {
      auto batch = reader->Next(context_);
      if (!batch.ok()) {
        EXPECT_THAT(batch.status().ToString(), testing::HasSubstr("damaged.parquet"));
        break;
      }
      if (*batch == nullptr) break;
    }
  }
}

}  // namespace
}  // namespace iceframe
