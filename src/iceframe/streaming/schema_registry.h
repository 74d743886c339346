// SPDX-License-Identifier: Apache-2.0
// Where the schemas of payloads are kept, and how payloads name them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "iceframe/base/result.h"

namespace iceframe {

struct RegisteredSchema {
  enum class Kind : uint8_t { kAvro, kJson, kProtobuf };
  Kind kind = Kind::kAvro;
  std::string text;
};

/// A schema registry. What an id stands for never changes: implementations may keep answers.
class SchemaRegistry {
 public:
  virtual ~SchemaRegistry() = default;

  /// Returns the schema of that id. Errors: NotFound; Unavailable and Timeout where the registry
  /// doesn't answer, which says nothing about the message.
  virtual Result<RegisteredSchema> FindSchema(int32_t id) = 0;
};

/// A payload in the wire format of schema registries: a zero byte, the schema's id in four bytes,
/// big-endian, then the body.
struct RegisteredPayload {
  int32_t schema_id = 0;
  std::string_view body;
};

/// Errors: InvalidData where it is no such payload.
Result<RegisteredPayload> ParseRegisteredPayload(std::string_view payload);

}  // namespace iceframe
