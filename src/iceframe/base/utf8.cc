// SPDX-License-Identifier: Apache-2.0
#include "iceframe/base/utf8.h"

#include <arrow/util/utf8.h>

namespace iceframe {

bool IsUtf8(std::string_view text) {
  // Arrow's tables are empty until then; without them every text would pass.
  static const bool kReady = [] {
    arrow::util::InitializeUTF8();
    return true;
  }();
  return kReady && arrow::util::ValidateUTF8(text);
}

}  // namespace iceframe
