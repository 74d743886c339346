// SPDX-License-Identifier: Apache-2.0
// Reading single columns' statistics and partition values out of a decoded manifest.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "iceframe/format/columnar_manifest.h"
#include "iceframe/format/manifest_columns_internal.h"

namespace iceframe {

/// Finds the column in every entry's maps and reads its bounds as `type`.
std::shared_ptr<const ColumnStatistics> DecodeStatistics(const ManifestColumns& columns,
                                                         FieldId field_id, const Type& type);

/// A partition field as statistics: each entry has one value, its lower and upper bound.
std::shared_ptr<const ColumnStatistics> PartitionStatistics(const ManifestColumns& columns,
                                                            size_t field);

Value PartitionValue(const ManifestColumns& columns, size_t row, size_t field);

/// Reads one map of one entry whole.
void ReadStatisticsMap(const ManifestColumns& columns, ManifestSlot slot, size_t row,
                       std::map<FieldId, int64_t>* out);
void ReadStatisticsMap(const ManifestColumns& columns, ManifestSlot slot, size_t row,
                       std::map<FieldId, std::string>* out);

/// Bytes of heap that either of them takes, known beforehand.
int64_t StatisticsBytes(const Type& type, size_t num_entries);

}  // namespace iceframe
