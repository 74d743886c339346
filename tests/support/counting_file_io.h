// SPDX-License-Identifier: Apache-2.0
// A FileIO that records every request and makes it as slow as a distant store.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/io/file_io.h"

namespace iceframe {

enum class RequestKind : uint8_t { kGet, kPut, kDelete, kHead, kList };

/// One round trip to the store.
struct RecordedRequest {
  RequestKind kind = RequestKind::kGet;
  std::string location;
  /// Of a read; length -1: the whole file.
  ByteRange range{0, -1};
  /// 1 for a request that began before any had ended, else one more than the deepest that had:
  /// the greatest one is the number of round trips that were waited for one after the other.
  int depth = 1;
};

/// Coalesced ranges of one call are requests of their own, in flight at once. Thread-safe.
class CountingFileIO final : public FileIO {
 public:
  using Buffers = std::vector<std::shared_ptr<arrow::Buffer>>;

  explicit CountingFileIO(std::shared_ptr<FileIO> base,
                          std::chrono::milliseconds latency = std::chrono::milliseconds(0));

  std::vector<RecordedRequest> requests() const;
  int64_t count() const;
  int64_t count(RequestKind kind) const;
  /// Those whose location holds `part`, e.g. ".parquet".
  int64_t count(RequestKind kind, std::string_view part) const;
  int max_in_flight() const;
  /// Round trips that were waited for one after the other.
  int sequential_depth() const;
  /// Forgets all requests, and to hold any; none may be running.
  void Reset();
  /// Holds requests whose location holds `part`, but for the first `num_passing`, until so many are
  /// in flight, however slow the machine is; where that many never come together, they go on after
  /// a minute.
  void HoldUntil(int num_in_flight, std::string part = "", int num_passing = 0);

  Result<std::shared_ptr<arrow::Buffer>> ReadAll(const OperationContext& context,
                                                 const std::string& location,
                                                 std::optional<int64_t> size = {}) override;
  Result<Buffers> ReadRanges(const OperationContext& context, const std::string& location,
                             const std::vector<ByteRange>& ranges) override;
  arrow::Future<Buffers> ReadRangesAsync(const OperationContext& context,
                                         const std::string& location,
                                         std::vector<ByteRange> ranges) override;
  Result<std::unique_ptr<OutputFile>> Create(
      const OperationContext& context, const std::string& location,
      OverwriteMode mode = OverwriteMode::kNeverOverwrite) override;
  Status Delete(const OperationContext& context, const std::string& location) override;
  Result<bool> Exists(const OperationContext& context, const std::string& location) override;
  Result<int64_t> Size(const OperationContext& context, const std::string& location) override;
  Result<std::vector<FileEntry>> List(const OperationContext& context,
                                      const std::string& location) override;

 private:
  class OutputFileWrapper;
  struct State;

  const std::shared_ptr<State> state_;
};

}  // namespace iceframe
