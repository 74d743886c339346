// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/sort_key.h"

#include <utility>

namespace iceframe {

std::string SortKey::ToString() const {
  std::string text = expression.ToString();
  if (expression.as<AliasNode>() != nullptr) text = "(" + text + ")";
  if (descending) text += " DESC";
  if (!nulls_last) text += " NULLS FIRST";
  return text;
}

SortKey Asc(Expression expression) { return {std::move(expression), false, true}; }
SortKey Desc(Expression expression) { return {std::move(expression), true, true}; }

SortKey NullsFirst(SortKey key) {
  key.nulls_last = false;
  return key;
}
SortKey NullsLast(SortKey key) {
  key.nulls_last = true;
  return key;
}

}  // namespace iceframe
