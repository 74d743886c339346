// SPDX-License-Identifier: Apache-2.0
// A column by its name, or an error that says which one may be meant.
#pragma once

#include <string>

#include "iceframe/base/result.h"
#include "iceframe/types/schema.h"

namespace iceframe::internal {

/// Returns the column of that full name. Errors: InvalidArgument with the nearest known name.
Result<const NestedField*> FindColumn(const Schema& schema, const std::string& name);

}  // namespace iceframe::internal
