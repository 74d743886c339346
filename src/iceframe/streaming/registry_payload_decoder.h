// SPDX-License-Identifier: Apache-2.0
// Payloads that name their schema in a registry.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/streaming/payload_decoder.h"
#include "iceframe/streaming/schema_registry.h"

namespace iceframe {

/// Makes what decodes bodies of a schema. Errors: InvalidData, Unsupported where the schema is none
/// that can be decoded.
using MakeBodyDecoder =
    std::function<Result<std::unique_ptr<PayloadDecoder>>(const RegisteredSchema& schema)>;

/// Hands each body to the decoder of its schema, which is asked for once.
///
/// An id that the registry doesn't know, or a schema that can't be decoded, is the message's fault;
/// a registry that doesn't answer is not: the error is the registry's.
class RegistryPayloadDecoder final : public PayloadDecoder {
 public:
  RegistryPayloadDecoder(std::shared_ptr<SchemaRegistry> registry, MakeBodyDecoder make)
      : registry_(std::move(registry)), make_(std::move(make)) {}

  Status Decode(std::string_view payload) override;
  void Widen(std::string_view payload, SchemaEvolution evolution,
             std::vector<NestedField>* fields) const override;

 private:
  Result<PayloadDecoder*> FindDecoder(int32_t schema_id);

  std::shared_ptr<SchemaRegistry> registry_;
  MakeBodyDecoder make_;
  std::unordered_map<int32_t, std::unique_ptr<PayloadDecoder>> decoders_;
};

}  // namespace iceframe
