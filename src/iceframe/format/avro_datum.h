// SPDX-License-Identifier: Apache-2.0
// Values of any Avro schema as a small tree: for what is rare or small; hot paths read columns.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/format/avro_cursor.h"
#include "iceframe/format/avro_encoder.h"
#include "iceframe/format/avro_schema.h"

namespace iceframe {

/// One datum; which members count follows from its schema's kind.
struct AvroDatum {
  AvroKind kind = AvroKind::kNull;
  /// boolean (0 or 1), int, long, enum (the symbol's index), union (the branch's index).
  int64_t number = 0;
  /// float, double.
  double real = 0;
  /// bytes, string, fixed.
  std::string bytes;
  /// A record's values in the order of its fields, an array's items, a map's values, a union's
  /// one value.
  std::vector<AvroDatum> items;
  /// A map's keys, one per item.
  std::vector<std::string> keys;

  bool is_null() const { return kind == AvroKind::kNull; }
  /// The value itself where a union stands around it.
  const AvroDatum& value() const { return kind == AvroKind::kUnion ? items.front() : *this; }

  bool operator==(const AvroDatum&) const = default;
};

/// Reads one datum, taking the tree's nodes from `node_budget`: a tree is far bigger than its
/// bytes. Errors: InvalidData; ResourceExhausted when the budget is used up.
Result<AvroDatum> ReadAvroDatum(const AvroSchema& schema, AvroCursor* cursor, int64_t* node_budget);

/// Writes one datum. Errors: InvalidArgument if it doesn't fit the schema.
Status WriteAvroDatum(const AvroSchema& schema, const AvroDatum& datum, AvroEncoder* encoder);

}  // namespace iceframe
