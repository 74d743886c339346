// SPDX-License-Identifier: Apache-2.0
// The counters of all layers, joined.
#pragma once

#include <span>

#include "iceframe/runtime/operation_counters.h"

namespace iceframe {

/// Everything that operations count, layer by layer from below.
std::span<const OperationCount> AllCounters();

}  // namespace iceframe
