// SPDX-License-Identifier: Apache-2.0
// A file being written to a store of objects.
#pragma once

#include <memory>

#include "iceframe/io/file_io.h"
#include "iceframe/io/object_request_internal.h"

namespace iceframe::internal {

/// Begins a file: sends nothing before there are 10 MiB of it, or it is closed.
Result<std::unique_ptr<OutputFile>> MakeObjectOutputFile(const OperationContext& context,
                                                         ObjectPlace place, OverwriteMode mode);

}  // namespace iceframe::internal
