// SPDX-License-Identifier: Apache-2.0
// Counting every request to a store, for the operation and for the process.
#pragma once

#include <cstdint>
#include <string_view>

#include "iceframe/runtime/clock.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe::internal {

enum class IoOp : uint8_t { kRead, kWrite, kDelete, kHead, kList, kNumOps };

/// Counts one request from its construction to its end. `scheme` outlives it.
class IoRequest {
 public:
  IoRequest(const OperationContext& context, std::string_view scheme, IoOp op);
  ~IoRequest();
  IoRequest(const IoRequest&) = delete;
  IoRequest& operator=(const IoRequest&) = delete;
  void AddBytes(int64_t num_bytes) { num_bytes_ += num_bytes; }

 private:
  std::string_view scheme_;
  IoOp op_;
  Clock::SteadyTime begin_;
  int64_t num_bytes_ = 0;
};

/// Has the series there from the start, at 0.
void PrepareIoMetrics();

}  // namespace iceframe::internal
