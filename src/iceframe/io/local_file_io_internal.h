// SPDX-License-Identifier: Apache-2.0
// Files of the machine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "iceframe/io/file_io.h"

namespace iceframe::internal {

/// Returns a FileIO for local paths and "file:" locations. `allowed_paths` as in LocalPaths.
std::shared_ptr<FileIO> MakeLocalFileIO(std::vector<std::string> allowed_paths);

}  // namespace iceframe::internal
