// SPDX-License-Identifier: Apache-2.0
// Single-value serialization. Spec: Appendix D, binary and JSON.
#pragma once

#include <string>
#include <string_view>

#include "iceframe/base/json.h"
#include "iceframe/base/result.h"
#include "iceframe/types/type.h"
#include "iceframe/types/value.h"

namespace iceframe {

/// Serializes a non-null value of a primitive type. Errors: InvalidArgument.
Result<std::string> ToSingleValueBytes(const Type& type, const Value& value);

/// Reads a value of `type`; bytes of a narrower type that was promoted since (4-byte int for
/// long or double from float, 4-byte date for timestamp with the unit converted, a decimal of any
/// smaller precision) are widened. Errors: InvalidData naming type and length.
Result<Value> FromSingleValueBytes(const Type& type, std::string_view bytes);

/// Spec: Appendix D, "JSON single-value serialization"; nested types too. A struct's null fields
/// are left out and read as null where they are absent; NaN and the infinities are strings.
/// Errors: InvalidArgument for a value that is not of the type and for unknown, variant and geo
/// types (To); InvalidMetadata naming type and text (From).
Result<Json> ToSingleValueJson(const Type& type, const Value& value);
Result<Value> FromSingleValueJson(const Type& type, const Json& json);

}  // namespace iceframe
