// SPDX-License-Identifier: Apache-2.0
// How often and how long a commit is tried.
#pragma once

#include <chrono>
#include <cstdint>

#include "iceframe/base/result.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe::internal {

using Milliseconds = std::chrono::milliseconds;

struct CommitPolicy {
  int64_t num_retries = 4;
  /// Of them, how many after something other than a conflict; a catalog that fails may go on
  /// failing.
  int64_t max_failures = 4;
  Milliseconds min_wait{100};
  Milliseconds max_wait{60'000};
  Milliseconds total_timeout{1'800'000};
  int64_t num_status_checks = 3;
  Milliseconds min_status_wait{1'000};
  Milliseconds max_status_wait{60'000};
};

/// `is_patient`: where nothing says how often, commits that meet others are tried until all are in.
/// Errors: InvalidArgument naming the setting.
Result<CommitPolicy> ReadCommitPolicy(const OperationContext& context,
                                      const TableMetadata& metadata, bool is_patient);

/// min_wait × 2^retry, at most max_wait.
Milliseconds Backoff(Milliseconds min_wait, Milliseconds max_wait, int64_t retry);
/// A random part of that ("full jitter"): writers that met once don't meet again in step.
Milliseconds JitteredBackoff(Milliseconds min_wait, Milliseconds max_wait, int64_t retry);

}  // namespace iceframe::internal
