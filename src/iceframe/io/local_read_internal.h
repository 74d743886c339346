// SPDX-License-Identifier: Apache-2.0
// Reading many ranges of one local file at once.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <arrow/util/future.h>

#include "iceframe/io/file_io.h"
#include "iceframe/io/local_paths_internal.h"

namespace iceframe::internal {

using Buffers = std::vector<std::shared_ptr<arrow::Buffer>>;

/// Opens the file and reads the ranges, coalesced, each on an io thread; buffers are allocated
/// only once the file is known to be long enough.
arrow::Future<Buffers> ReadLocalRanges(const OperationContext& context,
                                       std::shared_ptr<const LocalPaths> paths, std::string path,
                                       std::string location, const std::vector<ByteRange>& ranges);

/// Reads `size` bytes from the start, all there are without it, on this thread.
Result<std::shared_ptr<arrow::Buffer>> ReadLocalFile(const OperationContext& context,
                                                     const LocalPaths& paths,
                                                     const std::string& path,
                                                     const std::string& location,
                                                     std::optional<int64_t> size);

}  // namespace iceframe::internal
