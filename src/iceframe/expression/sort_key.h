// SPDX-License-Identifier: Apache-2.0
// What rows are sorted by: an expression, its direction, where nulls go.
#pragma once

#include <string>

#include "iceframe/expression/expression.h"

namespace iceframe {

/// One key of an order. Nulls come last in either direction unless `nulls_last` is false; NaN comes
/// after every number when ascending.
struct SortKey {
  Expression expression;
  bool descending = false;
  bool nulls_last = true;

  /// `name DESC NULLS FIRST`; ParseSortKey (parse_expression.h) reads it back.
  std::string ToString() const;
  bool operator==(const SortKey&) const = default;
};

SortKey Asc(Expression expression);
SortKey Desc(Expression expression);
/// The same key with nulls before, or after, everything else.
SortKey NullsFirst(SortKey key);
SortKey NullsLast(SortKey key);

}  // namespace iceframe
