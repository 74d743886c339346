// SPDX-License-Identifier: Apache-2.0
// What a manifest list says of a manifest, gathered while its entries are written.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "iceframe/format/data_file.h"
#include "iceframe/format/manifest_file.h"
#include "iceframe/types/type.h"

namespace iceframe {

class ManifestSummary {
 public:
  explicit ManifestSummary(const Type& partition_type);

  /// The entry's partition values fit the type.
  void Add(const ManifestEntry& entry);
  /// Sets counts, partition summaries and min_sequence_number.
  Status WriteTo(ManifestFile* file) const;

 private:
  struct FieldSummary {
    bool contains_null = false;
    bool contains_nan = false;
    std::optional<Value> lower, upper;
    /// Of uuids by Iceberg Java's order, two signed halves.
    std::optional<Value> signed_lower, signed_upper;

    /// Whether every engine takes lower and upper for the least and the greatest.
    bool is_order_agreed() const { return lower == signed_lower && upper == signed_upper; }
  };

  const Type& partition_type_;
  int64_t num_files_[3] = {0, 0, 0};
  int64_t num_rows_[3] = {0, 0, 0};
  std::optional<SequenceNumber> min_sequence_number_;
  std::vector<FieldSummary> fields_;
};

}  // namespace iceframe
