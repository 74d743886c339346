// SPDX-License-Identifier: Apache-2.0
#include "iceframe/datafile/data_file_reader.h"

#include <set>

#include "iceframe/datafile/datafile_counters.h"
#include "iceframe/expression/binder.h"
#include "iceframe/format/metadata_columns.h"
#include "iceframe/types/offset_reach.h"

#include "unit/datafile/data_file_testing.h"

namespace iceframe {
namespace {

using testing::HasSubstr;

class DataFileReaderTest : public DataFileTest {
 protected:
  static Expression BindTo(const Schema& schema, const Expression& filter) {
    return Simplify(BindPredicate(filter, schema).ValueOrDie());
  }

  static std::vector<int64_t> Longs(const arrow::Table& table, int column) {
    std::vector<int64_t> values;
    for (const auto& chunk : table.column(column)->chunks()) {
      const auto& longs = static_cast<const arrow::Int64Array&>(*chunk);
      for (int64_t i = 0; i < longs.length(); ++i) values.push_back(longs.Value(i));
    }
    return values;
  }

  /// Rows id = 0 … n - 1 with a text that repeats and a wide one, in row groups of `group_rows`.
  DataFile WriteNumbered(int64_t num_rows, int64_t group_rows) {
    arrow::Int64Builder ids;
    arrow::StringBuilder texts;
    arrow::DoubleBuilder doubles;
    for (int64_t i = 0; i < num_rows; ++i) {
      EXPECT_TRUE(ids.Append(i).ok());
      EXPECT_TRUE(
          (i % 9 == 0 ? texts.AppendNull() : texts.Append("t" + std::to_string(i % 5))).ok());
      EXPECT_TRUE(doubles.Append(static_cast<double>(i) / 2).ok());
    }
    auto batch = arrow::RecordBatch::Make(
        ToArrowSchema(*numbered_).ValueOrDie(), num_rows,
        {ids.Finish().ValueOrDie(), texts.Finish().ValueOrDie(), doubles.Finish().ValueOrDie()});
    return WriteFile(numbered_, batch,
                     {{"write.parquet.row-group-limit", std::to_string(group_rows)}});
  }

