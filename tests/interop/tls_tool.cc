// SPDX-License-Identifier: Apache-2.0
// Reads Parquet files and speaks TLS as Kafka's client in one process without Python:
//   tls_tool FOLDER PORT STEP…
//       scan    appends rows to a table of the warehouse FOLDER and reads all of them
//       kafka   connects to localhost:PORT, trusting FOLDER/cert.pem, until a line comes in on
//               standard input
// Prints "done"; an error's kind and message with exit code 1.
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <arrow/api.h>

#include "iceframe/session.h"
#include "iceframe/streaming/kafka_source.h"

namespace iceframe {
namespace {

constexpr const char* kTable = "t";
constexpr int64_t kNumRows = 3;

Status Make(Session& session) {
  const auto id = NestedField::Optional(1, "id", Type::Long());
  ICEFRAME_ASSIGN_OR_RETURN(auto schema, Schema::Make(SchemaId(0), {id}));
  return session.CreateTable(session.NewOperation(), kTable, schema, {}).status();
}

Status Append(Session& session) {
  arrow::Int64Builder ids;
  for (int64_t id = 0; id < kNumRows; ++id) ICEFRAME_RETURN_NOT_OK(ids.Append(id));
  ICEFRAME_ASSIGN_OR_RETURN(auto column, ids.Finish());
  const auto columns = arrow::schema({arrow::field("id", arrow::int64())});
  const auto batch = arrow::RecordBatch::Make(columns, kNumRows, {std::move(column)});
  ICEFRAME_ASSIGN_OR_RETURN(auto rows, arrow::RecordBatchReader::Make({batch}));
  return session.Append(session.NewOperation(), kTable, *rows, {}).status();
}

Status Scan(Session& session) {
  ICEFRAME_RETURN_NOT_OK(Append(session));
  ICEFRAME_ASSIGN_OR_RETURN(auto reader, session.Scan(session.NewOperation(), kTable, {}));
  ICEFRAME_ASSIGN_OR_RETURN(const auto rows, reader->ToTable());
  if (rows->num_rows() > 0 && rows->num_rows() % kNumRows == 0) return Status::OK();
  return Error(ErrorKind::kInvalidData, "the scan returned ", rows->num_rows(), " rows");
}

Status SpeakKafka(Session& session, const std::string& folder, const std::string& port) {
  const OperationContext context = session.NewOperation();
  ICEFRAME_ASSIGN_OR_RETURN(auto table, session.LoadTable(context, kTable));
  KafkaSourceOptions options;
  options.topic = "topic";
  options.config = {{"bootstrap.servers", "localhost:" + port},
                    {"security.protocol", "SSL"},
                    {"ssl.ca.location", folder + "/cert.pem"}};
  ICEFRAME_ASSIGN_OR_RETURN(auto source, KafkaSource::Make(context, table, std::move(options)));
  std::thread waiting([cancel = context.cancel]() mutable {
    std::string line;
    std::getline(std::cin, line);
    cancel.Cancel();
  });
  const Status status = source->Run().status();
  waiting.join();
  return KindOf(status) == ErrorKind::kCancelled ? Status::OK() : status;
}

Status Run(const std::string& folder, const std::string& port, int num_steps, char** steps) {
  SessionOptions options;
  options.catalog = {{"type", "in-memory"}, {"warehouse", "file://" + folder}};
  ICEFRAME_ASSIGN_OR_RETURN(auto session, Session::Open(options));
  ICEFRAME_RETURN_NOT_OK(Make(*session));
  for (int i = 0; i < num_steps; ++i) {
    const std::string step = steps[i];
    if (step == "scan") {
      ICEFRAME_RETURN_NOT_OK(Scan(*session));
    } else {
      ICEFRAME_RETURN_NOT_OK(SpeakKafka(*session, folder, port));
    }
  }
  return Status::OK();
}

}  // namespace
}  // namespace iceframe

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: tls_tool FOLDER PORT STEP…\n";
    return 2;
  }
  const iceframe::Status status = iceframe::Run(argv[1], argv[2], argc - 3, argv + 3);
  if (!status.ok()) {
    std::cout << status.ToString() << "\n";
    return 1;
  }
  std::cout << "done\n";
}
