// SPDX-License-Identifier: Apache-2.0
// Reading many ranges of one local file at once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/util/future.h>

#include "iceframe/io/file_io.h"
#include "iceframe/io/local_paths_internal.h"

namespace iceframe::internal {

using Buffers = std::vector<std::shared_ptr<arrow::Buffer>>;

struct LocalReadRequest {
  std::string path = {};
  /// What errors name.
  std::string location = {};
  std::vector<ByteRange> ranges = {};
  /// Instead of ranges: `size` bytes from the start, all there are without it.
  bool whole_file = false;
  std::optional<int64_t> size = {};
};

/// Where a read may work while the caller's thread stands still.
enum class ReadMode : uint8_t {
  /// All on io threads.
  kAsync,
  /// The caller opens the file, and takes what is in the page cache if it is not much.
  kCallerHelps,
};

/// Opens the file and reads, coalesced, each part on an io thread; on this one alone if it is an
/// io thread itself. Buffers are allocated only once the file is known to be long enough.
arrow::Future<Buffers> ReadLocal(const OperationContext& context,
                                 std::shared_ptr<const LocalPaths> paths, LocalReadRequest request,
                                 ReadMode mode);

}  // namespace iceframe::internal
