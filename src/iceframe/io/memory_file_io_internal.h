// SPDX-License-Identifier: Apache-2.0
// Files that live in memory, for tests and throw-away tables.
#pragma once

#include <memory>

#include "iceframe/io/file_io.h"

namespace iceframe::internal {

/// Returns a FileIO for "memory://…" locations. Reads are slices of what is stored, which stays
/// charged to the budget node "memory files" until the file and every slice are gone.
std::shared_ptr<FileIO> MakeMemoryFileIO();

}  // namespace iceframe::internal
