// SPDX-License-Identifier: Apache-2.0
// A writer's Avro schema on the first line, then a message: what is taken makes sound columns, and
// the columns that the schema asks for take it as well.
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

#include <arrow/array.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>

#include "iceframe/streaming/message_decoder.h"

#include "schema_of_all_types.h"

namespace {

using namespace iceframe;  // NOLINT(google-build-using-namespace)

class OneSchema final : public SchemaRegistry {
 public:
  explicit OneSchema(std::string_view text) : text_(text) {}
  Result<RegisteredSchema> FindSchema(int32_t) override {
    return RegisteredSchema{RegisteredSchema::Kind::kAvro, text_};
  }

 private:
  std::string text_;
};

/// The columns that the message asks for, if there are some.
std::optional<std::vector<NestedField>> Decode(const std::shared_ptr<const Schema>& schema,
                                               const MessageDecoderOptions& options,
                                               const Message& message) {
  const auto decoder =
      MessageDecoder::Make(schema, options, arrow::default_memory_pool()).ValueOrDie();
  std::vector<RejectedMessage> rejected;
  const std::vector<Message> messages(3, message);
  const size_t num_taken = decoder->Append(messages, &rejected).ValueOrDie();
  const auto batch = decoder->Finish().ValueOrDie();
  if (!batch->ValidateFull().ok()) std::abort();
  if (!decoder->wanted_fields().empty()) return decoder->wanted_fields();
  if (num_taken != messages.size() || (!rejected.empty() && rejected.size() != num_taken)) {
    std::abort();
  }
  return std::nullopt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::shared_ptr<const Schema> kSchema = SchemaOfAllTypes();
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\n');
  if (end == std::string_view::npos) return 0;
  const std::string payload = std::string(5, '\0') + std::string(input.substr(end + 1));
  Message message;
  message.payload = payload;
  MessageDecoderOptions options = {.format = PayloadFormat::kRegistry,
                                   .registry = std::make_shared<OneSchema>(input.substr(0, end))};
  if (Decode(kSchema, options, message)) std::abort();
  options.evolution = SchemaEvolution::kWiden;
  if (const auto wanted = Decode(kSchema, options, message)) {
    const auto wider = Schema::Make(SchemaId(0), AssignFreshIds(*wanted));
    if (!wider.ok() || Decode(*wider, options, message)) std::abort();
  }
  return 0;
}