  std::shared_ptr<const Schema> numbered_ =
      MakeSchema({NestedField::Required(1, "id", Type::Long()),
                  NestedField::Optional(2, "text", Type::String()),
                  NestedField::Optional(3, "half", Type::Double())});
};

TEST_F(DataFileReaderTest, ReadsEveryTypeBack) {
  auto schema = MakeSchema(AllTypes());
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    RandomRows rows(seed);
    auto batch = rows.Batch(*schema, static_cast<int64_t>(100 * seed * seed));
    const DataFile file = WriteFile(
        schema, batch, {{"write.parquet.row-group-limit", seed % 2 == 0 ? "777" : "1000"}});
    ReadOptions options = ReadAs(schema);
    options.delivery.batch_rows = seed % 3 == 0 ? 64 : 1024;
    auto table = Read(file, options);
    ASSERT_NE(table, nullptr);
    auto expected = arrow::Table::FromRecordBatches({batch}).ValueOrDie();
    for (int i = 0; i < expected->num_columns(); ++i) {
      EXPECT_TRUE(table->column(i)->Equals(*expected->column(i),
                                           arrow::EqualOptions::Defaults().nans_equal(true)))
          << schema->fields()[static_cast<size_t>(i)].name;
    }
  }
}

TEST_F(DataFileReaderTest, OpensWithOneRequestAndAsksForNoSize) {
  const DataFile file = WriteNumbered(1000, 100'000);
  io_->Reset();
  auto reader = OpenDataFile(context_, io_, file, ReadAs(numbered_)).ValueOrDie();
  EXPECT_LE(io_->count(), 1);
  ASSERT_NE(reader->Next(context_).ValueOrDie(), nullptr);
  EXPECT_LE(io_->sequential_depth(), 2);
  EXPECT_EQ(reader->Next(context_).ValueOrDie(), nullptr);
  EXPECT_EQ(io_->count(RequestKind::kHead), 0);
}

TEST_F(DataFileReaderTest, StartedFilesAreFetchedAtOnce) {
  constexpr int kFiles = 8;
  std::vector<DataFile> files;
  for (int i = 0; i < kFiles; ++i) files.push_back(WriteNumbered(1000, 500));
  auto distant = std::make_shared<CountingFileIO>(io_);
  std::vector<std::unique_ptr<DataFileReader>> readers;
  for (const DataFile& file : files) {
    readers.push_back(OpenDataFile(context_, distant, file, ReadAs(numbered_)).ValueOrDie());
  }
  distant->Reset();
  distant->HoldUntil(kFiles);
  std::vector<arrow::Future<>> arrived;
  for (const auto& reader : readers) {
    arrived.push_back(reader->Start(context_, [](int64_t num_bytes) { return num_bytes > 0; }));
  }
  for (const auto& future : arrived) ASSERT_TRUE(future.status().ok());
  EXPECT_EQ(distant->count(), kFiles) << "one request for each first row group";
  EXPECT_EQ(distant->max_in_flight(), kFiles);
  EXPECT_EQ(distant->sequential_depth(), 1);
  for (const auto& reader : readers) {
    auto batch = reader->Next(context_).ValueOrDie();
    ASSERT_NE(batch, nullptr);
    EXPECT_EQ(batch->num_rows(), 500);
    EXPECT_NE(reader->Next(context_).ValueOrDie(), nullptr);
    EXPECT_EQ(reader->Next(context_).ValueOrDie(), nullptr);
  }
  EXPECT_EQ(distant->count(), 2 * kFiles) << "and nothing is asked for twice";
}

TEST_F(DataFileReaderTest, StartTakesNoMoreThanItMay) {
  const DataFile file = WriteNumbered(1000, 500);
  auto reader = OpenDataFile(context_, io_, file, ReadAs(numbered_)).ValueOrDie();
  io_->Reset();
  EXPECT_TRUE(reader->Start(context_, [](int64_t) { return false; }).is_finished());
  OperationContext tight = context_;
  tight.memory = context_.memory->MakeChild("tight", 1000);
  const auto held = MemoryReservation::Make(tight.memory, 501).ValueOrDie();
  auto second = OpenDataFile(context_, io_, file, ReadAs(numbered_)).ValueOrDie();
  EXPECT_TRUE(second->Start(tight, [](int64_t) { return true; }).is_finished());
  EXPECT_EQ(io_->count(), 0);
  EXPECT_EQ(reader->Next(context_).ValueOrDie()->num_rows(), 500) << "Next asks then";
}

TEST_F(DataFileReaderTest, AsksForAFooterOnce) {
  const DataFile file = WriteNumbered(1000, 100);
  ASSERT_TRUE(OpenDataFile(context_, io_, file, ReadAs(numbered_)).ok());
  io_->Reset();
  ASSERT_TRUE(OpenDataFile(context_, io_, file, ReadAs(numbered_)).ok());
  EXPECT_EQ(io_->count(), 0);
  EXPECT_EQ(Counted(DataFileCount::kFootersRead), 1);
  EXPECT_EQ(Counted(DataFileCount::kFootersFromCache), 1);
}

TEST_F(DataFileReaderTest, ProjectsByFieldId) {
  const DataFile file = WriteNumbered(10, 100);
  auto evolved = MakeSchema({NestedField::Optional(3, "renamed", Type::Double()),
                             NestedField::Optional(9, "added", Type::Int()),
                             NestedField::Required(1, "id", Type::Long())});
  auto table = Read(file, ReadAs(evolved));
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->ColumnNames(), (std::vector<std::string>{"renamed", "added", "id"}));
  EXPECT_EQ(table->column(1)->null_count(), 10);
  EXPECT_EQ(Longs(*table, 2)[9], 9);
}

TEST_F(DataFileReaderTest, FillsAbsentColumnsFromDefaultsAndPartition) {
  const DataFile file = WriteNumbered(4, 100);
  NestedField with_default = NestedField::Required(7, "d", Type::Int());
  with_default.initial_default = Value(int32_t{42});
  auto schema = MakeSchema({with_default, NestedField::Optional(8, "p", Type::String())});
  ReadOptions options = ReadAs(schema);
  options.constants = {{8, Value("part")}};
  auto table = Read(file, options);
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->column(0)->GetScalar(3).ValueOrDie()->ToString(), "42");
  EXPECT_EQ(table->column(1)->GetScalar(3).ValueOrDie()->ToString(), "part");
}

