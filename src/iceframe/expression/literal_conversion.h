// SPDX-License-Identifier: Apache-2.0
// Where a literal of one type stands among the values of another.
#pragma once

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/expression/literal_text.h"

namespace iceframe {

/// Where a literal stands among the values of a column's type.
enum class LiteralPlace : uint8_t {
  /// It is one of them.
  kExact,
  /// It lies between two of them: `value` is the one below.
  kBetween,
  /// It lies below, or above, all of them.
  kBelowAll,
  kAboveAll,
  /// The two compare only after the column is cast (decimal column, double literal).
  kNeedsCast,
};
struct PlacedLiteral {
  LiteralPlace place = LiteralPlace::kExact;
  Value value;
};

/// Returns where a non-null literal stands among the values of `target`.
///
/// A number against a float or double becomes the nearest one: `f = 0.1` finds the float nearest to
/// 0.1 however the literal is written. Zeros lose their sign, NaNs become one.
/// Errors: InvalidArgument where the types never compare (naming both) or the text does not parse.
Result<PlacedLiteral> PlaceLiteral(const Type& target, const TypedValue& literal);

/// As PlaceLiteral, for a constant whose type was asked for (a cast): a double against a float is
/// placed exactly, so that the two compare as doubles.
Result<PlacedLiteral> PlaceTypedConstant(const Type& target, const TypedValue& constant);

/// Returns the type in which values of both types compare, or InvalidArgument naming both.
Result<Type> ComparisonType(const Type& left, const Type& right);

/// Returns the operator of the comparison with sides changed: a < b is b > a.
ComparisonOp Mirrored(ComparisonOp op);
/// Returns the operator that is true where `op` is false.
ComparisonOp Inverse(ComparisonOp op);

/// A float or double with one zero and one NaN; other values as they are.
Value WithoutSignedZero(const Type& type, Value value);

bool IsNumeric(const Type& type);
bool IsZoned(const Type& type);

}  // namespace iceframe
