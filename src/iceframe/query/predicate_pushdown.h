// SPDX-License-Identifier: Apache-2.0
// Which predicates partitions and statistics can answer, and how the others could be written.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "iceframe/expression/expression.h"

namespace iceframe {

/// What becomes of one predicate of a filter before rows are read.
struct PredicatePushdown {
  Expression predicate;
  /// Whether partitions and statistics are asked; otherwise every row is.
  bool is_pushed = false;
  /// Why not; empty if it is pushed.
  std::string reason;
  /// An unbound predicate that keeps the same rows and is pushed.
  std::optional<Expression> rewrite;
};

/// Returns what becomes of each predicate of an unbound filter, those joined by AND apart.
///
/// A rewrite holds for all rows for which the predicate can be computed: `id + 1 > 10` fails for
/// the greatest long, `id > 9` does not.
std::vector<PredicatePushdown> DescribePushdown(const Expression& filter);

/// The columns of what is compared with constants anywhere in the filter, each once.
std::vector<std::string> ComparedColumns(const Expression& filter);

}  // namespace iceframe