TEST_F(DataFileReaderTest, RefusesARequiredColumnWithoutValue) {
  const DataFile file = WriteNumbered(4, 100);
  auto schema = MakeSchema({NestedField::Required(9, "missing", Type::Int())});
  auto table = TryRead(file, ReadAs(schema));
  EXPECT_EQ(KindOf(table.status()), ErrorKind::kInvalidData) << table.status();
  EXPECT_THAT(table.status().message(), HasSubstr("missing"));
  EXPECT_THAT(table.status().message(), HasSubstr(file.file_path));
}

TEST_F(DataFileReaderTest, PromotesTypes) {
  auto old_schema = MakeSchema(
      {NestedField::Optional(1, "i", Type::Int()), NestedField::Optional(2, "f", Type::Float()),
       NestedField::Optional(3, "d", Type::Decimal(9, 2).ValueOrDie()),
       NestedField::Optional(4, "day", Type::Date()),
       NestedField::Optional(5, "s", Type::Struct({NestedField::Optional(6, "i", Type::Int())}))});
  auto batch = BatchFromJson(*old_schema, R"([
      {"i": -5, "f": 1.5, "d": "-1.25", "day": -3, "s": {"i": 9}},
      {"i": null, "f": null, "d": null, "day": null, "s": null}])");
  const DataFile file = WriteFile(old_schema, batch);
  auto new_schema = MakeSchema(
      {NestedField::Optional(1, "i", Type::Long()), NestedField::Optional(2, "f", Type::Double()),
       NestedField::Optional(3, "d", Type::Decimal(20, 2).ValueOrDie()),
       NestedField::Optional(4, "day", Type::Timestamp()),
       NestedField::Optional(5, "s", Type::Struct({NestedField::Optional(6, "i", Type::Long())}))});
  auto table = Read(file, ReadAs(new_schema));
  ASSERT_NE(table, nullptr);
  auto expected = BatchFromJson(*new_schema, R"([
      {"i": -5, "f": 1.5, "d": "-1.25", "day": "1969-12-29", "s": {"i": 9}},
      {"i": null, "f": null, "d": null, "day": null, "s": null}])");
  EXPECT_TRUE(table->Equals(*arrow::Table::FromRecordBatches({expected}).ValueOrDie()))
      << table->ToString();
}

TEST_F(DataFileReaderTest, RefusesTypesThatDoNotFit) {
  const DataFile file = WriteNumbered(4, 100);
  for (const Type& type : {Type::String(), Type::Timestamp(), Type::Boolean()}) {
    auto table = TryRead(file, ReadAs(MakeSchema({NestedField::Optional(1, "id", type)})));
    EXPECT_EQ(KindOf(table.status()), ErrorKind::kInvalidData) << table.status();
  }
}

