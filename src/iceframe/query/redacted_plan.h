// SPDX-License-Identifier: Apache-2.0
// Plans for logs and traces, which must not hold the values that people ask for.
#pragma once

#include <string>

#include "iceframe/query/logical_plan.h"

namespace iceframe {

/// As ToString, with "?" for literals and limits (expression/redacted_text.h): plans that differ in
/// nothing else look the same.
std::string RedactedText(const PlanPtr& plan);

}  // namespace iceframe
