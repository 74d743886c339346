// SPDX-License-Identifier: Apache-2.0
// expression_tool TABLE.arrow PREDICATES.txt: for each line of predicates a line of JSON, the
// numbers of the rows that match or {"error": …}. Every predicate is evaluated as it is bound,
// simplified, and read back from its own text and JSON; the four must agree.
#include <fstream>
#include <iostream>

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>

#include "iceframe/base/json.h"
#include "iceframe/expression/binder.h"
#include "iceframe/expression/evaluate.h"
#include "iceframe/expression/expression_json.h"
#include "iceframe/expression/parse_expression.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe {
namespace {

struct Table {
  std::shared_ptr<const Schema> schema;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
};

Result<Table> ReadTable(const char* path) {
  auto* pool = arrow::system_memory_pool();
  ICEFRAME_ASSIGN_OR_RETURN(auto file, arrow::io::ReadableFile::Open(path, pool));
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.memory_pool = pool;
  ICEFRAME_ASSIGN_OR_RETURN(auto reader, arrow::ipc::RecordBatchFileReader::Open(file, options));
  ICEFRAME_ASSIGN_OR_RETURN(auto fields, FromArrowSchema(*reader->schema(), 3));
  Table table;
  ICEFRAME_ASSIGN_OR_RETURN(table.schema, Schema::Make(SchemaId(0), std::move(fields)));
  for (int i = 0; i < reader->num_record_batches(); ++i) {
    ICEFRAME_ASSIGN_OR_RETURN(auto batch, reader->ReadRecordBatch(i));
    table.batches.push_back(std::move(batch));
  }
  return table;
}

Result<std::vector<int64_t>> MatchingRows(const Table& table, const Expression& bound) {
  std::vector<int64_t> rows;
  int64_t first = 0;
  for (const auto& batch : table.batches) {
    ICEFRAME_ASSIGN_OR_RETURN(auto kept,
                              EvaluateFilter(bound, *batch, arrow::system_memory_pool()));
    for (int64_t i = 0; i < kept->length(); ++i) {
      if (kept->Value(i)) rows.push_back(first + i);
    }
    first += batch->num_rows();
  }
  return rows;
}

Result<std::vector<int64_t>> Answer(const Table& table, const std::string& text) {
  ICEFRAME_ASSIGN_OR_RETURN(Expression e, ParseExpression(text));
  ICEFRAME_ASSIGN_OR_RETURN(Expression again, ParseExpression(e.ToString()));
  ICEFRAME_ASSIGN_OR_RETURN(Json json, ExpressionToJson(e));
  ICEFRAME_ASSIGN_OR_RETURN(json, Json::Parse(json.Dump()));
  ICEFRAME_ASSIGN_OR_RETURN(Expression from_json, ExpressionFromJson(json));
  if (!(again == e) || !(from_json == e)) {
    return Error(ErrorKind::kInvalidData, "text or JSON gives another tree: ", e.ToString());
  }
  ICEFRAME_ASSIGN_OR_RETURN(Expression bound, BindPredicate(e, *table.schema));
  ICEFRAME_ASSIGN_OR_RETURN(std::vector<int64_t> rows, MatchingRows(table, bound));
  for (const Expression& other : {Simplify(bound), SimplifyFilter(bound)}) {
    ICEFRAME_ASSIGN_OR_RETURN(std::vector<int64_t> same, MatchingRows(table, other));
    if (same != rows) {
      return Error(ErrorKind::kInvalidData, "simplified differs: ", other.ToString());
    }
  }
  return rows;
}

void Print(const Result<std::vector<int64_t>>& rows) {
  Json line = Json::Array();
  if (rows.ok()) {
    for (const int64_t row : *rows) line.Append(Json::Int(row));
  } else {
    line = Json::Object({{"error", Json::String(rows.status().message())}});
  }
  std::cout << line.Dump() << "\n";
}

int Run(const char* table_path, const char* predicates_path) {
  const auto table = ReadTable(table_path);
  if (!table.ok()) {
    std::cerr << table.status().ToString() << "\n";
    return 1;
  }
  std::ifstream predicates(predicates_path);
  std::string text;
  while (std::getline(predicates, text)) Print(Answer(*table, text));
  return 0;
}

}  // namespace
}  // namespace iceframe

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: expression_tool TABLE.arrow PREDICATES.txt\n";
    return 2;
  }
  return iceframe::Run(argv[1], argv[2]);
}
