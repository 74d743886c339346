// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/process_memory.h"

#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace iceframe {
namespace {

TEST(ProcessMemory, ResidentBytesGrowWithWhatIsTouched) {
  constexpr size_t kBytes = 64 << 20;
  const int64_t before = ResidentBytes().ValueOrDie();
  std::vector<char> touched(kBytes, 1);
  const int64_t after = ResidentBytes().ValueOrDie();
  EXPECT_GT(before, 1 << 20);
  EXPECT_GT(after - before, int64_t{kBytes} / 2) << touched[kBytes / 2];
}

}  // namespace
}  // namespace iceframe
