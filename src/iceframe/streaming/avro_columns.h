// SPDX-License-Identifier: Apache-2.0
// Which columns a table must have to take the records of an Avro schema.
#pragma once

#include <optional>
#include <vector>

#include "iceframe/format/avro_schema.h"
#include "iceframe/streaming/schema_evolution.h"
#include "iceframe/types/type.h"

namespace iceframe {

/// Returns the one branch of a union beside null, or the schema itself; nullptr for other unions.
const AvroSchema* ValueSchema(const AvroSchema& schema);

/// Returns the type of a column that takes the schema's values; nullopt where there is none: null
/// alone, unions of several values, records that hold themselves or nothing.
std::optional<Type> TypeOfAvro(const AvroSchema& schema);

/// Adds the columns that `record` has beside `fields` and, if `evolution` allows it, widens those
/// that are too narrow for it, in structs too. New ones are optional and have id 0.
void AddColumnsOf(const AvroSchema& record, SchemaEvolution evolution,
                  std::vector<NestedField>* fields);

}  // namespace iceframe
