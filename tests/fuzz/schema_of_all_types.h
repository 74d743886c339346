// SPDX-License-Identifier: Apache-2.0
// A table with a column of every type that messages can fill.
#pragma once

#include <memory>
#include <utility>

#include "iceframe/types/schema.h"

namespace iceframe {

inline NestedField OptionalField(const char* name, Type type) {
  return NestedField::Optional(0, name, std::move(type));
}

inline std::shared_ptr<const Schema> SchemaOfAllTypes() {
  const Type place = Type::Struct(
      {NestedField::Required(0, "lat", Type::Double()), OptionalField("s", Type::String())});
  return Schema::Make(
             SchemaId(0),
             AssignFreshIds(
                 {OptionalField("b", Type::Boolean()), OptionalField("i", Type::Int()),
                  OptionalField("l", Type::Long()), OptionalField("f", Type::Float()),
                  OptionalField("d", Type::Double()),
                  OptionalField("m", Type::Decimal(20, 4).ValueOrDie()),
                  OptionalField("day", Type::Date()), OptionalField("t", Type::Time()),
                  OptionalField("ts", Type::Timestamp()),
                  OptionalField("tz", Type::TimestamptzNs()), OptionalField("s", Type::String()),
                  OptionalField("u", Type::Uuid()),
                  OptionalField("x", Type::Fixed(16).ValueOrDie()),
                  OptionalField("y", Type::Binary()), OptionalField("n", Type::Unknown()),
                  OptionalField("p", place),
                  OptionalField("a", Type::List(OptionalField("", place))),
                  OptionalField("k", Type::Map(NestedField::Required(0, "", Type::String()),
                                               OptionalField("", Type::List(OptionalField(
                                                                     "", Type::Int()))))),
                  OptionalField("q", Type::Map(NestedField::Required(0, "", Type::Double()),
                                               OptionalField("", Type::String())))}))
      .ValueOrDie();
}

}  // namespace iceframe
