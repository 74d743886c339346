// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "iceframe/types/civil_time.h"
#include "iceframe/types/type.h"

namespace iceframe::internal {

/// Returns the units a day of a date or timestamp type.
inline int64_t UnitsPerDay(const Type& type) {
  if (type.id() == TypeId::kDate) return 1;
  const bool nanos = type.id() == TypeId::kTimestampNs || type.id() == TypeId::kTimestamptzNs;
  return kMicrosPerDay * (nanos ? kNanosPerMicro : 1);
}

}  // namespace iceframe::internal
