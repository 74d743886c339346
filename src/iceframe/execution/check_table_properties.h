// SPDX-License-Identifier: Apache-2.0
// Whether a new table's properties can be meant, before anything relies on them.
#pragma once

#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/runtime/settings.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// Reads every write.*, commit.* and history.* property that has an effect here, and those of
/// `settings` that a table may set, as its reader will.
/// Names that are not known pass: they may be another engine's.
/// Errors: InvalidArgument naming the property, its value and what it may be; Unsupported for a
/// data file format that is not written.
Status CheckTableProperties(const Schema& schema, const Properties& properties,
                            SettingsList settings);

}  // namespace iceframe
