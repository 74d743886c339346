// SPDX-License-Identifier: Apache-2.0
// The functions that text and builders may call: arguments, result types. docs/expressions.md.
#pragma once

#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"

namespace iceframe {

/// The functions after binding; closed: evaluation switches over it.
enum class FunctionId : uint8_t {
  kAbs,
  kCeil,
  kCoalesce,
  kConcat,
  kConcatOperator,
  kContains,
  kDateTrunc,
  kDay,
  kEndsWith,
  kFloor,
  kGreatest,
  kHour,
  kLeast,
  kLeftTrim,
  kLength,
  kLower,
  kMinute,
  kMonth,
  kNegate,
  kOctetLength,
  kRightTrim,
  kRound,
  kSecond,
  kStartsWith,
  kSubstring,
  kTrim,
  kUpper,
  kYear,
};

struct FunctionEntry {
  std::string_view name;
  FunctionId id;
  size_t min_arguments;
  size_t max_arguments;
  bool is_alias = false;
};

/// Returns the entry of a function by its lower-case name or alias, or nullptr.
const FunctionEntry* FindFunction(std::string_view name);

/// Whether it gives the same for the same arguments, whenever it is called.
bool IsDeterministic(FunctionId id);

/// Returns the bound call: arguments cast to what the function takes, the result's type known.
/// Errors: InvalidArgument naming the function and the number or types of its arguments.
Result<Expression> BindFunction(const FunctionEntry& function, std::vector<Expression> arguments);

/// Returns `operand` as `target`: itself, a converted literal, or a cast that may fail at run time.
/// Errors: InvalidArgument naming both types where there is no such cast.
Result<Expression> CastTo(Expression operand, const Type& target);
/// Returns the type that bound values of one result come to, nulls without a type aside (unknown if
/// there are only such). Errors: InvalidArgument naming two types that do not meet.
Result<Type> CommonType(const std::vector<Expression>& values);
/// Whether values of `from` may be cast at all.
bool IsCastAllowed(const Type& from, const Type& to);

/// The names of all functions, sorted.
std::vector<std::string_view> FunctionNames();

}  // namespace iceframe
