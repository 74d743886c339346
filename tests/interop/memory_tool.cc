// SPDX-License-Identifier: Apache-2.0
// Runs one operation under a memory limit in a process without Python, and tells what it took:
//   memory_tool FOLDER make TABLE ROWS FILES WIDTH ROW_GROUP_BYTES PER_TEXT
//       writes a table of low entropy, whose text of WIDTH bytes is another after PER_TEXT rows
//   memory_tool FOLDER run LIMIT_MB OPERATION TABLE
//       scan, filter, chunks, slow (chunks, with pauses), count, group, distinct, sort, join,
//       append (to the table "copy")
// Prints "name value" lines; an error's kind and message with exit code 1.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <arrow/api.h>

#include "iceframe/execution/row_chunks.h"
#include "iceframe/expression/parse_expression.h"
#include "iceframe/runtime/process_memory.h"
#include "iceframe/session.h"

namespace iceframe {
namespace {

constexpr int64_t kBatchRows = 16 * 1024;
constexpr int64_t kNumPauses = 150;

void Print(const char* name, int64_t value) {
  std::printf("%s %lld\n", name, static_cast<long long>(value));
}

/// Rows first, first + 1, …: a number of its own each, a small one, a double, and text of `width`.
class GeneratedRows final : public arrow::RecordBatchReader {
 public:
  GeneratedRows(int64_t first, int64_t count, int64_t width, int64_t rows_per_text)
      : next_(first),
        end_(first + count),
        width_(static_cast<size_t>(width)),
        rows_per_text_(rows_per_text) {}

  static std::shared_ptr<arrow::Schema> Columns() {
    return arrow::schema({arrow::field("id", arrow::int64()), arrow::field("small", arrow::int32()),
                          arrow::field("amount", arrow::float64()),
                          arrow::field("text", arrow::utf8())});
  }
  std::shared_ptr<arrow::Schema> schema() const override { return Columns(); }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    if (next_ == end_) return Status::OK();
    const int64_t count = std::min(kBatchRows, end_ - next_);
    arrow::Int64Builder ids;
    arrow::Int32Builder smalls;
    arrow::DoubleBuilder amounts;
    arrow::StringBuilder texts;
    std::string text(width_, 'x');
    for (int64_t row = next_; row < next_ + count; ++row) {
      ICEFRAME_RETURN_NOT_OK(ids.Append(row));
      ICEFRAME_RETURN_NOT_OK(smalls.Append(static_cast<int32_t>(row % 1000)));
      ICEFRAME_RETURN_NOT_OK(amounts.Append(static_cast<double>(row % 97) / 4));
      const std::string number = std::to_string(row / rows_per_text_ % 1'000'000'000);
      text.replace(0, number.size(), number);
      ICEFRAME_RETURN_NOT_OK(texts.Append(text));
    }
    next_ += count;
    std::vector<std::shared_ptr<arrow::Array>> columns(4);
    ICEFRAME_RETURN_NOT_OK(ids.Finish(&columns[0]));
    ICEFRAME_RETURN_NOT_OK(smalls.Finish(&columns[1]));
    ICEFRAME_RETURN_NOT_OK(amounts.Finish(&columns[2]));
    ICEFRAME_RETURN_NOT_OK(texts.Finish(&columns[3]));
    *batch = arrow::RecordBatch::Make(schema(), count, std::move(columns));
    return Status::OK();
  }

