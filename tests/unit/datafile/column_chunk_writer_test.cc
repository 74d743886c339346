// SPDX-License-Identifier: Apache-2.0
// Our column chunks against libparquet's own: the same rows, statistics and indexes, no more bytes.
#include <arrow/io/memory.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_reader.h>
#include <parquet/page_index.h>
#include <parquet/size_statistics.h>
#include <parquet/statistics.h>

#include "iceframe/datafile/column_chunk_writer_internal.h"
#include "iceframe/datafile/parquet_assembly_internal.h"

#include "unit/datafile/data_file_testing.h"

namespace iceframe {
namespace {

using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

struct FileShape {
  int64_t page_rows = 20'000;
  int64_t page_bytes = int64_t{1} << 20;
  int64_t dictionary_bytes = int64_t{2} << 20;
  arrow::Compression::type codec = arrow::Compression::ZSTD;
};

std::shared_ptr<parquet::WriterProperties> PropertiesOf(const FileShape& shape) {
  return parquet::WriterProperties::Builder()
      .compression(shape.codec)
      ->data_pagesize(shape.page_bytes)
      ->max_rows_per_page(shape.page_rows)
      ->dictionary_pagesize_limit(shape.dictionary_bytes)
      ->memory_pool(MemoryBudget::Process()->pool())
      ->enable_store_decimal_as_integer()
      ->enable_write_page_index()
      ->build();
}

std::shared_ptr<arrow::Buffer> Write(const Batches& batches, const FileShape& shape, bool is_ours) {
  auto sink =
      arrow::io::BufferOutputStream::Create(4096, MemoryBudget::Process()->pool()).ValueOrDie();
  auto properties = PropertiesOf(shape);
  auto arrow_properties = parquet::default_arrow_writer_properties();
  std::shared_ptr<parquet::SchemaDescriptor> columns;
  const auto& schema = batches[0]->schema();
  EXPECT_TRUE(
      parquet::arrow::ToParquetSchema(schema.get(), *properties, *arrow_properties, &columns).ok());
  auto root = std::static_pointer_cast<parquet::schema::GroupNode>(columns->schema_root());
  auto file = std::make_unique<parquet::ParquetFileWriter>();
  if (is_ours) {
    file->Open(std::make_unique<internal::ParquetAssembly>(sink, root, properties, nullptr));
  } else {
    file = parquet::ParquetFileWriter::Open(sink, root, properties);
  }
  std::unique_ptr<parquet::arrow::FileWriter> writer;
  EXPECT_TRUE(parquet::arrow::FileWriter::Make(MemoryBudget::Process()->pool(), std::move(file),
                                               schema, arrow_properties, &writer)
                  .ok());
  for (const auto& batch : batches) {
    const Status written = writer->WriteRecordBatch(*batch);
    EXPECT_TRUE(written.ok()) << written;
  }
  EXPECT_TRUE(writer->Close().ok());
  return sink->Finish().ValueOrDie();
}

std::unique_ptr<parquet::ParquetFileReader> Open(const std::shared_ptr<arrow::Buffer>& file) {
  return parquet::ParquetFileReader::Open(
      std::make_shared<arrow::io::BufferReader>(file),
      parquet::ReaderProperties(MemoryBudget::Process()->pool()));
}

void ExpectSameStatistics(parquet::ParquetFileReader* ours, parquet::ParquetFileReader* theirs,
                          int column) {
  auto chunk = ours->metadata()->RowGroup(0)->ColumnChunk(column);
  auto wanted = theirs->metadata()->RowGroup(0)->ColumnChunk(column);
  EXPECT_EQ(chunk->num_values(), wanted->num_values());
  ASSERT_NE(chunk->statistics(), nullptr);
  EXPECT_TRUE(chunk->statistics()->Equals(*wanted->statistics()));
  EXPECT_EQ(chunk->statistics()->is_min_value_exact(), wanted->statistics()->is_min_value_exact());
  const auto sizes = chunk->size_statistics();
  const auto wanted_sizes = wanted->size_statistics();
  ASSERT_EQ(sizes == nullptr, wanted_sizes == nullptr);
  if (sizes == nullptr) return;
  EXPECT_EQ(sizes->definition_level_histogram, wanted_sizes->definition_level_histogram);
  EXPECT_EQ(sizes->unencoded_byte_array_data_bytes, wanted_sizes->unencoded_byte_array_data_bytes);
}

/// Whether each row lies where its page says, with values inside of the page's bounds: by the page
/// index of a file that libparquet wrote, where pages begin at the same rows.
void ExpectSamePages(parquet::ParquetFileReader* ours, parquet::ParquetFileReader* theirs,
                     int column) {
  auto group = ours->GetPageIndexReader()->RowGroup(0);
  auto wanted = theirs->GetPageIndexReader()->RowGroup(0);
  auto pages = group->GetColumnIndex(column);
  auto wanted_pages = wanted->GetColumnIndex(column);
  auto rows = group->GetOffsetIndex(column)->page_locations();
  auto wanted_rows = wanted->GetOffsetIndex(column)->page_locations();
  ASSERT_EQ(rows.size(), wanted_rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].first_row_index, wanted_rows[i].first_row_index);
  }
  EXPECT_EQ(pages->null_pages(), wanted_pages->null_pages());
  EXPECT_EQ(pages->null_counts(), wanted_pages->null_counts());
  EXPECT_EQ(pages->encoded_min_values(), wanted_pages->encoded_min_values());
  EXPECT_EQ(pages->encoded_max_values(), wanted_pages->encoded_max_values());
  EXPECT_EQ(pages->boundary_order(), wanted_pages->boundary_order());
}

