// SPDX-License-Identifier: Apache-2.0
// Which rows of a table, or of a file, a read wants.
#pragma once

#include <cstdint>
#include <optional>

#include "iceframe/expression/expression.h"

namespace iceframe {

struct RowRequest {
  /// Only rows for which it is true; true by default. By name as users write it, bound to field ids
  /// from where the columns are known.
  Expression filter;
  /// Whether names must match a schema's case, in lists of columns too.
  bool case_sensitive = true;
  /// The first so many of them.
  std::optional<int64_t> limit;
};

}  // namespace iceframe