TEST_F(DataFileReaderTest, ProjectsNestedFields) {
  auto written = MakeSchema({
      NestedField::Optional(1, "s",
                            Type::Struct({NestedField::Optional(2, "a", Type::Int()),
                                          NestedField::Optional(3, "b", Type::String())})),
      NestedField::Optional(4, "l",
                            Type::List(NestedField::Optional(
                                5, "element",
                                Type::Struct({NestedField::Optional(6, "x", Type::Int()),
                                              NestedField::Optional(7, "y", Type::Int())})))),
      NestedField::Optional(
          8, "m",
          Type::Map(
              NestedField::Required(9, "key", Type::String()),
              NestedField::Optional(10, "value",
                                    Type::Struct({NestedField::Optional(11, "p", Type::Int()),
                                                  NestedField::Optional(12, "q", Type::Int())})))),
  });
  const DataFile file = WriteFile(written, BatchFromJson(*written, R"([
      {"s": {"a": 1, "b": "x"}, "l": [{"x": 1, "y": 2}, null], "m": [["k", {"p": 1, "q": 2}]]},
      {"s": null, "l": null, "m": null},
      {"s": {"a": null, "b": null}, "l": [], "m": []}])"));
  NestedField added = NestedField::Optional(20, "added", Type::Int());
  added.initial_default = Value(int32_t{5});
  auto wanted = MakeSchema({
      NestedField::Optional(8, "m",
                            Type::Map(NestedField::Required(9, "key", Type::String()),
                                      NestedField::Optional(10, "value",
                                                            Type::Struct({NestedField::Optional(
                                                                12, "q2", Type::Long())})))),
      NestedField::Optional(1, "s",
                            Type::Struct({added, NestedField::Optional(3, "b", Type::String()),
                                          NestedField::Optional(2, "a", Type::Int())})),
      NestedField::Optional(
          4, "l",
          Type::List(NestedField::Optional(
              5, "element", Type::Struct({NestedField::Optional(21, "new", Type::String())})))),
  });
  auto table = Read(file, ReadAs(wanted));
  ASSERT_NE(table, nullptr);
  auto expected = BatchFromJson(*wanted, R"([
      {"m": [["k", {"q2": 2}]], "s": {"added": 5, "b": "x", "a": 1}, "l": [{"new": null}, null]},
      {"m": null, "s": null, "l": null},
      {"m": [], "s": {"added": 5, "b": null, "a": null}, "l": []}])");
  EXPECT_TRUE(table->Equals(*arrow::Table::FromRecordBatches({expected}).ValueOrDie()))
      << table->ToString();
}

TEST_F(DataFileReaderTest, GivesFileAndPosition) {
  const DataFile file = WriteNumbered(100, 30);
  ReadOptions options = ReadAs(
      MakeSchema({NestedField::Required(1, "id", Type::Long()),
                  NestedField::Required(kFileColumnId, "_file", Type::String()), PosColumn()}));
  options.constants = {{kFileColumnId, Value(file.file_path)}};
  options.rows = RowSelection::FromRanges({{5, 8}, {29, 31}, {95, 200}}).ValueOrDie();
  auto table = Read(file, options);
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(Longs(*table, 0), (std::vector<int64_t>{5, 6, 7, 29, 30, 95, 96, 97, 98, 99}));
  EXPECT_EQ(Longs(*table, 2), Longs(*table, 0));
  EXPECT_EQ(table->column(1)->GetScalar(9).ValueOrDie()->ToString(), file.file_path);
  EXPECT_EQ(table->schema()->field(1)->name(), "_file");
}

TEST_F(DataFileReaderTest, FiltersByPositionAndSkipsRowGroupsByIt) {
  const DataFile file = WriteNumbered(1000, 100);
  const auto schema = MakeSchema({NestedField::Required(1, "id", Type::Long()), PosColumn()});
  ReadOptions options = ReadAs(schema);
  options.filter = BindTo(*schema, Between(Col("_pos"), Lit(int64_t{198}), Lit(int64_t{201})));
  auto table = Read(file, options);
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(Longs(*table, 0), (std::vector<int64_t>{198, 199, 200, 201}));
  EXPECT_EQ(Longs(*table, 1), Longs(*table, 0));
  EXPECT_EQ(Counted(DataFileCount::kRowGroupsSkippedByBounds), 8);
}