void ExpectRows(const std::shared_ptr<arrow::Buffer>& file, const Batches& batches) {
  auto reader = parquet::arrow::FileReader::Make(MemoryBudget::Process()->pool(), Open(file),
                                                 parquet::default_arrow_reader_properties())
                    .ValueOrDie();
  auto read = reader->ReadTable().ValueOrDie();
  auto wanted = arrow::Table::FromRecordBatches(batches).ValueOrDie();
  ASSERT_TRUE(read->ValidateFull().ok());
  for (int i = 0; i < wanted->num_columns(); ++i) {
    EXPECT_TRUE(read->column(i)->Equals(*wanted->column(i))) << wanted->field(i)->ToString();
  }
}

/// Returns our file's size over libparquet's. Pages differ where libparquet turns to plain values
/// in the middle of one.
double Compare(const Batches& batches, const FileShape& shape = {}, bool has_same_pages = true) {
  auto file = Write(batches, shape, true);
  auto wanted = Write(batches, shape, false);
  ExpectRows(file, batches);
  auto ours = Open(file);
  auto theirs = Open(wanted);
  for (int i = 0; i < ours->metadata()->num_columns(); ++i) {
    SCOPED_TRACE(ours->metadata()->schema()->Column(i)->ToString());
    ExpectSameStatistics(ours.get(), theirs.get(), i);
    if (has_same_pages) ExpectSamePages(ours.get(), theirs.get(), i);
  }
  return static_cast<double>(file->size()) / static_cast<double>(wanted->size());
}

/// Batches of `batch_rows` rows of one column.
Batches Cut(const std::shared_ptr<arrow::Array>& values, bool nullable = false,
            int64_t batch_rows = 50'000) {
  auto schema = arrow::schema({arrow::field("v", values->type(), nullable)});
  Batches batches;
  for (int64_t at = 0; at < values->length(); at += batch_rows) {
    auto part = values->Slice(at, batch_rows);
    batches.push_back(arrow::RecordBatch::Make(schema, part->length(), {part}));
  }
  return batches;
}

template <typename Value>
std::shared_ptr<arrow::Array> Numbers(int64_t count, Value value) {
  arrow::Int64Builder builder(MemoryBudget::Process()->pool());
  for (int64_t i = 0; i < count; ++i) EXPECT_TRUE(builder.Append(value(i)).ok());
  return builder.Finish().ValueOrDie();
}

template <typename Value>
std::shared_ptr<arrow::Array> Texts(int64_t count, Value value) {
  arrow::StringBuilder builder(MemoryBudget::Process()->pool());
  for (int64_t i = 0; i < count; ++i) EXPECT_TRUE(builder.Append(value(i)).ok());
  return builder.Finish().ValueOrDie();
}

int64_t Scrambled(int64_t i) {
  auto mixed = static_cast<uint64_t>(i) * 0x9E3779B97F4A7C15U;
  mixed = (mixed ^ (mixed >> 29)) * 0xBF58476D1CE4E5B9U;
  return static_cast<int64_t>(mixed ^ (mixed >> 32));
}

