// SPDX-License-Identifier: Apache-2.0
// What is left to check of a filter once a file's partition is known. Spec: "Scan Planning".
#pragma once

#include <memory>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/format/partition_spec.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// Takes out of a row filter what a partition tuple of one spec proves or rules out.
///
/// Each leaf is projected once, so Residual costs an evaluation per leaf. Immutable; thread-safe.
class ResidualEvaluator {
 public:
  /// `filter` is bound to `schema` and simplified.
  static Result<ResidualEvaluator> Make(Expression filter, const PartitionSpec& spec,
                                        const Schema& schema);

  /// A filter that keeps the same rows of files in that partition; the literal true if it keeps
  /// all of them, false if none.
  Expression Residual(const std::vector<Value>& partition) const;

 private:
  struct Node;
  ResidualEvaluator() = default;

  Type partition_type_;
  std::shared_ptr<const Node> root_;
};

}  // namespace iceframe
