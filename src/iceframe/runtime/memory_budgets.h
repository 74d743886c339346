// SPDX-License-Identifier: Apache-2.0
// What concerns several memory budgets at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "iceframe/runtime/memory_manager.h"

namespace iceframe {

/// A node below both: what it reserves counts in each, and once in every node above them. For an
/// operation of a session that keeps to a limit of its own besides.
std::shared_ptr<MemoryBudget> MakeChildOfBoth(std::string name,
                                              const std::shared_ptr<MemoryBudget>& first,
                                              const std::shared_ptr<MemoryBudget>& second);

/// The node of the caches that belong to the process, since sessions share what they hold.
const std::shared_ptr<MemoryBudget>& CachesBudget();

/// Makes the limit of `budget`, which lies beside CachesBudget, hold for both together: a
/// reservation that finds too little room empties caches before it is refused. What `budget` says
/// that it uses remains its own.
void LeaveRoomForCaches(MemoryBudget* budget);

/// How much more can be reserved as things are, here and above, without anybody giving back;
/// nullopt: no limit.
std::optional<int64_t> RoomBytes(const MemoryBudget& budget);

}  // namespace iceframe
