// SPDX-License-Identifier: Apache-2.0
// Which columns a table must have to take a JSON object.
#pragma once

#include <optional>
#include <vector>

#include "iceframe/base/json.h"
#include "iceframe/streaming/schema_evolution.h"
#include "iceframe/types/type.h"

namespace iceframe {

/// Returns the type of a column that takes the value: boolean, long, double, string, struct, list;
/// nullopt where the value does not tell (null, an empty array or object, or what holds only such)
/// or where no column takes it (an array of numbers and texts, an integer beyond long).
std::optional<Type> TypeOfJson(const Json& value);

/// Adds the columns that `object` has beside `fields` and, if `evolution` allows it, widens those
/// that are too narrow for it, at every depth. A column that can't take its value stays as it is.
/// Columns with id 0 are new: an integer one becomes double where a value has a fraction.
void AddColumnsOf(const Json& object, SchemaEvolution evolution, std::vector<NestedField>* fields);

}  // namespace iceframe
