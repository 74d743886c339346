// SPDX-License-Identifier: Apache-2.0
// Telling threads apart by numbers that no two threads of a process ever have.
#pragma once

#include <cstdint>

namespace iceframe {

/// The number of the calling thread, from 1; the system's ids are used again, these are not.
int64_t ThisThreadNumber();

}  // namespace iceframe