 private:
  int64_t next_;
  int64_t end_;
  size_t width_;
  int64_t rows_per_text_;
};

Result<std::shared_ptr<Session>> Open(const std::string& folder, const std::string& limit_mb) {
  SessionOptions options;
  options.catalog = {{"uri", "sqlite:///" + folder + "/catalog.db"},
                     {"warehouse", "file://" + folder}};
  if (!limit_mb.empty()) options.settings = {{"memory.limit", limit_mb + "MiB"}};
  return Session::Open(options);
}

struct TableShape {
  std::string name;
  int64_t num_rows = 0;
  int64_t num_files = 0;
  int64_t width = 0;
  std::string row_group_bytes;
  int64_t rows_per_text = 0;
};

Status Make(Session& session, const TableShape& shape) {
  const OperationContext context = session.NewOperation();
  const auto column = [](FieldId id, const char* name, Type type) {
    return NestedField::Optional(id, name, std::move(type));
  };
  ICEFRAME_ASSIGN_OR_RETURN(
      auto schema,
      Schema::Make(SchemaId(0),
                   {column(1, "id", Type::Long()), column(2, "small", Type::Int()),
                    column(3, "amount", Type::Double()), column(4, "text", Type::String())}));
  CreateTableOptions options;
  options.properties["write.parquet.row-group-size-bytes"] = shape.row_group_bytes;
  ICEFRAME_RETURN_NOT_OK(session.CreateTable(context, shape.name, schema, options).status());
  const int64_t rows_per_file = shape.num_rows / shape.num_files;
  for (int64_t file = 0; file < shape.num_files; ++file) {
    GeneratedRows rows(file * rows_per_file, rows_per_file, shape.width, shape.rows_per_text);
    ICEFRAME_RETURN_NOT_OK(session.Append(session.NewOperation(), shape.name, rows, {}).status());
  }
  return Status::OK();
}

/// A line of /proc/self/status, in bytes.
int64_t StatusBytes(const std::string& name) {
  std::ifstream file("/proc/self/status");
  std::string word;
  while (file >> word) {
    int64_t kilobytes = 0;
    if (word == name + ":" && file >> kilobytes) return kilobytes * 1024;
  }
  return -1;
}

struct Totals {
  int64_t num_rows = 0;
  int64_t num_chunks = 0;
  int64_t sum_of_ids = 0;
};

void AddIds(const arrow::Array& column, Totals* totals) {
  const auto& ids = static_cast<const arrow::Int64Array&>(column);
  for (int64_t i = 0; i < ids.length(); ++i) totals->sum_of_ids += ids.Value(i);
  totals->num_rows += ids.length();
}

Result<Totals> ReadAll(arrow::RecordBatchReader& reader) {
  Totals totals;
  std::shared_ptr<arrow::RecordBatch> batch;
  while (true) {
    ICEFRAME_RETURN_NOT_OK(reader.ReadNext(&batch));
    if (batch == nullptr) return totals;
    AddIds(*batch->column(0), &totals);
    ++totals.num_chunks;
  }
}

/// `pauses`: after each of the first chunks; prints by how much memory grew from a third of them
/// on.
Result<Totals> ReadChunks(std::shared_ptr<arrow::RecordBatchReader> reader, bool pauses) {
  ICEFRAME_ASSIGN_OR_RETURN(RowChunks chunks, RowChunks::Make(std::move(reader), 10'000));
  Totals totals;
  int64_t settled = 0;
  int64_t highest = 0;
  while (true) {
    ICEFRAME_ASSIGN_OR_RETURN(const auto chunk, chunks.Next());
    if (chunk == nullptr) break;
    for (const auto& piece : chunk->column(0)->chunks()) AddIds(*piece, &totals);
    ++totals.num_chunks;
    if (pauses && totals.num_chunks <= kNumPauses) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      ICEFRAME_ASSIGN_OR_RETURN(const int64_t bytes, ResidentBytes());
      if (totals.num_chunks == kNumPauses / 3) settled = bytes;
      highest = std::max(highest, bytes);
    }
  }
  if (pauses) Print("growth", highest - settled);
  return totals;
}

Result<Totals> RunOperation(Session& session, const std::string& what, const std::string& name) {
  const OperationContext context = session.NewOperation();
  if (what == "scan" || what == "filter" || what == "chunks" || what == "slow") {
    ScanOptions options;
    if (what == "filter") {
      ICEFRAME_ASSIGN_OR_RETURN(options.rows.filter, ParseExpression("small < 100"));
    }
    ICEFRAME_ASSIGN_OR_RETURN(auto reader, session.Scan(context, name, options));
    const bool in_chunks = what == "chunks" || what == "slow";
    return in_chunks ? ReadChunks(std::move(reader), what == "slow") : ReadAll(*reader);
  }
  if (what == "append") {
    ICEFRAME_ASSIGN_OR_RETURN(auto reader, session.Scan(context, name, {}));
    ICEFRAME_ASSIGN_OR_RETURN(const WriteReport report,
                              session.Append(session.NewOperation(), "copy", *reader, {}));
    return Totals{report.num_rows, report.num_files, 0};
  }
  const std::map<std::string, std::function<Result<Query>()>> queries = {
      {"count", [&]() -> Result<Query> { return Query(name).Select({"count(*) AS n"}); }},
      {"group",
       [&]() -> Result<Query> {
         return Query(name).GroupBy({"small"}).Select({"count(*) AS n", "max(text) AS t"});
       }},
      {"distinct",
       [&]() -> Result<Query> {
         return Query(name).GroupBy({"id"}).Select({"id", "count(*) AS n"});
       }},
      {"sort", [&]() -> Result<Query> { return Query(name).OrderBy({"amount"}); }},
      {"join", [&]() -> Result<Query> { return Query(name).Join(Query(name), {{"id"}, {"id"}}); }},
  };
  const auto query = queries.find(what);
  if (query == queries.end()) return Error(ErrorKind::kInvalidArgument, "unknown: ", what);
  ICEFRAME_ASSIGN_OR_RETURN(const Query steps, query->second());
  ICEFRAME_ASSIGN_OR_RETURN(auto reader, session.Execute(context, steps));
  return ReadAll(*reader);
}

Status Run(Session& session, const std::string& what, const std::string& name) {
  // Threads, allocators and code pages are there afterwards.
  ICEFRAME_RETURN_NOT_OK(RunOperation(session, what, "warm").status());
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t base, ResidentBytes());
  std::ofstream("/proc/self/clear_refs") << "5";  // forgets the highest so far
  const auto totals = RunOperation(session, what, name);
  Print("base", base);
  Print("above_base", StatusBytes("VmHWM") - base);
  Print("reserved", session.memory()->peak_bytes());
  Print("process_reserved", MemoryBudget::Process()->peak_bytes());
  ICEFRAME_RETURN_NOT_OK(totals.status());
  Print("rows", totals->num_rows);
  Print("chunks", totals->num_chunks);
  Print("sum", totals->sum_of_ids);
  return Status::OK();
}

Status Main(const std::vector<std::string>& arguments) {
  if (arguments.size() == 8 && arguments[1] == "make") {
    ICEFRAME_ASSIGN_OR_RETURN(const auto session, Open(arguments[0], ""));
    return Make(*session, {arguments[2], std::stoll(arguments[3]), std::stoll(arguments[4]),
                           std::stoll(arguments[5]), arguments[6], std::stoll(arguments[7])});
  }
  if (arguments.size() == 5 && arguments[1] == "run") {
    ICEFRAME_ASSIGN_OR_RETURN(const auto session, Open(arguments[0], arguments[2]));
    return Run(*session, arguments[3], arguments[4]);
  }
  return Error(ErrorKind::kInvalidArgument, "see the first lines of memory_tool.cc");
}

}  // namespace
}  // namespace iceframe

int main(int argc, char** argv) {
  const auto status = iceframe::Main(std::vector<std::string>(argv + 1, argv + argc));
  if (!status.ok()) std::printf("error %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
