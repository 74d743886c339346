// SPDX-License-Identifier: Apache-2.0
// Files kept open for many small reads, where a read costs little.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "iceframe/base/result.h"
#include "iceframe/io/file_io.h"

namespace iceframe {

/// A file open for reading at any place. Thread-safe.
class InputFile {
 public:
  virtual ~InputFile() = default;
  /// Reads exactly `length` bytes into `out`. Errors: Io, also if the file ends before.
  virtual Status ReadAt(const OperationContext& context, int64_t offset, int64_t length,
                        uint8_t* out) const = 0;
  /// Says that a range will be read, so that a disk may begin with it. Never waits for it.
  virtual void Announce(ByteRange range) const = 0;
};

/// What a FileIO is, too, if it reads small parts of a file without a round trip for each.
class SmallReads {
 public:
  virtual ~SmallReads() = default;
  /// Opens the file, or returns nullptr where its store is too far away for small reads.
  virtual Result<std::shared_ptr<const InputFile>> OpenInput(const OperationContext& context,
                                                             const std::string& location) = 0;
};

/// Opens a file of which small parts are wanted one after the other. nullptr where each of them
/// would be a round trip: FileIO::ReadRanges, which asks for all at once, is the way there.
/// Errors: NotFound; Io; Unauthorized.
Result<std::shared_ptr<const InputFile>> OpenForSmallReads(const OperationContext& context,
                                                           FileIO* io, const std::string& location);

}  // namespace iceframe
