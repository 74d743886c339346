// SPDX-License-Identifier: Apache-2.0
// An entry of a disk cache as a file: a header with checksums, the key, the rows.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"

namespace iceframe::internal {

struct DiskEntry {
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  std::string key;
  int64_t created_at_ms = 0;
  int64_t expires_at_ms = kNever;
};

/// Writes an entry to a file that is open and empty; returns its size, or -1 as soon as it would
/// come to more than `max_bytes`. `path` is for errors.
Result<int64_t> WriteDiskEntry(int fd, const std::string& path, const DiskEntry& entry,
                               const arrow::Table& rows, int64_t max_bytes,
                               arrow::MemoryPool* pool);

struct ReadDiskEntry {
  DiskEntry entry;
  std::shared_ptr<arrow::Table> rows;
};

/// Reads a file's bytes; the rows keep them alive. Errors: InvalidData if anything in it is not as
/// it was written, or no rows at all.
Result<ReadDiskEntry> ParseDiskEntry(const std::shared_ptr<arrow::Buffer>& bytes,
                                     arrow::MemoryPool* pool);

/// A digest of a text as 32 hexadecimal digits. Not a secret: texts may be found that share one.
std::string DigestOf(const std::string& text);

}  // namespace iceframe::internal
