// SPDX-License-Identifier: Apache-2.0
#include "iceframe/runtime/batch_bytes.h"

#include "iceframe/runtime/runtime_settings.h"

namespace iceframe {

Result<int64_t> BatchBytes(const OperationContext& context) {
  return SettingsReader(kRuntimeSettings, context.settings.get()).Bytes("execution.batch_bytes");
}

}  // namespace iceframe
