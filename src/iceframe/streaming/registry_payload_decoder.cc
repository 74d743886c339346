// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/registry_payload_decoder.h"

#include <utility>

namespace iceframe {
namespace {

constexpr char kMagic = '\0';
constexpr size_t kPrefixBytes = 5;
/// More schemas than any topic has: beyond that, they are asked for again.
constexpr size_t kMaxDecoders = 1'000;

}  // namespace

Result<RegisteredPayload> ParseRegisteredPayload(std::string_view payload) {
  if (payload.size() < kPrefixBytes || payload.front() != kMagic) {
    return Error(ErrorKind::kInvalidData,
                 "the payload doesn't begin with a zero byte and the id of a registered schema");
  }
  RegisteredPayload parsed;
  uint32_t id = 0;
  for (size_t i = 1; i < kPrefixBytes; ++i) {
    id = id << 8 | static_cast<unsigned char>(payload[i]);
  }
  parsed.schema_id = static_cast<int32_t>(id);
  parsed.body = payload.substr(kPrefixBytes);
  return parsed;
}

namespace {

Status CannotDecode(int32_t schema_id, const Status& reason) {
  return Error(ErrorKind::kInvalidData, "the registered schema can't be decoded: ", schema_id, ": ",
               reason.message());
}

}  // namespace

Result<PayloadDecoder*> RegistryPayloadDecoder::FindDecoder(int32_t schema_id) {
  const auto found = decoders_.find(schema_id);
  if (found != decoders_.end()) return found->second.get();
  const Result<RegisteredSchema> schema = registry_->FindSchema(schema_id);
  if (!schema.ok()) {
    const ErrorKind kind = KindOf(schema.status());
    if (kind == ErrorKind::kUnsupported || kind == ErrorKind::kInvalidData) {
      return CannotDecode(schema_id, schema.status());
    }
    if (kind != ErrorKind::kNotFound) return schema.status();
    return Error(ErrorKind::kInvalidData, "the registry has no schema of that id: ", schema_id);
  }
  Result<std::unique_ptr<PayloadDecoder>> decoder = make_(*schema);
  if (!decoder.ok()) {
    const ErrorKind kind = KindOf(decoder.status());
    if (kind != ErrorKind::kUnsupported && kind != ErrorKind::kInvalidData) {
      return decoder.status();
    }
    return CannotDecode(schema_id, decoder.status());
  }
  if (decoders_.size() >= kMaxDecoders) decoders_.clear();
  return (decoders_[schema_id] = std::move(*decoder)).get();
}

Status RegistryPayloadDecoder::Decode(std::string_view payload) {
  ICEFRAME_ASSIGN_OR_RETURN(const RegisteredPayload parsed, ParseRegisteredPayload(payload));
  ICEFRAME_ASSIGN_OR_RETURN(PayloadDecoder * decoder, FindDecoder(parsed.schema_id));
  return decoder->Decode(parsed.body);
}

void RegistryPayloadDecoder::Widen(std::string_view payload, SchemaEvolution evolution,
                                   std::vector<NestedField>* fields) const {
  const Result<RegisteredPayload> parsed = ParseRegisteredPayload(payload);
  if (!parsed.ok()) return;
  const auto found = decoders_.find(parsed->schema_id);
  if (found != decoders_.end()) found->second->Widen(parsed->body, evolution, fields);
}

}  // namespace iceframe
