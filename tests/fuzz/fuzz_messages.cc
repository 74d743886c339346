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

namespace {

using namespace iceframe;  // NOLINT(google-build-using-namespace)

NestedField Optional(const char* name, Type type) {
  return NestedField::Optional(0, name, std::move(type));
}

std::shared_ptr<const Schema> AllTypes() {
  const Type place = Type::Struct(
      {NestedField::Required(0, "lat", Type::Double()), Optional("s", Type::String())});
  return Schema::Make(
             SchemaId(0),
             AssignFreshIds(
                 {Optional("b", Type::Boolean()), Optional("i", Type::Int()),
                  Optional("l", Type::Long()), Optional("f", Type::Float()),
                  Optional("d", Type::Double()), Optional("m", Type::Decimal(20, 4).ValueOrDie()),
                  Optional("day", Type::Date()), Optional("t", Type::Time()),
                  Optional("ts", Type::Timestamp()), Optional("tz", Type::TimestamptzNs()),
                  Optional("s", Type::String()), Optional("u", Type::Uuid()),
                  Optional("x", Type::Fixed(16).ValueOrDie()), Optional("y", Type::Binary()),
                  Optional("n", Type::Unknown()), Optional("p", place),
                  Optional("a", Type::List(Optional("", place))),
                  Optional("k", Type::Map(NestedField::Required(0, "", Type::String()),
                                          Optional("", Type::List(Optional("", Type::Int()))))),
                  Optional("q", Type::Map(NestedField::Required(0, "", Type::Double()),
                                          Optional("", Type::String())))}))
      .ValueOrDie();
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
  static const std::shared_ptr<const Schema> kSchema = AllTypes();
  auto together = MessageDecoder::Make(kSchema, {}, arrow::default_memory_pool()).ValueOrDie();
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::vector<Message> messages;
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    messages.emplace_back().payload = bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  }
  const Rows rows = Decode(together.get(), messages);
  for (size_t i = 0; i < messages.size(); ++i) {
    auto alone = MessageDecoder::Make(kSchema, {}, arrow::default_memory_pool()).ValueOrDie();
    if (Decode(alone.get(), {messages[i]}).front() != rows[i]) std::abort();
    if (rows[i]) CheckJson(*messages[i].payload);
  }
  return 0;
}
