// SPDX-License-Identifier: Apache-2.0
// The leaves that metadata can say something about: one column against constants.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "iceframe/expression/expression.h"
#include "iceframe/types/type.h"
#include "iceframe/types/value.h"

namespace iceframe::internal {

/// A bound boolean expression about one column alone, in one of a few shapes.
///
/// Points into the expression it was made from, which must outlive it.
struct ColumnPredicate {
  enum class Kind : uint8_t { kCompare, kIn, kIsNull, kIsNaN, kStartsWith, kLike };
  Kind kind = Kind::kCompare;
  const ColumnNode* column = nullptr;
  /// The column's type.
  Type type;
  /// kCompare: column op literal; the literal is not null.
  ComparisonOp op = ComparisonOp::kEqual;
  Value literal;
  /// kIn: sorted by CompareValues.
  const std::vector<Value>* values = nullptr;
  /// kStartsWith: the prefix; kLike: what every match starts with (perhaps nothing).
  std::string prefix;
  const LikeNode* like = nullptr;
  /// All kinds but kCompare.
  bool negated = false;

  /// The predicate that is true where this one is false, and null where this one is.
  ColumnPredicate Negated() const;
};

/// Returns the leaf as a column predicate; nullopt for anything else, constants among it.
std::optional<ColumnPredicate> AsColumnPredicate(const Expression& expression);

/// Returns whether the expression is a constant, and which: true, or one that is never true.
std::optional<bool> AsConstant(const Expression& expression);

/// Appends the operands of an AND (or OR), those of directly nested ones of its kind in their
/// place, without recursion: a chain of any length comes out flat.
template <typename Node>
std::vector<const Expression*> FlatOperands(const Expression& expression) {
  std::vector<const Expression*> flat;
  std::vector<const Expression*> pending = {&expression};
  while (!pending.empty()) {
    const Expression* next = pending.back();
    pending.pop_back();
    if (next->as<Node>() == nullptr) {
      flat.push_back(next);
      continue;
    }
    const auto& operands = next->operands();
    for (auto it = operands.rbegin(); it != operands.rend(); ++it) pending.push_back(&*it);
  }
  return flat;
}

/// Trees nested deeper than this (after flattening) are taken as unknown, which is always right.
inline constexpr int kMaxDepth = 256;

}  // namespace iceframe::internal
