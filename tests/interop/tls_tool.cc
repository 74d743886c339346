// SPDX-License-Identifier: Apache-2.0
// Reads Parquet files and speaks TLS through libraries that are loaded, in one process without
// Python (tests/python/test_tls_libraries.py runs it):
//   tls_tool FOLDER KAFKA_PORT HTTPS_PORT POSTGRES_PORT STEP…
//       scan                    appends rows to a table of the warehouse FOLDER and reads all
//       kafka, https, postgres  connects to that port of localhost, trusting FOLDER/cert.pem,
//                               and ignores the answer. Then waits for a line on standard input,
//                               which says that the server got a request.
// Prints "done"; an error's kind and message with exit code 1.
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

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

void WaitForLine() {
  std::string line;
  std::getline(std::cin, line);
}

Status SpeakKafka(Session& session, const Properties& config) {
  const OperationContext context = session.NewOperation();
  ICEFRAME_ASSIGN_OR_RETURN(auto table, session.LoadTable(context, kTable));
  KafkaSourceOptions options;
  options.topic = "topic";
  options.config = config;
  ICEFRAME_ASSIGN_OR_RETURN(auto source, KafkaSource::Make(context, table, std::move(options)));
  std::thread waiting([cancel = context.cancel]() mutable {
    WaitForLine();
    cancel.Cancel();
  });
  const Status status = source->Run().status();
  waiting.join();
  return KindOf(status) == ErrorKind::kCancelled ? Status::OK() : status;
}

/// The server refuses whoever connects, after it has heard the first request.
Status AskCatalog(const Properties& catalog) {
  SessionOptions options;
  options.catalog = catalog;
  Status status;
  if (const auto session = Session::Open(options); !session.ok()) {
    status = session.status();
  } else {
    status = (*session)->ListTables((*session)->NewOperation(), "default").status();
  }
  if (status.ok()) return Error(ErrorKind::kInvalidData, "a server that refuses all answered");
  WaitForLine();
  return Status::OK();
}

struct Places {
  std::string folder;
  std::string kafka_port;
  std::string https_port;
  std::string postgres_port;
};

Status Step(Session& session, const Places& places, const std::string& name) {
  const std::string certificate = places.folder + "/cert.pem";
  if (name == "scan") return Scan(session);
  if (name == "kafka") {
    return SpeakKafka(session, {{"bootstrap.servers", "localhost:" + places.kafka_port},
                                {"security.protocol", "SSL"},
                                {"ssl.ca.location", certificate}});
  }
  if (name == "https") {
    return AskCatalog({{"type", "rest"},
                       {"uri", "https://localhost:" + places.https_port},
                       {"ssl.cabundle", certificate}});
  }
  return AskCatalog({{"type", "sql"},
                     {"uri", "postgresql://me@localhost:" + places.postgres_port +
                                 "/db?sslmode=verify-full&sslrootcert=" + certificate},
                     {"warehouse", "file://" + places.folder}});
}

Status Run(const Places& places, const std::vector<std::string>& steps) {
  SessionOptions options;
  options.catalog = {{"type", "in-memory"}, {"warehouse", "file://" + places.folder}};
  ICEFRAME_ASSIGN_OR_RETURN(auto session, Session::Open(options));
  ICEFRAME_RETURN_NOT_OK(Make(*session));
  for (const std::string& step : steps) ICEFRAME_RETURN_NOT_OK(Step(*session, places, step));
  return Status::OK();
}

}  // namespace
}  // namespace iceframe

int main(int argc, char** argv) {
  if (argc < 6) {
    std::cerr << "usage: tls_tool FOLDER KAFKA_PORT HTTPS_PORT POSTGRES_PORT STEP…\n";
    return 2;
  }
  const iceframe::Status status =
      iceframe::Run({argv[1], argv[2], argv[3], argv[4]}, {argv + 5, argv + argc});
  if (!status.ok()) {
    std::cout << status.ToString() << "\n";
    return 1;
  }
  std::cout << "done\n";
}
