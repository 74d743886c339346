// SPDX-License-Identifier: Apache-2.0
// What can be set of catalogs and the metadata files they read.
#pragma once

#include "iceframe/runtime/settings.h"

namespace iceframe {

inline constexpr auto kCatalogSettings = std::to_array<SettingDefinition>({
    {"catalog.lock_timeout", SettingType::kDuration, "60s", 0, kMaxSettingMs, false,
     "How long to wait for the write lock of an SQL catalog; an operation's deadline ends it "
     "earlier."},
    {"catalog.reconnect_timeout", SettingType::kDuration, "30s", 0, kMaxSettingMs, false,
     "How long a catalog's database server that was there and is away, as while it restarts, is "
     "asked again."},
    {"metadata.max_size", SettingType::kBytes, "256MiB", int64_t{1} << 20, int64_t{1} << 30, false,
     "The largest metadata file that is read, after inflating."},
});

}  // namespace iceframe
