// SPDX-License-Identifier: Apache-2.0
// What can be set of commits, for a session or by a table's properties.
#pragma once

#include "iceframe/runtime/settings.h"

namespace iceframe {

inline constexpr auto kCommitSettings = std::to_array<SettingDefinition>({
    {"commit.retry.max-wait-ms", SettingType::kDuration, "60000", 0, kMaxSettingMs, true,
     "The longest wait between two attempts of a commit."},
    {"commit.retry.min-wait-ms", SettingType::kDuration, "100", 0, kMaxSettingMs, true,
     "The first wait between two attempts of a commit; it doubles with each."},
    {"commit.retry.num-retries", SettingType::kInteger, "4", 0, 1'000'000, true,
     "How often a commit that met another writer is tried again."},
    {"commit.retry.total-timeout-ms", SettingType::kDuration, "1800000", 0, kMaxSettingMs, true,
     "When to stop trying a commit again."},
    {"commit.status-check.max-wait-ms", SettingType::kDuration, "60000", 0, kMaxSettingMs, true,
     "The longest wait between two looks for a commit whose outcome is unknown."},
    {"commit.status-check.min-wait-ms", SettingType::kDuration, "1000", 0, kMaxSettingMs, true,
     "The first wait between two looks for a commit whose outcome is unknown."},
    {"commit.status-check.num-retries", SettingType::kInteger, "3", 0, 1'000'000, true,
     "How often to look for a commit whose outcome is unknown."},
});

}  // namespace iceframe
