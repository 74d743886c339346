// SPDX-License-Identifier: Apache-2.0
// What S3 answered, as one of our errors.
#pragma once

#include <string_view>

#include "iceframe/base/result.h"

namespace iceframe::internal {

/// Returns the status of a request for `location` as one of ours, with what the server said and
/// the setting to look at. OK stays OK, and so does a status that is ours already.
Status TranslateS3Error(const Status& status, std::string_view location);

/// Whether the store says that a range begins where its file ends, or later.
bool IsBeyondEnd(const Status& status);

}  // namespace iceframe::internal
