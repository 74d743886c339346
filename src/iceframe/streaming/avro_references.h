// SPDX-License-Identifier: Apache-2.0
// Avro schemas that name types of other schemas, made whole.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "iceframe/base/result.h"

namespace iceframe {

/// Returns `schema` with the named types that it takes from `others` written out where it names
/// them first; what `others` take from one another, too. A schema of `others` is a record, an enum
/// or a fixed, whose name counts, and not what the registry calls it.
///
/// Errors: InvalidData for what is no JSON, for one of `others` that is of no named type, and where
/// more is nested than a schema may be.
Result<std::string> WithReferencedTypes(std::string_view schema,
                                        std::span<const std::string> others);

}  // namespace iceframe
