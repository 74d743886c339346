// SPDX-License-Identifier: Apache-2.0
// Manifest lists as Avro files, v1 to v3. Spec: "Manifest Lists".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/base/strong_id.h"
#include "iceframe/format/manifest_file.h"

namespace iceframe {

/// Reads the bytes of one manifest list, in file order; unknown fields are passed over.
/// Errors: InvalidMetadata. Spec v1: absent sequence numbers read as 0.
Result<std::vector<ManifestFile>> ManifestListFromAvro(std::string_view bytes);

struct ManifestListHeader {
  int32_t format_version = 2;
  SnapshotId snapshot_id;
  std::optional<SnapshotId> parent_snapshot_id;
  SequenceNumber sequence_number;
  /// v3: the table's next-row-id; data manifests without a first_row_id get theirs from it on.
  std::optional<int64_t> first_row_id;
};

/// Gives each data manifest that has none its first_row_id, in order from `first_row_id` on, and
/// returns the next free id. Spec: "First Row ID Assignment".
/// Errors: InvalidArgument if a manifest's row counts are unknown or the ids run over.
Result<int64_t> AssignFirstRowIds(int64_t first_row_id, std::vector<ManifestFile>* manifests);

/// Writes a manifest list in the order given (deflate).
///
/// kUnassignedSequenceNumber in a manifest of this snapshot becomes the header's number; v3 with a
/// first_row_id assigns row ids as AssignFirstRowIds does. Errors: InvalidArgument if v1 is asked
/// to hold delete manifests, v2 or v3 one with unknown counts, or for an unassigned sequence
/// number of another snapshot.
Result<std::string> ManifestListToAvro(const ManifestListHeader& header,
                                       const std::vector<ManifestFile>& manifests);

}  // namespace iceframe