TEST_F(DataFileReaderTest, NeverLooksForMetadataColumnsInTheFile) {
  const auto written =
      MakeSchema({NestedField::Required(kPosColumnId, "_pos", Type::Long()),
                  NestedField::Required(kSpecIdColumnId, "_spec_id", Type::Int())});
  const DataFile file = WriteFile(
      written,
      BatchFromJson(*written, R"([{"_pos": 70, "_spec_id": 5}, {"_pos": 8, "_spec_id": 6}])"));
  ReadOptions options = ReadAs(written);
  options.constants = {{kSpecIdColumnId, Value(int32_t{3})}};
  options.filter = BindTo(
      *written, And(Less(Col("_pos"), Lit(int64_t{2})), Equal(Col("_spec_id"), Lit(int32_t{3}))));
  auto table = Read(file, options);
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(Longs(*table, 0), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(table->column(1)->GetScalar(0).ValueOrDie()->ToString(), "3");
}

TEST_F(DataFileReaderTest, APartitionIsMadeOfItsFieldsValues) {
  const DataFile file = WriteNumbered(3, 3);
  const auto partition = [](std::vector<NestedField> fields) {
    return MakeSchema(
        {NestedField::Optional(kPartitionColumnId, "_partition", Type::Struct(std::move(fields)))});
  };
  ReadOptions options = ReadAs(partition({NestedField::Optional(1000, "a", Type::String()),
                                          NestedField::Optional(1001, "b", Type::Int())}));
  options.constants = {{FieldId(1000), Value("x")}, {FieldId(1001), Value()}};
  auto table = Read(file, options);
  ASSERT_NE(table, nullptr);
  EXPECT_TRUE(table->column(0)->chunk(0)->Equals(
      *BatchFromJson(
           *options.projection,
           R"([{"_partition": {"a": "x", "b": null}}, {"_partition": {"a": "x", "b": null}},
                         {"_partition": {"a": "x", "b": null}}])")
           ->column(0)));
  options = ReadAs(partition({}));
  options.constants = {{kPartitionColumnId, Value()}};
  table = Read(file, options);
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->column(0)->null_count(), 3);
}

TEST_F(DataFileReaderTest, ReadsNoColumnsAtAll) {
  const DataFile file = WriteNumbered(100, 30);
  EXPECT_EQ(Read(file, ReadAs(MakeSchema({})))->num_rows(), 100);
}

TEST_F(DataFileReaderTest, FiltersRowsByColumnsInsideAndOutsideTheProjection) {
  const DataFile file = WriteNumbered(1000, 300);
  ReadOptions options = ReadAs(MakeSchema({NestedField::Required(1, "id", Type::Long())}));
  options.table_schema = numbered_;
  options.filter =
      BindTo(*numbered_, And(Equal(Col("text"), Lit("t3")), Less(Col("id"), Lit(int64_t{40}))));
  auto table = Read(file, options);
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(Longs(*table, 0), (std::vector<int64_t>{3, 8, 13, 23, 28, 33, 38}));
}

TEST_F(DataFileReaderTest, SkipsRowGroupsByStatistics) {
  const DataFile file = WriteNumbered(1000, 100);
  ReadOptions options = ReadAs(numbered_);
  options.filter = BindTo(*numbered_, Equal(Col("id"), Lit(int64_t{750})));
  auto table = Read(file, options);
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->num_rows(), 1);
  EXPECT_EQ(Counted(DataFileCount::kRowGroupsTotal), 10);
  EXPECT_EQ(Counted(DataFileCount::kRowGroupsSkippedByBounds), 9);
  EXPECT_EQ(Counted(DataFileCount::kRowGroupsScanned), 1);
  EXPECT_EQ(Counted(DataFileCount::kRowsScanned), 100);
  EXPECT_EQ(Counted(DataFileCount::kRowsMatched), 1);
}

