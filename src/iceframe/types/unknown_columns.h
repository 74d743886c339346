// SPDX-License-Identifier: Apache-2.0
// The error for data with columns that its table does not have.
#pragma once

#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/types/type.h"

namespace iceframe {

/// Where the columns are: fields of the struct `prefix` (with its dot) or, empty, of the table;
/// `row` as in " in row 3", or empty.
struct UnknownColumnsPlace {
  std::string prefix;
  std::string row;
};

/// Returns a SchemaMismatch that names the unknown columns, those that they may have been meant
/// for, and what to do.
Status UnknownColumns(const std::vector<std::string>& names, const std::vector<NestedField>& known,
                      const UnknownColumnsPlace& place);

}  // namespace iceframe
