// SPDX-License-Identifier: Apache-2.0
// One manifest as its snapshot's manifest list describes it. Spec: "Manifest Lists".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "iceframe/base/strong_id.h"

namespace iceframe {

enum class ManifestContent : uint8_t { kData = 0, kDeletes = 1 };

/// What is known of one partition field over all of a manifest's files.
struct PartitionFieldSummary {
  bool contains_null = false;
  /// nullopt: unknown.
  std::optional<bool> contains_nan;
  /// Single-value bytes; nullopt: all null or unknown.
  std::optional<std::string> lower_bound;
  std::optional<std::string> upper_bound;
  bool operator==(const PartitionFieldSummary&) const = default;
};

/// Stands in a new manifest for the sequence number that its commit will get; ManifestListToAvro
/// puts the real one in its place.
inline constexpr SequenceNumber kUnassignedSequenceNumber{-1};

struct ManifestFile {
  std::string manifest_path;
  int64_t manifest_length = 0;
  PartitionSpecId partition_spec_id;
  ManifestContent content = ManifestContent::kData;
  SequenceNumber sequence_number;
  SequenceNumber min_sequence_number;
  SnapshotId added_snapshot_id;
  /// nullopt (old writers): unknown, never taken as zero.
  std::optional<int64_t> added_files_count;
  std::optional<int64_t> existing_files_count;
  std::optional<int64_t> deleted_files_count;
  std::optional<int64_t> added_rows_count;
  std::optional<int64_t> existing_rows_count;
  std::optional<int64_t> deleted_rows_count;
  /// One per field of the spec; empty: unknown.
  std::vector<PartitionFieldSummary> partitions;
  std::optional<std::string> key_metadata;
  /// v3.
  std::optional<int64_t> first_row_id;

  /// True unless the counts show that no live entry is left.
  bool may_have_live_files() const {
    return !added_files_count || !existing_files_count ||
           *added_files_count + *existing_files_count > 0;
  }
  bool operator==(const ManifestFile&) const = default;
};

}  // namespace iceframe
