// SPDX-License-Identifier: Apache-2.0
// A local file that grows at its end and is made durable step by step, as a log needs it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "iceframe/base/result.h"

namespace iceframe {

/// A file that its maker alone writes. Unlike an OutputFile it is there from the beginning, and
/// what was synced stays whatever happens to the process or the machine. Not thread-safe.
class AppendFile {
 public:
  virtual ~AppendFile() = default;

  /// Writes all of `data` at the end, or nothing: after an error the file is as long as before.
  /// Errors: ResourceExhausted where the disk or a quota is full; Io. An error with which the
  /// file could not be brought back to its length makes it unusable, as a failed Sync does.
  virtual Status Append(std::string_view data) = 0;

  /// Makes durable what was appended.
  ///
  /// After an error the kernel may have dropped what it could not write, and will not say so
  /// again: it is not tried once more, and every later call returns the same error.
  virtual Status Sync() = 0;

  /// Cuts the file off at `num_bytes`, which is not more than it has.
  virtual Status Truncate(int64_t num_bytes) = 0;

  virtual int64_t num_bytes() const = 0;
};

/// Makes a new file at an absolute path, for this user alone, whose name is durable on return.
/// Errors: AlreadyExists; NotFound for a folder that is not there; Unauthorized; Io.
Result<std::unique_ptr<AppendFile>> CreateAppendFile(const std::string& path);

/// Makes files as CreateAppendFile does; tests put in ones that fail.
using AppendFileFactory = std::function<Result<std::unique_ptr<AppendFile>>(const std::string&)>;

}  // namespace iceframe
