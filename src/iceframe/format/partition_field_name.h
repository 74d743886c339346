// SPDX-License-Identifier: Apache-2.0
// What a partition field is called where its maker does not say.
#pragma once

#include <string>

#include "iceframe/types/transform.h"

namespace iceframe {

/// As the reference implementation names fields: "city", "ts_day", "id_bucket", "name_trunc".
std::string DefaultPartitionFieldName(const std::string& column, const Transform& transform);

}  // namespace iceframe