TEST_F(DataFileReaderTest, LeavesOtherColumnsAloneWhileNoRowSurvives) {
  const DataFile file = WriteNumbered(10'000, 1000);
  ReadOptions options = ReadAs(numbered_);
  // Statistics can't tell that no text ends in "x".
  options.filter = BindTo(*numbered_, Like(Col("text"), "t%x"));
  auto reader = OpenDataFile(context_, io_, file, options).ValueOrDie();
  const int64_t before = Counted(DataFileCount::kDataBytesRead);
  EXPECT_EQ(reader->Next(context_).ValueOrDie(), nullptr);
  const int64_t lazy = Counted(DataFileCount::kDataBytesRead) - before;
  int64_t all = 0;
  for (const auto& [id, size] : file.column_sizes) all += size;
  EXPECT_LT(lazy, all / 2);
  EXPECT_EQ(Counted(DataFileCount::kRowGroupsScanned), 10);
}

TEST_F(DataFileReaderTest, StopsAtTheLimit) {
  const DataFile file = WriteNumbered(1000, 100);
  ReadOptions options = ReadAs(numbered_);
  options.limit = 150;
  EXPECT_EQ(Read(file, options)->num_rows(), 150);
  EXPECT_EQ(Counted(DataFileCount::kRowGroupsScanned), 2);
  options.limit = 0;
  EXPECT_EQ(Read(file, options)->num_rows(), 0);
}

TEST_F(DataFileReaderTest, ReadsEachRowGroupInExactlyOneSplit) {
  const DataFile file = WriteNumbered(1000, 100);
  ASSERT_EQ(file.split_offsets.size(), 10U);
  std::multiset<int64_t> ids;
  const int64_t step = file.file_size_in_bytes / 7 + 1;
  for (int64_t offset = 0; offset < file.file_size_in_bytes; offset += step) {
    ReadOptions options = ReadAs(numbered_);
    options.split = ByteRange{offset, step};
    for (int64_t id : Longs(*Read(file, options), 0)) ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 1000U);
  EXPECT_EQ(std::set<int64_t>(ids.begin(), ids.end()).size(), 1000U);
}

TEST_F(DataFileReaderTest, TakesFiltersThatArriveLate) {
  const DataFile file = WriteNumbered(1000, 100);
  ReadOptions options = ReadAs(numbered_);
  int asked = 0;
  options.late_filter = [&]() -> std::optional<Expression> {
    if (++asked != 3) return std::nullopt;
    return BindTo(*numbered_, GreaterEqual(Col("id"), Lit(int64_t{950})));
  };
  auto table = Read(file, options);
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->num_rows(), 250);
  EXPECT_EQ(Counted(DataFileCount::kRowGroupsScanned), 3);
}

TEST_F(DataFileReaderTest, KeepsDictionariesOnlyWhenAsked) {
  const DataFile file = WriteNumbered(1000, 1000);
  ReadOptions options = ReadAs(numbered_);
  options.keep_dictionaries = true;
  auto reader = OpenDataFile(context_, io_, file, options).ValueOrDie();
  auto batch = reader->Next(context_).ValueOrDie();
  EXPECT_EQ(batch->column(1)->type_id(), arrow::Type::DICTIONARY);
  EXPECT_TRUE(batch->ValidateFull().ok());
  EXPECT_EQ(reader->result_schema()->field(1)->type()->id(), arrow::Type::STRING);
}

TEST_F(DataFileReaderTest, NeverSkipsAMatchingRow) {
  auto schema = MakeSchema(AllTypes());
  std::vector<NestedField> primitives;
  for (const NestedField& field : schema->fields()) {
    if (field.type.is_primitive()) primitives.push_back(field);
  }
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    RandomRows rows(seed);
    auto batch = rows.Batch(*schema, 200);
    const DataFile file = WriteFile(schema, batch, {{"write.parquet.row-group-limit", "20"}});
    const NestedField& field = primitives[rows.Number(primitives.size())];
    // A value that occurs, compared in a random way.
    auto column = batch->GetColumnByName(field.name);
    Value value =
        ValueFromArrow(field.type, *column, static_cast<int64_t>(rows.Number(200))).ValueOrDie();
    if (value.is_null()) continue;
    auto literal = Lit(field.type, value);
    if (!literal.ok()) continue;
    const auto op = static_cast<ComparisonOp>(rows.Number(6));
    auto bound = BindPredicate(Compare(op, Col(field.name), *literal), *schema);
    if (!bound.ok()) continue;
    ReadOptions options = ReadAs(schema);
    options.filter = Simplify(*bound);
    auto skipping = Read(file, options);
    // The same filter with statistics out of play: one row group cut per row range.
    int64_t without_skipping = 0;
    ReadOptions late = ReadAs(schema);
    bool given = false;
    const DataFile whole = WriteFile(schema, batch, {{"write.parquet.row-group-limit", "1000"}});
    late.late_filter = [&]() -> std::optional<Expression> {
      if (given) return std::nullopt;
      given = true;
      return options.filter;
    };
    auto full = Read(whole, late);
    ASSERT_TRUE(skipping != nullptr && full != nullptr);
    without_skipping = full->num_rows();
    EXPECT_EQ(skipping->num_rows(), without_skipping) << options.filter.ToString();
  }
}

