// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/nested_type.h"

#include <utility>
#include <vector>

namespace iceframe {

namespace {

// Of types of the same form.
Type Merged(const Type& left, const Type& right) {
  if (left.is_primitive()) return left;
  std::vector<NestedField> fields = left.fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    const NestedField& other = right.fields()[i];
    fields[i].required = fields[i].required && other.required;
    fields[i].type = Merged(fields[i].type, other.type);
  }
  if (left.id() == TypeId::kStruct) return Type::Struct(std::move(fields));
  if (left.id() == TypeId::kList) return Type::List(std::move(fields[0]));
  return Type::Map(std::move(fields[0]), std::move(fields[1]));
}

}  // namespace

bool HasSameForm(const Type& left, const Type& right) {
  if (left.is_primitive() || right.is_primitive()) return left == right;
  if (left.id() != right.id() || left.fields().size() != right.fields().size()) return false;
  for (size_t i = 0; i < left.fields().size(); ++i) {
    const NestedField& a = left.fields()[i];
    const NestedField& b = right.fields()[i];
    if (a.name != b.name || !HasSameForm(a.type, b.type)) return false;
  }
  return true;
}

std::optional<Type> CommonNestedType(const Type& left, const Type& right) {
  if (!left.is_nested() || !HasSameForm(left, right)) return std::nullopt;
  return Merged(left, right);
}

}  // namespace iceframe
