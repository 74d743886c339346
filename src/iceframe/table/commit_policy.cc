// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string_view>

#include "iceframe/base/uuid.h"
#include "iceframe/table/commit_policy_internal.h"
#include "iceframe/table/commit_settings.h"

namespace iceframe::internal {

namespace {

// For a hundred writers that all begin at once.
constexpr int64_t kPatientRetries = 200;
constexpr Milliseconds kPatientMaxWait{2'000};

bool IsSet(std::string_view name, const OperationContext& context, const TableMetadata& metadata) {
  return metadata.properties.contains(name) ||
         (context.settings != nullptr && context.settings->contains(name));
}

}  // namespace

Result<CommitPolicy> ReadCommitPolicy(const OperationContext& context,
                                      const TableMetadata& metadata, bool is_patient) {
  const SettingsReader settings(kCommitSettings, context.settings.get(), &metadata.properties);
  CommitPolicy policy;
  ICEFRAME_ASSIGN_OR_RETURN(policy.num_retries, settings.Integer("commit.retry.num-retries"));
  ICEFRAME_ASSIGN_OR_RETURN(policy.min_wait, settings.Duration("commit.retry.min-wait-ms"));
  ICEFRAME_ASSIGN_OR_RETURN(policy.max_wait, settings.Duration("commit.retry.max-wait-ms"));
  ICEFRAME_ASSIGN_OR_RETURN(policy.total_timeout,
                            settings.Duration("commit.retry.total-timeout-ms"));
  ICEFRAME_ASSIGN_OR_RETURN(policy.num_status_checks,
                            settings.Integer("commit.status-check.num-retries"));
  ICEFRAME_ASSIGN_OR_RETURN(policy.min_status_wait,
                            settings.Duration("commit.status-check.min-wait-ms"));
  ICEFRAME_ASSIGN_OR_RETURN(policy.max_status_wait,
                            settings.Duration("commit.status-check.max-wait-ms"));
  policy.max_failures = policy.num_retries;
  if (is_patient && !IsSet("commit.retry.num-retries", context, metadata)) {
    policy.num_retries = kPatientRetries;
  }
  if (is_patient && !IsSet("commit.retry.max-wait-ms", context, metadata)) {
    policy.max_wait = std::max(policy.min_wait, kPatientMaxWait);
  }
  return policy;
}

Milliseconds Backoff(Milliseconds min_wait, Milliseconds max_wait, int64_t retry) {
  Milliseconds wait = min_wait;
  for (int64_t i = 0; i < retry && wait < max_wait; ++i) wait *= 2;
  return std::min(wait, max_wait);
}

Milliseconds JitteredBackoff(Milliseconds min_wait, Milliseconds max_wait, int64_t retry) {
  const auto limit = static_cast<uint64_t>(Backoff(min_wait, max_wait, retry).count());
  return Milliseconds(static_cast<int64_t>(RandomBits() % (limit + 1)));
}

}  // namespace iceframe::internal
