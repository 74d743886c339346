// SPDX-License-Identifier: Apache-2.0
// What reads the payloads of one format.
#pragma once

#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/streaming/growing_column.h"
#include "iceframe/streaming/schema_evolution.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// Reads payloads into the columns of a row that it was made for.
class PayloadDecoder {
 public:
  virtual ~PayloadDecoder() = default;

  /// Appends one value to every column that has none in this row yet. On an error some have one:
  /// the caller cuts them back. Errors: InvalidData, SchemaMismatch where the payload is to blame;
  /// any other kind says nothing about it.
  virtual Status Decode(std::string_view payload) = 0;

  /// Adds to `fields`, which are a table's columns, what Decode refused `payload` for want of, as
  /// far as `evolution` allows; new ones have id 0. Leaves them as they are where nothing helps.
  virtual void Widen(std::string_view payload, SchemaEvolution evolution,
                     std::vector<NestedField>* fields) const = 0;
};

/// Ends a struct's value: children that have none get the write-default of their field, else null.
/// Errors: SchemaMismatch naming a required one.
Status CompleteStruct(const Schema& schema, GrowingColumn* column);

}  // namespace iceframe
