// SPDX-License-Identifier: Apache-2.0
// Codecs that metadata files and REST updates share.
#pragma once

#include "iceframe/base/json.h"
#include "iceframe/format/partition_spec.h"
#include "iceframe/format/statistics_file.h"

namespace iceframe::internal {

/// A field without an id (old writers, unbound specs) gets id 0.
Result<PartitionField> PartitionFieldFromJson(const Json& json);
Json PartitionFieldsToJson(const PartitionSpec& spec);

Result<StatisticsFile> StatisticsFileFromJson(const Json& json);
Json StatisticsFileToJson(const StatisticsFile& file);
Result<PartitionStatisticsFile> PartitionStatisticsFileFromJson(const Json& json);
Json PartitionStatisticsFileToJson(const PartitionStatisticsFile& file);

}  // namespace iceframe::internal
