// SPDX-License-Identifier: Apache-2.0
// Single values of every type (the first byte chooses it), binary and as JSON: what reads must
// write and read alike, and has a text.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "iceframe/base/json.h"
#include "iceframe/types/single_value.h"

namespace iceframe {
namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

Type SampleStruct() {
  return Type::Struct({NestedField::Required(1, "a", Type::Int()),
                       NestedField::Optional(2, "b", Type::Timestamptz()),
                       NestedField::Optional(3, "c", *Type::Decimal(9, 2))});
}

const std::vector<Type>& SampleTypes() {
  static const std::vector<Type> types = {
      Type::Boolean(),
      Type::Int(),
      Type::Long(),
      Type::Float(),
      Type::Double(),
      Type::Date(),
      Type::Time(),
      Type::Timestamp(),
      Type::Timestamptz(),
      Type::TimestampNs(),
      Type::TimestamptzNs(),
      Type::String(),
      Type::Uuid(),
      *Type::Fixed(5),
      Type::Binary(),
      *Type::Decimal(9, 2),
      *Type::Decimal(38, 10),
      Type::Unknown(),
      Type::Variant(),
      Type::Geometry(),
      SampleStruct(),
      Type::List(NestedField::Optional(4, "element", SampleStruct())),
      Type::Map(NestedField::Required(5, "key", Type::String()),
                NestedField::Optional(6, "value", Type::Double())),
  };
  return types;
}

void CheckBytes(const Type& type, std::string_view bytes) {
  const auto value = FromSingleValueBytes(type, bytes);
  if (!value.ok()) return;
  (void)ToString(type, *value);
  const auto written = ToSingleValueBytes(type, *value);
  Check(written.ok());
  const auto again = FromSingleValueBytes(type, *written);
  Check(again.ok() && *again == *value && *ToSingleValueBytes(type, *again) == *written);
}

void CheckJson(const Type& type, std::string_view text) {
  const auto json = Json::Parse(text);
  if (!json.ok()) return;
  const auto value = FromSingleValueJson(type, *json);
  if (!value.ok()) return;
  (void)ToString(type, *value);
  const auto written = ToSingleValueJson(type, *value);
  Check(written.ok());
  const auto again = FromSingleValueJson(type, *written);
  Check(again.ok() && *again == *value && *ToSingleValueJson(type, *again) == *written);
}

}  // namespace
}  // namespace iceframe

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto& types = iceframe::SampleTypes();
  const iceframe::Type& type = types[data[0] % types.size()];
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  iceframe::CheckBytes(type, rest);
  iceframe::CheckJson(type, rest);
  return 0;
}
