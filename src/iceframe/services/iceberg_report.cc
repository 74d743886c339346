// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/iceberg_report.h"

#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "iceframe/base/version.h"
#include "iceframe/execution/scan_report.h"
#include "iceframe/planning/planning_counters.h"
#include "iceframe/services/report_filter_internal.h"
#include "iceframe/table/landed_commit.h"

namespace iceframe {

namespace {

Json CountOf(int64_t value, std::string_view unit = "count") {
  return Json::Object({{"unit", Json::String(std::string(unit))}, {"value", Json::Int(value)}});
}

Json TimeOf(std::chrono::nanoseconds duration) {
  return Json::Object({{"count", Json::Int(1)},
                       {"time-unit", Json::String("nanoseconds")},
                       {"total-duration", Json::Int(duration.count())}});
}

Json Metadata() {
  return Json::Object({{"engine-name", Json::String("iceframe")},
                       {"engine-version", Json::String(std::string(kVersion))}});
}

Json ScanMetrics(const ScanReport& scan) {
  const CounterValues& counters = scan.counters;
  const int64_t num_manifests = counters.Get(PlanningCount::kManifestsTotal);
  const int64_t num_skipped = counters.Get(PlanningCount::kManifestsSkippedByPartition);
  const int64_t num_files_skipped = counters.Get(PlanningCount::kFilesSkippedByPartition) +
                                    counters.Get(PlanningCount::kFilesSkippedByBounds) +
                                    counters.Get(PlanningCount::kFilesSkippedByFirstRows);
  return Json::Object({{"total-planning-duration", TimeOf(scan.planning)},
                       {"result-data-files", CountOf(counters.Get(PlanningCount::kFilesPlanned))},
                       {"total-data-manifests", CountOf(num_manifests)},
                       {"scanned-data-manifests", CountOf(num_manifests - num_skipped)},
                       {"skipped-data-manifests", CountOf(num_skipped)},
                       {"skipped-data-files", CountOf(num_files_skipped)}});
}

Json ReportOf(const ScanReport& scan) {
  std::vector<Json> ids;
  std::vector<Json> names;
  const Schema& read = scan.columns != nullptr ? *scan.columns : *scan.schema;
  for (const NestedField& field : read.fields()) {
    ids.push_back(Json::Int(field.id));
    names.push_back(Json::String(field.name));
  }
  // An Iceberg report always names a snapshot; -1 is none.
  const int64_t snapshot_id = scan.snapshot_id ? scan.snapshot_id->value() : -1;
  return Json::Object({{"report-type", Json::String("scan-report")},
                       {"table-name", Json::String(scan.table)},
                       {"snapshot-id", Json::Int(snapshot_id)},
                       {"filter", internal::ReportFilter(scan.filter)},
                       {"schema-id", Json::Int(scan.schema->schema_id().value())},
                       {"projected-field-ids", Json::Array(std::move(ids))},
                       {"projected-field-names", Json::Array(std::move(names))},
                       {"metrics", ScanMetrics(scan)},
                       {"metadata", Metadata()}});
}

struct SummaryMetric {
  std::string_view key;
  std::string_view metric;
  std::string_view unit = "count";
};

// What a report calls the figures of a snapshot's summary.
constexpr auto kSummaryMetrics = std::to_array<SummaryMetric>({
    {"added-data-files", "added-data-files"},
    {"deleted-data-files", "removed-data-files"},
    {"total-data-files", "total-data-files"},
    {"added-delete-files", "added-delete-files"},
    {"removed-delete-files", "removed-delete-files"},
    {"total-delete-files", "total-delete-files"},
    {"added-records", "added-records"},
    {"deleted-records", "removed-records"},
    {"total-records", "total-records"},
    {"added-files-size", "added-files-size-bytes", "bytes"},
    {"removed-files-size", "removed-files-size-bytes", "bytes"},
    {"total-files-size", "total-files-size-bytes", "bytes"},
});

Json CommitMetrics(const LandedCommit& commit) {
  Json metrics = Json::Object(
      {{"total-duration", TimeOf(commit.duration)}, {"attempts", CountOf(commit.num_attempts)}});
  for (const SummaryMetric& known : kSummaryMetrics) {
    const auto found = commit.summary.find(known.key);
    if (found == commit.summary.end()) continue;
    const std::string& text = found->second;
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) continue;
    metrics.Add(std::string(known.metric), CountOf(value, known.unit));
  }
  return metrics;
}

Json ReportOf(const LandedCommit& commit) {
  return Json::Object({{"report-type", Json::String("commit-report")},
                       {"table-name", Json::String(commit.table)},
                       {"snapshot-id", Json::Int(commit.snapshot_id.value())},
                       {"sequence-number", Json::Int(commit.sequence_number.value())},
                       {"operation", Json::String(commit.operation)},
                       {"metrics", CommitMetrics(commit)},
                       {"metadata", Metadata()}});
}

}  // namespace

std::optional<Json> IcebergReport(const OperationDetail& detail) {
  if (const auto* scan = dynamic_cast<const ScanReport*>(&detail)) return ReportOf(*scan);
  if (const auto* commit = dynamic_cast<const LandedCommit*>(&detail)) return ReportOf(*commit);
  return std::nullopt;
}

}  // namespace iceframe
