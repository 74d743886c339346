// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/snapshot.h"

namespace iceframe {

std::string Snapshot::operation() const {
  auto found = summary.find("operation");
  return found == summary.end() ? std::string() : found->second;
}

}  // namespace iceframe
