// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/table_counters.h"

#include <utility>

#include "iceframe/runtime/operation_state_internal.h"

namespace iceframe {

void NoteTableCounters(const OperationContext& context, std::string table) {
  if (context.operation == nullptr) return;
  context.operation->NoteTableCounters(std::move(table), context.counters);
}

}  // namespace iceframe
