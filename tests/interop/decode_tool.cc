// SPDX-License-Identifier: Apache-2.0
// decode_tool SCHEMA-FILE: reads messages, one a line, and prints of each its row as JSON or, after
// a "!", why it is none.
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>

#include "iceframe/streaming/message_decoder.h"
#include "iceframe/types/row_text.h"
#include "iceframe/types/schema_json.h"

namespace iceframe {
namespace {

Status Run(const char* schema_file) {
  std::ifstream file(schema_file);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  ICEFRAME_ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  ICEFRAME_ASSIGN_OR_RETURN(auto schema, SchemaFromJson(json));
  ICEFRAME_ASSIGN_OR_RETURN(const auto decoder,
                            MessageDecoder::Make(schema, {}, arrow::system_memory_pool()));
  std::vector<std::string> payloads;
  for (std::string line; std::getline(std::cin, line);) payloads.push_back(line);
  std::vector<Message> messages(payloads.size());
  for (size_t i = 0; i < payloads.size(); ++i) messages[i].payload = payloads[i];
  std::vector<RejectedMessage> rejected;
  ICEFRAME_RETURN_NOT_OK(decoder->Append(messages, &rejected).status());
  ICEFRAME_ASSIGN_OR_RETURN(const auto batch, decoder->Finish());
  ICEFRAME_RETURN_NOT_OK(batch->ValidateFull());
  size_t next = 0;
  for (size_t i = 0; i < messages.size(); ++i) {
    std::string line;
    if (next < rejected.size() && rejected[next].index == i) {
      line = "!" + rejected[next++].reason.message();
    } else {
      AppendJsonRow(*batch, static_cast<int64_t>(i - next), &line);
    }
    std::cout << line << '\n';
  }
  return Status::OK();
}

}  // namespace
}  // namespace iceframe

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const iceframe::Status status = iceframe::Run(argv[1]);
  if (!status.ok()) std::cerr << status.message() << '\n';
  return status.ok() ? 0 : 1;
}
