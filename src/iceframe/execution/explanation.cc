// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/explanation.h"

#include <iomanip>
#include <iterator>
#include <sstream>
#include <utility>

namespace iceframe {

std::string ByteText(int64_t num_bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(num_bytes);
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
  std::ostringstream text;
  text << std::fixed << std::setprecision(unit == 0 ? 0 : 1) << value << ' ' << kUnits[unit];
  return std::move(text).str();
}

}  // namespace iceframe
