// SPDX-License-Identifier: Apache-2.0
// Files that are objects of a store.
#pragma once

#include <memory>

#include "iceframe/io/file_io.h"
#include "iceframe/io/object_store_internal.h"

namespace iceframe::internal {

/// Returns the FileIO over a store: locations are "scheme://bucket/key".
std::shared_ptr<FileIO> MakeObjectFileIO(std::shared_ptr<ObjectStore> store);

}  // namespace iceframe::internal
