// SPDX-License-Identifier: Apache-2.0
// The begin and end of Arrow's S3 in this process.
#pragma once

#include "iceframe/base/result.h"

namespace iceframe::internal {

/// Starts what Arrow's S3 needs, once. Thread-safe.
Status StartS3();

/// Has it ended when the process exits. Called when the first client was made: static objects that
/// were made for it are then destroyed after the end, which uses them. Thread-safe.
void EndS3WithProcess();

}  // namespace iceframe::internal
