// SPDX-License-Identifier: Apache-2.0
// What is counted of commits to tables.
#pragma once

#include <chrono>
#include <string_view>

#include "iceframe/base/result.h"

namespace iceframe::internal {

/// Counts iceframe_commits_total{operation,outcome} and iceframe_commit_duration_seconds.
/// `operation`: what the commit is part of, such as "append"; `status`: what it ended with.
void CountCommit(std::string_view operation, const Status& status, std::chrono::nanoseconds took);
/// Counts iceframe_commit_retries_total.
void CountCommitRetry();
/// Has the series there from the start, at 0.
void PrepareCommitMetrics();

}  // namespace iceframe::internal
