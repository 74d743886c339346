// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "iceframe/services/metrics_text.h"

namespace iceframe {

namespace {

using Help = std::pair<std::string_view, std::string_view>;

// By name.
constexpr auto kHelp = std::to_array<Help>({
    {"iceframe_build_info", "The engine's version; always 1."},
    {"iceframe_cache_bytes", "Bytes that a cache holds."},
    {"iceframe_cache_coalesced_total", "Look-ups that waited for another one's load."},
    {"iceframe_cache_evictions_total", "Entries that left a cache."},
    {"iceframe_cache_hits_total", "Look-ups that a cache answered."},
    {"iceframe_cache_misses_total", "Look-ups that a cache could not answer."},
    {"iceframe_catalog_commits_total", "Attempts of commits that catalogs saw, by how they ended."},
    {"iceframe_catalog_operation_seconds", "How long catalogs took, by what they were asked."},
    {"iceframe_commit_attempts_total", "Attempts of commits, the first ones included."},
    {"iceframe_commit_duration_seconds", "How long commits took, with all their attempts."},
    {"iceframe_commit_retries_total", "Attempts of commits after the first."},
    {"iceframe_commits_total", "Commits to tables, by how they ended."},
    {"iceframe_footers_total", "Footers of data files, read or found in the cache."},
    {"iceframe_io_bytes_total", "Bytes of requests to storage."},
    {"iceframe_io_duration_seconds", "How long requests to storage took."},
    {"iceframe_io_requests_total", "Requests to storage."},
    {"iceframe_io_retries_total", "Requests to storage that were sent again."},
    {"iceframe_manifest_lists_read_total", "Manifest lists that were read."},
    {"iceframe_manifests_considered_total", "Manifests of the snapshots that were planned."},
    {"iceframe_manifests_total", "Manifests, by what became of them in planning."},
    {"iceframe_memory_limit_errors_total", "Reservations that a memory limit refused."},
    {"iceframe_memory_reserved_bytes", "Bytes that the process has reserved for the engine."},
    {"iceframe_memory_spill_bytes_total", "Bytes that operators wrote to disk for want of memory."},
    {"iceframe_metrics_refused_total", "Times a metric was asked for that can't be exported."},
    {"iceframe_operation_io_requests_total", "Requests to storage that operations made."},
    {"iceframe_planning_duration_seconds", "How long the planning of scans took."},
    {"iceframe_pool_connect_failures_total", "Connections that could not be made."},
    {"iceframe_pool_connections", "Connections to catalogs, used and idle."},
    {"iceframe_pool_create_duration_seconds", "How long it took to make connections."},
    {"iceframe_pool_leaks_total", "Connections that were never given back."},
    {"iceframe_pool_pending_requests", "Callers that wait for a connection."},
    {"iceframe_pool_timeouts_total", "Callers that got no connection in time."},
    {"iceframe_pool_use_duration_seconds", "How long connections were in use."},
    {"iceframe_pool_wait_duration_seconds", "How long callers waited for a connection."},
    {"iceframe_queries_answered_from_cache_total", "Queries whose whole answer was kept."},
    {"iceframe_queries_total", "Operations that have ended, by how."},
    {"iceframe_query_duration_seconds", "How long operations took."},
    {"iceframe_query_rows_total", "Rows scanned, matched by filters in files, and returned."},
    {"iceframe_scan_bytes_total", "Bytes read or found in caches, by what they are of."},
    {"iceframe_scan_files_answered_from_cache_total", "Data files whose part was kept."},
    {"iceframe_scan_files_considered_total", "Data files of the snapshots that were scanned."},
    {"iceframe_scan_files_planned_total", "Data files that were handed on to be read."},
    {"iceframe_scan_files_total", "Data files, scanned or skipped, and by what."},
    {"iceframe_scan_pages_total", "Pages of filters' columns, scanned or skipped."},
    {"iceframe_scan_row_groups_considered_total", "Row groups of the files that were scanned."},
    {"iceframe_scan_row_groups_total", "Row groups, scanned or skipped, and by what."},
    {"iceframe_skipped_bytes_total", "Bytes that scans skipped, by what they were of."},
    {"iceframe_stream_bytes_total", "Bytes that streams took in."},
    {"iceframe_stream_commits_total", "Commits of streams."},
    {"iceframe_stream_freshness_seconds", "The age of the newest row that a stream committed."},
    {"iceframe_stream_lag_records", "Records that a stream has not committed yet."},
    {"iceframe_stream_records_total", "Records of streams, by what became of them."},
    {"iceframe_stream_rewinds_total", "Times that streams went back to what their tables say."},
    {"iceframe_stream_running", "Streams that run."},
    {"iceframe_table_scans_total", "Tables that were opened to be read."},
    {"iceframe_wal_bytes", "Bytes of rows in logs that are not committed yet."},
});

}  // namespace

std::string_view MetricHelp(std::string_view name) {
  const auto found = std::find_if(kHelp.begin(), kHelp.end(),
                                  [&](const Help& help) { return help.first == name; });
  return found == kHelp.end() ? "A figure of the engine." : found->second;
}

}  // namespace iceframe
