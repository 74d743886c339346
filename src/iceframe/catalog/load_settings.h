// SPDX-License-Identifier: Apache-2.0
// The settings of a process: arguments, environment variables and the settings file.
#pragma once

#include <memory>

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/catalog/catalog_config.h"
#include "iceframe/runtime/log_sink.h"
#include "iceframe/runtime/settings.h"

namespace iceframe {

/// Returns those of `settings` that something sets: `arguments` over the variables ICEFRAME_… over
/// the YAML file that $ICEFRAME_CONFIG names, else ~/.iceframe.yaml. Of variables that look like a
/// setting's and are none's `log` (may be nullptr) is warned, once in a process for each.
/// Errors: InvalidArgument naming the file or the setting; Io.
Result<std::shared_ptr<const Properties>> LoadSettings(SettingsList settings,
                                                       const Properties& arguments,
                                                       const CatalogConfigSources& process,
                                                       LogSink* log);

}  // namespace iceframe
