// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/ignored_properties.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <set>
#include <string_view>

#include "iceframe/runtime/fork.h"

namespace iceframe {

namespace {

constexpr auto kHonoured = std::to_array<std::string_view>({
    "commit.manifest-merge.enabled",
    "commit.manifest.min-count-to-merge",
    "commit.manifest.target-size-bytes",
    "commit.retry.max-wait-ms",
    "commit.retry.min-wait-ms",
    "commit.retry.num-retries",
    "commit.retry.total-timeout-ms",
    "commit.status-check.max-wait-ms",
    "commit.status-check.min-wait-ms",
    "commit.status-check.num-retries",
    "write.data.path",
    "write.delete.isolation-level",
    "write.folder-storage.path",
    "write.format.default",
    "write.metadata.compression-codec",
    "write.metadata.delete-after-commit.enabled",
    "write.metadata.metrics.default",
    "write.metadata.metrics.max-inferred-column-defaults",
    "write.metadata.path",
    "write.metadata.previous-versions-max",
    "write.object-storage.enabled",
    "write.object-storage.partitioned-paths",
    "write.object-storage.path",
    "write.parquet.compression-codec",
    "write.parquet.compression-level",
    "write.parquet.dict-size-bytes",
    "write.parquet.page-row-limit",
    "write.parquet.page-size-bytes",
    "write.parquet.row-group-limit",
    "write.parquet.row-group-size-bytes",
    "write.target-file-size-bytes",
    "write.update.isolation-level",
});
// Followed by a column's name.
constexpr auto kHonouredPrefixes = std::to_array<std::string_view>({
    "write.metadata.metrics.column.",
    "write.parquet.bloom-filter-enabled.column.",
    "write.parquet.bloom-filter-fpp.column.",
});

bool IsIgnored(std::string_view key) {
  if (!key.starts_with("write.") && !key.starts_with("commit.")) return false;
  if (std::find(kHonoured.begin(), kHonoured.end(), key) != kHonoured.end()) return false;
  return std::none_of(kHonouredPrefixes.begin(), kHonouredPrefixes.end(),
                      [&](std::string_view prefix) { return key.starts_with(prefix); });
}

// Whether it is the first time in this process.
bool IsNews(const std::string& table, const std::string& key) {
  constexpr size_t kMaxRemembered = 10'000;
  static auto& mutex = *new internal::ForkSafeMutex;
  static auto& said = *new std::set<std::string>;
  const std::lock_guard lock(mutex);
  if (said.size() >= kMaxRemembered) said.clear();
  return said.insert(table + "\n" + key).second;
}

}  // namespace

std::vector<std::string> IgnoredWriteProperties(const Properties& properties) {
  std::vector<std::string> ignored;
  for (const auto& [key, value] : properties) {
    if (IsIgnored(key)) ignored.push_back(key);
  }
  return ignored;
}

void WarnOfIgnoredProperties(const OperationContext& context, const TableMetadata& metadata) {
  if (context.log == nullptr || !context.log->IsEnabled(LogLevel::kWarning)) return;
  for (const std::string& key : IgnoredWriteProperties(metadata.properties)) {
    if (!IsNews(metadata.table_uuid + metadata.location, key)) continue;
    context.Log(LogLevel::kWarning, "table", "table property has no effect here: ", key, ", table ",
                metadata.location);
  }
}

}  // namespace iceframe
