// SPDX-License-Identifier: Apache-2.0
// The folder of a disk cache: who may use it, its files, and writing them so that they are whole.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"

namespace iceframe::internal {

/// Makes the folder for this user alone, or checks that it is; returns its absolute path.
Result<std::string> OpenCacheFolder(const std::string& folder);

struct CacheFile {
  std::string path;
  int64_t num_bytes = 0;
  /// When it was used last.
  int64_t used_ns = 0;
};

/// The entries there are now, those whose name begins with `prefix`.
std::vector<CacheFile> ListCacheFiles(const std::string& folder, std::string_view prefix);

/// Reads a whole file and marks it as used; nullptr: it is not there, or no file that can be read.
/// Errors: ResourceExhausted, of the pool.
Result<std::shared_ptr<arrow::Buffer>> ReadCacheFile(const std::string& path,
                                                     arrow::MemoryPool* pool);

/// Writes a file by `write`, which gets a descriptor and says whether to keep it, and puts it in
/// the place of what is at `path`, as a whole. The folder is made again if somebody removed it.
Status ReplaceCacheFile(const std::string& folder, const std::string& path,
                        const std::function<Result<bool>(int fd)>& write);

/// Deletes what processes that were killed left half written, then the files used longest ago until
/// no more than `max_bytes` are left. What is there then; nothing is done if another process is at
/// it for a while.
struct CacheFolderUse {
  int64_t num_entries = 0;
  int64_t num_bytes = 0;
  int64_t num_evicted = 0;
};
Result<CacheFolderUse> TrimCacheFolder(const std::string& folder, int64_t max_bytes);

}  // namespace iceframe::internal