TEST_F(DataFileReaderTest, RefusesWhatItCannotReadByName) {
  DataFile file = WriteNumbered(10, 100);
  DataFile orc = file;
  orc.file_format = FileFormat::kOrc;
  auto opened = OpenDataFile(context_, io_, orc, ReadAs(numbered_));
  EXPECT_EQ(KindOf(opened.status()), ErrorKind::kUnsupported);
  EXPECT_THAT(opened.status().message(), HasSubstr("ORC"));
  DataFile encrypted = file;
  encrypted.key_metadata = "key";
  EXPECT_EQ(KindOf(OpenDataFile(context_, io_, encrypted, ReadAs(numbered_)).status()),
            ErrorKind::kUnsupported);
  DataFile missing = file;
  missing.file_path += ".gone";
  EXPECT_EQ(KindOf(OpenDataFile(context_, io_, missing, ReadAs(numbered_)).status()),
            ErrorKind::kNotFound);
  DataFile wrong_size = file;
  wrong_size.file_size_in_bytes -= 1;
  EXPECT_EQ(KindOf(OpenDataFile(context_, io_, wrong_size, ReadAs(numbered_)).status()),
            ErrorKind::kInvalidData);
}

TEST_F(DataFileReaderTest, ReportsDamagedFilesAndNeverCrashes) {
  auto schema = MakeSchema(AllTypes());
  const DataFile file = WriteFile(schema, RandomRows(8).Batch(*schema, 300));
  const std::string bytes =
      io_->ReadAll(context_, file.file_path, file.file_size_in_bytes).ValueOrDie()->ToString();
  RandomRows random(9);
  int num_failed = 0;
  for (int round = 0; round < 400; ++round) {
    std::string damaged = bytes;
    for (int i = 0; i < 1 + round % 4; ++i) {
      // Half of the faults in the footer, where they do most.
      const uint64_t span =
          round % 2 == 0 ? damaged.size() : std::min<uint64_t>(damaged.size(), 9000);
      const uint64_t at = damaged.size() - 1 - random.Number(span);
      damaged[at] = static_cast<char>(random.Number(256));
    }
    DataFile copy = file;
    copy.file_path = location_ + "/damaged-" + std::to_string(round);
    ASSERT_TRUE(io_->WriteAll(context_, copy.file_path, damaged).ok());
    auto table = TryRead(copy, ReadAs(schema));
    if (table.ok()) continue;
    ++num_failed;
    EXPECT_TRUE(KindOf(table.status()) == ErrorKind::kInvalidData ||
                KindOf(table.status()) == ErrorKind::kUnsupported ||
                KindOf(table.status()) == ErrorKind::kResourceExhausted)
        << table.status();
    EXPECT_THAT(table.status().message(), HasSubstr(copy.file_path));
    ASSERT_TRUE(io_->Delete(context_, copy.file_path).ok());
  }
  EXPECT_GT(num_failed, 40);
}

TEST_F(DataFileReaderTest, StopsWhenCancelled) {
  const DataFile file = WriteNumbered(1000, 100);
  auto reader = OpenDataFile(context_, io_, file, ReadAs(numbered_)).ValueOrDie();
  ASSERT_TRUE(reader->Next(context_).ok());
  context_.cancel.Cancel();
  EXPECT_EQ(KindOf(reader->Next(context_).status()), ErrorKind::kCancelled);
  reader.reset();
  EXPECT_EQ(context_.memory->used_bytes(), 0);
}

