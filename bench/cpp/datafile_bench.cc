// SPDX-License-Identifier: Apache-2.0
// Writing and scanning one data file shaped like TPC-H's lineitem.
#include <filesystem>
#include <random>
#include <set>

#include <arrow/api.h>
#include <benchmark/benchmark.h>

#include "iceframe/datafile/data_file_reader.h"
#include "iceframe/datafile/data_file_writer.h"
#include "iceframe/expression/binder.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe {
namespace {

constexpr int64_t kBatchRows = 250'000;
constexpr int kBatches = 12;

std::shared_ptr<const Schema> LineitemSchema() {
  const Type money = *Type::Decimal(15, 2);
  return *Schema::Make(SchemaId(0), {NestedField::Required(1, "l_orderkey", Type::Long()),
                                     NestedField::Required(2, "l_partkey", Type::Long()),
                                     NestedField::Required(3, "l_suppkey", Type::Long()),
                                     NestedField::Required(4, "l_linenumber", Type::Int()),
                                     NestedField::Required(5, "l_quantity", money),
                                     NestedField::Required(6, "l_extendedprice", money),
                                     NestedField::Required(7, "l_discount", money),
                                     NestedField::Required(8, "l_tax", money),
                                     NestedField::Required(9, "l_returnflag", Type::String()),
                                     NestedField::Required(10, "l_linestatus", Type::String()),
                                     NestedField::Required(11, "l_shipdate", Type::Date()),
                                     NestedField::Required(12, "l_shipmode", Type::String()),
                                     NestedField::Required(13, "l_comment", Type::String())});
}

/// Columns by field id.
std::shared_ptr<const Schema> Columns(const std::set<FieldId>& ids) {
  return LineitemSchema()->Select(ids);
}

std::shared_ptr<arrow::RecordBatch> MakeBatch(int index) {
  std::mt19937 random(static_cast<uint32_t>(index));
  auto draw = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high - 1)(random);
  };
  arrow::ArrayVector columns;
  const auto schema = *ToArrowSchema(*LineitemSchema());
  const char* const words[] = {"the quick", "brown fox", "final deposits", "regular requests",
                               "carefully", "ironic",    "accounts",       "sleep"};
  const char* const modes[] = {"AIR", "MAIL", "SHIP", "TRUCK", "RAIL", "FOB", "REG AIR"};
  for (const auto& field : schema->fields()) {
    auto builder = *arrow::MakeBuilder(field->type());
    const std::string& name = field->name();
    for (int64_t i = 0; i < kBatchRows; ++i) {
      const int64_t row = index * kBatchRows + i;
      Status status;
      switch (field->type()->id()) {
        case arrow::Type::INT64:
          status = static_cast<arrow::Int64Builder&>(*builder).Append(
              name == "l_orderkey" ? row * 2 : draw(0, name == "l_partkey" ? 200'000 : 10'000));
          break;
        case arrow::Type::INT32:
          status =
              static_cast<arrow::Int32Builder&>(*builder).Append(static_cast<int32_t>(draw(1, 8)));
          break;
        case arrow::Type::DATE32:
          status = static_cast<arrow::Date32Builder&>(*builder).Append(
              static_cast<int32_t>(8000 + row * 2500 / (kBatchRows * kBatches)));
          break;
        case arrow::Type::DECIMAL128:
          status = static_cast<arrow::Decimal128Builder&>(*builder).Append(
              arrow::Decimal128(name == "l_extendedprice" ? draw(90'000, 10'000'000)
                                : name == "l_quantity"    ? draw(1, 51) * 100
                                                          : draw(0, 11)));
          break;
        default: {
          auto& strings = static_cast<arrow::StringBuilder&>(*builder);
          if (name == "l_comment") {
            status = strings.Append(std::string(words[draw(0, 8)]) + " " + words[draw(0, 8)] + " " +
                                    std::to_string(draw(0, 100'000)));
          } else if (name == "l_shipmode") {
            status = strings.Append(modes[draw(0, 7)]);
          } else {
            status = strings.Append(std::string(1, "ANRO"[draw(0, 4)]));
          }
        }
      }
      if (!status.ok()) return nullptr;
    }
    columns.push_back(*builder->Finish());
  }
  return arrow::RecordBatch::Make(schema, kBatchRows, columns);
}

/// Written once per process, removed at its end.
class Lineitem {
 public:
  static const Lineitem& Get() {
    static const Lineitem lineitem;
    return lineitem;
  }
  ~Lineitem() { std::filesystem::remove_all(folder_); }
  const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches() const { return batches_; }
  const std::shared_ptr<FileIO>& io() const { return io_; }
  const DataFile& file() const { return file_; }

  Result<DataFile> Write(const std::string& name) const {
    const OperationContext context;
    WriteOptions options;
    options.schema = LineitemSchema();
    options.table_location = (folder_ / name).string();
    options.properties = {{"write.parquet.row-group-limit", "500000"}};
    ICEFRAME_ASSIGN_OR_RETURN(auto writer, MakeDataFileWriter(context, io_, options));
    for (const auto& batch : batches_) ICEFRAME_RETURN_NOT_OK(writer->Write(context, *batch));
    ICEFRAME_ASSIGN_OR_RETURN(auto files, writer->Finish(context));
    return files.at(0);
  }

 private:
  Lineitem() {
    for (int i = 0; i < kBatches; ++i) batches_.push_back(MakeBatch(i));
    file_ = *Write("scan");
  }
  std::filesystem::path folder_ = std::filesystem::current_path() / "bench-datafile";
  std::shared_ptr<FileIO> io_ = *MakeFileIO();
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;
  DataFile file_;
};

void Scan(benchmark::State& state, const ReadOptions& options) {
  const Lineitem& lineitem = Lineitem::Get();
  const OperationContext context;
  int64_t num_rows = 0;
  for (auto _ : state) {
    num_rows = 0;
    auto reader = OpenDataFile(context, lineitem.io(), lineitem.file(), options);
    while (reader.ok()) {
      auto batch = (*reader)->Next(context);
      if (!batch.ok()) return state.SkipWithError(batch.status().message().c_str());
      if (*batch == nullptr) break;
      num_rows += (*batch)->num_rows();
    }
  }
  state.counters["rows"] = static_cast<double>(num_rows);
  state.SetItemsProcessed(state.iterations() * kBatchRows * kBatches);
}

void BM_ScanSevenColumns(benchmark::State& state) {
  ReadOptions options;
  options.projection = Columns({5, 6, 7, 8, 9, 10, 11});
  options.keep_dictionaries = state.range(0) != 0;
  Scan(state, options);
}
BENCHMARK(BM_ScanSevenColumns)
    ->ArgName("keep_dictionaries")
    ->Arg(0)
    ->Arg(1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void BM_ScanAllColumns(benchmark::State& state) {
  ReadOptions options;
  options.projection = LineitemSchema();
  Scan(state, options);
}
BENCHMARK(BM_ScanAllColumns)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_ScanFiltered(benchmark::State& state) {
  ReadOptions options;
  options.projection = LineitemSchema();
  const Expression filters[] = {
      And(GreaterEqual(Col("l_shipdate"), Lit("1994-01-01")),
          Less(Col("l_shipdate"), Lit("1994-02-01"))),
      Equal(Col("l_shipmode"), Lit("FOB")),
      Equal(Col("l_partkey"), Lit(int64_t{77'777})),
  };
  auto bound = BindPredicate(filters[state.range(0)], *LineitemSchema());
  if (!bound.ok()) return state.SkipWithError(bound.status().message().c_str());
  options.filter = Simplify(*bound);
  Scan(state, options);
}
BENCHMARK(BM_ScanFiltered)
    ->ArgName("month_mode_part")
    ->Arg(0)
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void BM_WriteLineitem(benchmark::State& state) {
  const Lineitem& lineitem = Lineitem::Get();
  for (auto _ : state) {
    auto file = lineitem.Write("write");
    if (!file.ok()) return state.SkipWithError(file.status().message().c_str());
  }
  state.SetItemsProcessed(state.iterations() * kBatchRows * kBatches);
}
BENCHMARK(BM_WriteLineitem)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(2);

}  // namespace
}  // namespace iceframe
