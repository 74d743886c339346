// SPDX-License-Identifier: Apache-2.0
// What can be set of threads, memory and batches.
#pragma once

#include <limits>

#include "iceframe/runtime/settings.h"

namespace iceframe {

inline constexpr auto kRuntimeSettings = std::to_array<SettingDefinition>({
    {"execution.batch_bytes", SettingType::kBytes, "256MiB", 1, int64_t{1} << 30, false,
     "The most text, or list elements, that a column has in one batch of a result or a write; a "
     "single row may have more."},
    {"executor.num_io_threads", SettingType::kInteger, "32", 1, 1024, false,
     "Threads that wait for files and services; the process's, one number for all sessions."},
    {"executor.num_threads", SettingType::kInteger, "0", 0, 1024, false,
     "Threads for computing, 0: as many as there are cores; the process's, one number for all "
     "sessions."},
    {"memory.limit", SettingType::kBytes, "0", 0, std::numeric_limits<int64_t>::max(), false,
     "The most memory that a session's operations hold at once, with what they handed out; 0: no "
     "limit."},
});

}  // namespace iceframe
