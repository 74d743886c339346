// SPDX-License-Identifier: Apache-2.0
// Pointers in memory.
#pragma once

#include <memory>

#include "iceframe/catalog/pointer_store_internal.h"

namespace iceframe {

/// Makes an empty store that goes with its process; after fork() the child goes on with a copy.
///
/// One transaction at a time (writer_lock_internal.h).
std::unique_ptr<PointerStore> MakeMemoryPointerStore();

}  // namespace iceframe
