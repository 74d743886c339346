// SPDX-License-Identifier: Apache-2.0
// Avro schemas as a tree: any schema, with the properties that Iceberg adds to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/base/strong_id.h"

namespace iceframe {

enum class AvroKind : uint8_t {
  kNull,
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kBytes,
  kString,
  kFixed,
  kEnum,
  kRecord,
  kArray,
  kMap,
  kUnion,
};

struct AvroSchema;

struct AvroField {
  std::string name;
  /// Iceberg's `field-id`.
  std::optional<FieldId> field_id;
  const AvroSchema* type = nullptr;
};

/// One node. Nodes point at each other freely (named types may recurse) and are owned by their
/// AvroSchemaDocument.
struct AvroSchema {
  AvroKind kind = AvroKind::kNull;
  /// The full name of a record, enum or fixed.
  std::string name;
  std::string logical_type;
  /// decimal's.
  int32_t precision = 0;
  int32_t scale = 0;
  /// Iceberg's `adjust-to-utc` on timestamps.
  std::optional<bool> adjust_to_utc;
  /// fixed's length in bytes.
  int64_t size = 0;
  std::vector<AvroField> fields;
  std::vector<std::string> symbols;
  /// union's, in order.
  std::vector<const AvroSchema*> branches;
  /// array's items or map's values.
  const AvroSchema* items = nullptr;
  std::optional<FieldId> element_id, key_id, value_id;
  /// The least number of bytes that a datum takes.
  int64_t min_size = 0;
  /// True if every datum takes no byte at all.
  bool is_empty = false;
};

/// A parsed schema: immutable, shared.
class AvroSchemaDocument {
 public:
  /// Errors: InvalidData naming what is wrong with the schema.
  static Result<std::shared_ptr<const AvroSchemaDocument>> Parse(std::string_view text);

  const AvroSchema& root() const { return *root_; }

 private:
  friend class AvroSchemaParser;
  AvroSchemaDocument() = default;

  std::deque<AvroSchema> nodes_;
  const AvroSchema* root_ = nullptr;
};

std::string_view ToString(AvroKind kind);

/// Makes any name one that Avro takes: other characters become `_x` and their code in hex, a digit
/// in front gets `_` before it.
std::string SanitizeAvroName(std::string_view name);

}  // namespace iceframe
