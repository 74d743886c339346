// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/process_memory.h"

#include <unistd.h>

#include <fstream>

namespace iceframe {

Result<int64_t> ResidentBytes() {
  // All pages, then the resident ones.
  std::ifstream file("/proc/self/statm");
  int64_t num_pages = 0;
  int64_t num_resident = 0;
  if (!(file >> num_pages >> num_resident)) {
    return Error(ErrorKind::kUnsupported,
                 "this system has no /proc/self/statm to read memory from");
  }
  return num_resident * int64_t{sysconf(_SC_PAGESIZE)};
}

}  // namespace iceframe
