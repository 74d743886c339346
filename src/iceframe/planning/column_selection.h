// SPDX-License-Identifier: Apache-2.0
// The columns a user asks for, as a schema.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// Returns the schema less what is not named, top-level columns in the order of their first
/// mention. A dotted name ("a.b") keeps that part of its column.
/// Errors: InvalidArgument for a name that is unknown (with the nearest one), ambiguous or given
/// twice.
Result<std::shared_ptr<const Schema>> SelectColumns(const Schema& schema,
                                                    const std::vector<std::string>& names,
                                                    bool case_sensitive = true);

}  // namespace iceframe
