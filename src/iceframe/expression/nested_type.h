// SPDX-License-Identifier: Apache-2.0
// Structs, lists and maps whose values may stand in one column.
#pragma once

#include <optional>

#include "iceframe/types/type.h"

namespace iceframe {

/// Whether nested types differ at most in ids, docs, defaults and what is required.
bool HasSameForm(const Type& left, const Type& right);
/// The type that values of both have: ids of the left one, required what is so in both; nullopt if
/// their forms differ.
std::optional<Type> CommonNestedType(const Type& left, const Type& right);

}  // namespace iceframe
