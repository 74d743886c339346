// SPDX-License-Identifier: Apache-2.0
// JSON messages, one a line: what is taken is JSON, makes sound columns, and makes the same row
// whatever stands before it.
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <arrow/array.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>

#include "iceframe/base/json.h"
#include "iceframe/streaming/message_decoder.h"
#include "iceframe/types/row_text.h"

#include "schema_of_all_types.h"

namespace {

using namespace iceframe;  // NOLINT(google-build-using-namespace)

std::unique_ptr<MessageDecoder> MakeDecoder() {
  return MessageDecoder::Make(SchemaOfAllTypes(), {}, arrow::default_memory_pool()).ValueOrDie();
}

using Rows = std::vector<std::optional<std::string>>;

Rows Decode(MessageDecoder* decoder, const std::vector<Message>& messages) {
  std::vector<RejectedMessage> rejected;
  if (decoder->Append(messages, &rejected).ValueOrDie() != messages.size()) std::abort();
  const auto batch = decoder->Finish().ValueOrDie();
  if (!batch->ValidateFull().ok()) std::abort();
  Rows rows(messages.size());
  size_t next = 0;
  int64_t row = 0;
  for (size_t i = 0; i < messages.size(); ++i) {
    if (next < rejected.size() && rejected[next].index == i) {
      ++next;
    } else {
      AppendJsonRow(*batch, row++, &rows[i].emplace());
    }
  }
  if (row != batch->num_rows()) std::abort();
  return rows;
}

void CheckJson(std::string_view payload) {
  const Status status = Json::Parse(payload).status();
  // Keys that are passed over may come twice.
  const bool repeated = status.message().find("duplicate key") != std::string::npos;
  if (!status.ok() && !repeated) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto kTogether = MakeDecoder();
  static const auto kAlone = MakeDecoder();
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::vector<Message> messages;
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    messages.emplace_back().payload = bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  }
  const Rows rows = Decode(kTogether.get(), messages);
  for (size_t i = 0; i < messages.size(); ++i) {
    if (Decode(kAlone.get(), {messages[i]}).front() != rows[i]) std::abort();
    if (rows[i]) CheckJson(*messages[i].payload);
  }
  return 0;
}
