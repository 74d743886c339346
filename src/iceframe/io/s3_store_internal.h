// SPDX-License-Identifier: Apache-2.0
// S3 by way of Arrow's file system.
#pragma once

#include <memory>

#include "iceframe/io/object_store_internal.h"
#include "iceframe/io/s3_settings_internal.h"

namespace iceframe::internal {

/// Returns the store for these settings: one for all that ask with equal ones, so that
/// connections are shared. Sends nothing yet. nullptr if Arrow was built without S3.
std::shared_ptr<ObjectStore> SharedS3Store(const S3Settings& settings);

}  // namespace iceframe::internal
