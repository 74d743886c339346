// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/distinct_values.h"

#include <cmath>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace iceframe {

namespace {

std::optional<double> DistinctValuesOf(const StatisticsFile& file, FieldId field_id) {
  constexpr std::string_view kSketch = "apache-datasketches-theta-v1";
  for (const BlobMetadata& blob : file.blob_metadata) {
    if (blob.type != kSketch || blob.fields != std::vector<FieldId>{field_id}) continue;
    const auto ndv = blob.properties.find("ndv");
    if (ndv == blob.properties.end()) continue;
    const double number = std::strtod(ndv->second.c_str(), nullptr);
    if (std::isfinite(number) && number >= 1) return number;
  }
  return std::nullopt;
}

}  // namespace

std::optional<double> FindDistinctValues(const TableMetadata& metadata, FieldId field_id,
                                         std::optional<SnapshotId> snapshot_id) {
  std::optional<double> latest;
  for (const StatisticsFile& file : metadata.statistics) {
    const auto number = DistinctValuesOf(file, field_id);
    if (number && snapshot_id == file.snapshot_id) return number;
    if (number) latest = number;
  }
  return latest;
}

}  // namespace iceframe