TEST_F(DataFileReaderTest, BatchesAreCutBeforeTheirTextGetsTooLong) {
  const auto schema = MakeSchema(
      {NestedField::Required(1, "id", Type::Long()),
       NestedField::Optional(2, "word", Type::String()),
       NestedField::Optional(3, "text", Type::Binary()),
       NestedField::Optional(4, "list",
                             Type::List(NestedField::Optional(5, "element", Type::String()))),
       NestedField::Optional(6, "map",
                             Type::Map(NestedField::Required(7, "key", Type::String()),
                                       NestedField::Optional(8, "value", Type::Long())))});
  RandomRows random(3);
  const DataFile file =
      WriteFile(schema, random.Batch(*schema, 500), {{"write.parquet.row-group-limit", "170"}});
  // The file lacks the last column: its partition has the value.
  std::vector<NestedField> fields = schema->fields();
  fields.push_back(NestedField::Optional(9, "constant", Type::String()));
  fields.push_back(NestedField::Required(kFileColumnId, "_file", Type::String()));
  fields.push_back(PosColumn());
  ReadOptions options = ReadAs(MakeSchema(fields));
  options.constants = {{FieldId(9), Value(std::string(20, 'c'))},
                       {kFileColumnId, Value(file.file_path)}};
  for (const bool filtered : {false, true}) {
    options.filter =
        filtered ? BindTo(*options.projection, GreaterEqual(Col("word"), Lit("d"))) : True();
    const auto whole = Read(file, options);
    ASSERT_NE(whole, nullptr);
    EXPECT_EQ(whole->num_rows() < 500, filtered);
    for (const char* limit : {"1", "45", "1000"}) {
      context_.settings =
          std::make_shared<const Properties>(Properties{{"execution.batch_bytes", limit}});
      auto reader = OpenDataFile(context_, io_, file, options).ValueOrDie();
      arrow::RecordBatchVector batches;
      while (const auto batch = reader->Next(context_).ValueOrDie()) {
        ASSERT_TRUE(batch->ValidateFull().ok()) << batch->ValidateFull().ToString();
        for (int i = 0; i < 6 && batch->num_rows() > 1; ++i) {
          EXPECT_LE(OffsetReach(*batch->column_data(i)), std::stoll(limit));
        }
        batches.push_back(batch);
      }
      context_.settings.reset();
      EXPECT_GT(batches.size(), 3U);
      const auto cut = arrow::Table::FromRecordBatches(whole->schema(), batches).ValueOrDie();
      EXPECT_TRUE(cut->Equals(*whole)) << "limit " << limit << ", filtered " << filtered;
    }
  }
}

TEST_F(DataFileReaderTest, LongDefaultsInsideOfStructsMakeBatchesShorter) {
  const auto of_structs = [](const std::vector<NestedField>& fields) {
    return MakeSchema(
        {NestedField::Optional(1, "s", Type::Struct({fields[0]})),
         NestedField::Optional(
             2, "l", Type::List(NestedField::Optional(3, "element", Type::Struct({fields[1]}))))});
  };
  const auto written = of_structs(
      {NestedField::Optional(4, "a", Type::Int()), NestedField::Optional(5, "b", Type::Int())});
  std::string rows;
  for (int row = 0; row < 600; ++row) {
    rows += (row == 0 ? "" : ",") + std::string(R"({"s": {"a": 1}, "l": [{"b": 1}, {"b": 2}]})");
  }
  const DataFile file = WriteFile(written, BatchFromJson(*written, "[" + rows + "]"));
  NestedField in_struct = NestedField::Optional(6, "text", Type::String());
  NestedField in_list = NestedField::Optional(7, "text", Type::String());
  in_struct.initial_default = in_list.initial_default = Value(std::string(100'000, 'x'));
  auto reader =
      OpenDataFile(context_, io_, file, ReadAs(of_structs({in_struct, in_list}))).ValueOrDie();
  int64_t num_rows = 0;
  while (const auto batch = reader->Next(context_).ValueOrDie()) {
    num_rows += batch->num_rows();
    EXPECT_LE(batch->num_rows(), (32 << 20) / 300'000) << "three texts a row";
    const auto& list = static_cast<const arrow::ListArray&>(*batch->column(1));
    const auto& structs = static_cast<const arrow::StructArray&>(*list.values());
    const auto texts = std::static_pointer_cast<arrow::StringArray>(structs.field(0));
    ASSERT_EQ(texts->length(), 2 * batch->num_rows());
    EXPECT_EQ(texts->Value(texts->length() - 1).size(), 100'000U);
  }
  EXPECT_EQ(num_rows, 600);
}

}  // namespace
}  // namespace iceframe