std::string Word(int64_t i) { return "word number " + std::to_string(i); }

bool HasDictionary(const std::shared_ptr<arrow::Buffer>& file) {
  return Open(file)->metadata()->RowGroup(0)->ColumnChunk(0)->has_dictionary_page();
}

constexpr int64_t kRows = 300'000;
/// How much larger than libparquet's our files may be.
constexpr double kSlack = 1.01;

TEST(ColumnChunkWriter, CodesFewValuesByADictionary) {
  const auto numbers = Cut(Numbers(kRows, [](int64_t i) { return Scrambled(i) % 50; }));
  EXPECT_LE(Compare(numbers), kSlack);
  EXPECT_TRUE(HasDictionary(Write(numbers, {}, true)));
  const auto texts = Cut(Texts(kRows, [](int64_t i) { return Word(Scrambled(i) % 7); }));
  EXPECT_LE(Compare(texts), kSlack);
  EXPECT_TRUE(HasDictionary(Write(texts, {}, true)));
}

TEST(ColumnChunkWriter, WritesManyValuesPlain) {
  const auto numbers = Cut(Numbers(kRows, Scrambled));
  EXPECT_LE(Compare(numbers, {}, false), kSlack);
  EXPECT_FALSE(HasDictionary(Write(numbers, {}, true)));
  const auto texts = Cut(Texts(kRows, [](int64_t i) { return Word(Scrambled(i)); }));
  EXPECT_LE(Compare(texts, {}, false), kSlack);
  EXPECT_FALSE(HasDictionary(Write(texts, {}, true)));
}

TEST(ColumnChunkWriter, WritesAscendingKeysPlainAndSmaller) {
  const auto keys = Cut(Numbers(kRows, [](int64_t i) { return i / 4; }));
  EXPECT_LE(Compare(keys), 0.5);
}

TEST(ColumnChunkWriter, KeepsSizesWhenValuesChangeTheirKindLate) {
  auto first_many = [](int64_t i) { return i < kRows / 4 ? Scrambled(i) : 7; };
  auto first_few = [](int64_t i) { return i < kRows / 4 ? 7 : Scrambled(i); };
  EXPECT_LE(Compare(Cut(Numbers(kRows, first_many))), kSlack);
  EXPECT_LE(Compare(Cut(Numbers(kRows, first_few)), {}, false), kSlack);
  EXPECT_LE(Compare(Cut(Texts(kRows, [&](int64_t i) { return Word(first_many(i)); }))), kSlack);
  EXPECT_LE(Compare(Cut(Texts(kRows, [&](int64_t i) { return Word(first_few(i)); })), {}, false),
            kSlack);
}

TEST(ColumnChunkWriter, WritesSmallChunks) {
  for (int64_t rows : {1, 2, 7, 8, 9, 1'000, 20'000, 20'001, 70'000}) {
    SCOPED_TRACE(rows);
    Compare(Cut(Numbers(rows, [](int64_t i) { return i / 3 - 5; })));
    Compare(
        Cut(Texts(rows, [](int64_t i) { return std::string(static_cast<size_t>(i % 30), 'x'); })));
  }
}

