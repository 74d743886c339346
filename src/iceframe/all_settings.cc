// SPDX-License-Identifier: Apache-2.0
#include "iceframe/all_settings.h"

#include "iceframe/catalog/catalog_settings.h"
#include "iceframe/runtime/runtime_settings.h"
#include "iceframe/streaming/streaming_settings.h"
#include "iceframe/table/commit_settings.h"

namespace iceframe {

SettingsList AllSettings() {
  static constexpr auto kSettings =
      JoinSettings(kRuntimeSettings, kCatalogSettings, kCommitSettings, kStreamingSettings);
  return kSettings;
}

}  // namespace iceframe
