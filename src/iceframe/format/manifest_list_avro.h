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
  /// v3.
  std::optional<int64_t> first_row_id;
};

/// Writes a manifest list in the order given (deflate). Errors: InvalidArgument if v1 is asked to
/// hold delete manifests.
Result<std::string> ManifestListToAvro(const ManifestListHeader& header,
                                       const std::vector<ManifestFile>& manifests);

}  // namespace iceframe