TEST(ColumnChunkWriter, CutsPagesWhereAsked) {
  const FileShape rows{.page_rows = 111};
  Compare(Cut(Numbers(5'000, Scrambled), false, 333), rows);
  Compare(Cut(Texts(5'000, [](int64_t i) { return Word(i % 9); }), false, 333), rows);
  const FileShape bytes{.page_bytes = 1'000};
  Compare(Cut(Numbers(5'000, Scrambled)), bytes, false);
  Compare(Cut(Texts(5'000, [](int64_t i) { return Word(i); })), bytes, false);
  Compare(Cut(Texts(100,
                    [](int64_t i) { return std::string(5'000, static_cast<char>('a' + i % 26)); })),
          bytes, false);
}

TEST(ColumnChunkWriter, FallsBackWhereTheDictionaryGrowsTooLarge) {
  const FileShape shape{.dictionary_bytes = 64 * 1024};
  auto grows = [](int64_t i) { return i < 100'000 ? i % 10 : Scrambled(i); };
  const auto numbers = Cut(Numbers(kRows, grows));
  EXPECT_LE(Compare(numbers, shape, false), kSlack);
  EXPECT_TRUE(HasDictionary(Write(numbers, shape, true)));
  const auto texts = Cut(Texts(kRows, [&](int64_t i) { return Word(grows(i)); }));
  EXPECT_LE(Compare(texts, shape, false), kSlack);
}

TEST(ColumnChunkWriter, ComparesBytesWithoutACodec) {
  const FileShape shape{.codec = arrow::Compression::UNCOMPRESSED};
  EXPECT_LE(Compare(Cut(Numbers(kRows, [](int64_t i) { return i / 100; })), shape), kSlack);
  EXPECT_LE(Compare(Cut(Texts(kRows, Word)), shape, false), kSlack);
}

TEST(ColumnChunkWriter, WritesNullsOfEveryTypeAtAnyDepth) {
  auto some = MakeSchema({
      NestedField::Optional(1, "i", Type::Int()),
      NestedField::Optional(2, "l", Type::Long()),
      NestedField::Optional(3, "d9", Type::Decimal(9, 2).ValueOrDie()),
      NestedField::Optional(4, "d18", Type::Decimal(18, 2).ValueOrDie()),
      NestedField::Optional(5, "d38", Type::Decimal(38, 2).ValueOrDie()),
      NestedField::Optional(6, "s", Type::String()),
      NestedField::Optional(7, "b", Type::Binary()),
      NestedField::Optional(8, "date", Type::Date()),
      NestedField::Optional(9, "ts", Type::Timestamptz()),
      NestedField::Optional(10, "tn", Type::TimestampNs()),
      NestedField::Optional(11, "t", Type::Time()),
      NestedField::Optional(12, "p",
                            Type::Struct({NestedField::Optional(13, "x", Type::Long()),
                                          NestedField::Required(14, "y", Type::String())})),
  });
  RandomRows random(11);
  Batches batches;
  for (int i = 0; i < 4; ++i) batches.push_back(random.Batch(*some, 30'000));
  Compare(batches);
  auto sliced = batches;
  for (auto& batch : sliced) batch = batch->Slice(13, 7'001);
  Compare(sliced);
}

TEST(ColumnChunkWriter, WritesNothingButNulls) {
  for (const auto& type : {arrow::int64(), arrow::int32(), arrow::utf8()}) {
    Compare(Cut(arrow::MakeArrayOfNull(type, 60'000, MemoryBudget::Process()->pool()).ValueOrDie(),
                true));
    // Nulls until long after the encoding was chosen, then values.
    auto nulls = arrow::MakeArrayOfNull(arrow::int64(), 600'000, MemoryBudget::Process()->pool())
                     .ValueOrDie();
    auto both =
        arrow::Concatenate({nulls, Numbers(1'000, Scrambled)}, MemoryBudget::Process()->pool())
            .ValueOrDie();
    Compare(Cut(both, true));
  }
}

TEST(ColumnChunkWriter, RefusesDecimalsWiderThanTheirType) {
  arrow::Decimal128Builder builder(arrow::decimal128(9, 0), MemoryBudget::Process()->pool());
  ASSERT_TRUE(builder.Append(arrow::Decimal128("12345678901234567890")).ok());
  auto batch = Cut(builder.Finish().ValueOrDie())[0];
  auto sink =
      arrow::io::BufferOutputStream::Create(4096, MemoryBudget::Process()->pool()).ValueOrDie();
  auto properties = PropertiesOf({});
  std::shared_ptr<parquet::SchemaDescriptor> columns;
  ASSERT_TRUE(parquet::arrow::ToParquetSchema(batch->schema().get(), *properties,
                                              *parquet::default_arrow_writer_properties(), &columns)
                  .ok());
  internal::ParquetAssembly file(
      sink, std::static_pointer_cast<parquet::schema::GroupNode>(columns->schema_root()),
      properties, nullptr);
  auto* column = file.AppendBufferedRowGroup()->column(0);
  parquet::ArrowWriteContext context(MemoryBudget::Process()->pool(), nullptr);
  const Status status = column->WriteArrow(nullptr, nullptr, 1, *batch->column(0), &context, false);
  EXPECT_THAT(status.ToString(), testing::HasSubstr("more digits than its type"));
}

}  // namespace
}  // namespace iceframe
