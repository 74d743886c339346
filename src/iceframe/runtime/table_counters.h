// SPDX-License-Identifier: Apache-2.0
// What of an operation's counts is of which table.
#pragma once

#include <string>

#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// Says that the context's counters are of that table, by its full name: counters of a part of an
/// operation, which are told to the operation's own. They are read when the operation ends.
void NoteTableCounters(const OperationContext& context, std::string table);

}  // namespace iceframe
