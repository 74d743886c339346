// SPDX-License-Identifier: Apache-2.0
// Reading and writing files by location, on any store.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/buffer.h>
#include <arrow/util/future.h>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// Bytes [offset, offset + length) from a file's start.
struct ByteRange {
  int64_t offset = 0;
  int64_t length = 0;
  bool operator==(const ByteRange&) const = default;
};

/// A file being written. Nothing is visible at its location before Close returned OK.
/// Not thread-safe. Destroyed without Close, it leaves nothing behind.
class OutputFile {
 public:
  virtual ~OutputFile() = default;
  virtual Status Write(const std::shared_ptr<arrow::Buffer>& data) = 0;
  virtual Status Write(std::string_view data) = 0;
  /// Bytes written so far.
  virtual int64_t num_bytes() const = 0;
  /// Makes the file durable and visible, never over an existing one unless asked so at creation.
  /// Where the context carries DeferredSyncs, its name may be durable only after their Run.
  /// Errors: AlreadyExists; Io.
  virtual Status Close() = 0;
  virtual void Abort() = 0;
};

enum class OverwriteMode : uint8_t { kNeverOverwrite, kOverwrite };

struct FileEntry {
  std::string location;
  int64_t size_in_bytes = 0;
  int64_t modified_ms = 0;
};

/// Access to files by their locations ("file:///…", "/…", "memory://…", later "s3://…").
///
/// Every error names the location. Files at a location are taken as immutable. Thread-safe.
/// Errors: NotFound; Io; Unauthorized (also for locations outside the allowed ones);
/// Cancelled; Timeout; ResourceExhausted.
class FileIO {
 public:
  virtual ~FileIO() = default;

  /// Reads a whole file; `size` spares asking for it. Buffers are charged to `context.memory`.
  virtual Result<std::shared_ptr<arrow::Buffer>> ReadAll(const OperationContext& context,
                                                         const std::string& location,
                                                         std::optional<int64_t> size = {}) = 0;

  /// Reads ranges of one file, all in flight at once and near ones coalesced; the buffers come in
  /// the order asked, each of exactly its length (Io if the file ends before).
  virtual Result<std::vector<std::shared_ptr<arrow::Buffer>>> ReadRanges(
      const OperationContext& context, const std::string& location,
      const std::vector<ByteRange>& ranges) = 0;

  /// As ReadRanges, without waiting: runs on the executor's io threads.
  virtual arrow::Future<std::vector<std::shared_ptr<arrow::Buffer>>> ReadRangesAsync(
      const OperationContext& context, const std::string& location,
      std::vector<ByteRange> ranges) = 0;

  virtual Result<std::unique_ptr<OutputFile>> Create(
      const OperationContext& context, const std::string& location,
      OverwriteMode mode = OverwriteMode::kNeverOverwrite) = 0;

  /// Writes a whole file: Create, Write, Close.
  Status WriteAll(const OperationContext& context, const std::string& location,
                  std::string_view data, OverwriteMode mode = OverwriteMode::kNeverOverwrite);

  /// Deletes a file; one that is not there is no error.
  virtual Status Delete(const OperationContext& context, const std::string& location) = 0;
  virtual Result<bool> Exists(const OperationContext& context, const std::string& location) = 0;
  virtual Result<int64_t> Size(const OperationContext& context, const std::string& location) = 0;
  /// The files below a location, at any depth, in no order.
  virtual Result<std::vector<FileEntry>> List(const OperationContext& context,
                                              const std::string& location) = 0;
};

/// Where a FileIO may go; see docs: by default the catalog's warehouse and each table's location.
struct FileIOOptions {
  /// Locations that may be read and written, with everything below them; empty: anything that a
  /// known scheme names.
  std::vector<std::string> allowed_locations = {};
  Properties properties = {};
  /// Put around the FileIO that is made: for counting, caching or failing requests.
  std::function<std::shared_ptr<FileIO>(std::shared_ptr<FileIO>)> wrap = {};
};

/// Returns the FileIO that routes by scheme to local, memory (and later object) stores.
Result<std::shared_ptr<FileIO>> MakeFileIO(FileIOOptions options = {});

}  // namespace iceframe
