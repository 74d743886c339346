// SPDX-License-Identifier: Apache-2.0
// The settings of all layers, joined; docs/settings.md is checked against them.
#pragma once

#include "iceframe/runtime/settings.h"

namespace iceframe {

/// Every setting there is, sorted by name.
SettingsList AllSettings();

}  // namespace iceframe
