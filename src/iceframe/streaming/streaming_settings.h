// SPDX-License-Identifier: Apache-2.0
// What can be set of streams.
#pragma once

#include "iceframe/runtime/settings.h"

namespace iceframe {

inline constexpr auto kStreamingSettings = std::to_array<SettingDefinition>({
    {"streaming.state_folder", SettingType::kString, "", 0, 0, false,
     "Where streaming writers keep rows until they are in their table; empty: "
     "$XDG_STATE_HOME/iceframe/streaming, or ~/.local/state/iceframe/streaming."},
});

}  // namespace iceframe
