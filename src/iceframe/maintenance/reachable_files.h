// SPDX-License-Identifier: Apache-2.0
// The files that a table's snapshots need.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/format/columnar_manifest.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/io/file_io.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// Manifests by their places.
using ManifestsByPlace = std::unordered_map<std::string, ManifestFile>;

/// What to do about a file that is not there.
enum class MissingFiles : uint8_t { kError, kLogged };

/// Adds the manifests of snapshots. Lists are read several at once. Errors: those of
/// ReadManifestList.
Status AddManifests(const OperationContext& context, FileIO& io, const TableMetadata& metadata,
                    const std::vector<const Snapshot*>& snapshots, MissingFiles missing,
                    ManifestsByPlace* manifests);

/// Calls `visit` with each manifest, decoded; several are read at once, but one is visited at a
/// time. Errors: those of ReadManifest and of `visit`.
Status VisitManifests(
    const OperationContext& context, FileIO& io, const TableMetadata& metadata,
    const ManifestsByPlace& manifests, MissingFiles missing,
    const std::function<Status(const ManifestFile&, const ColumnarManifest&)>& visit);

/// The files that snapshots needed which are no more, and nothing else does.
struct UnneededFiles {
  std::vector<std::string> data_files;
  std::vector<std::string> delete_files;
  std::vector<std::string> manifests;
  std::vector<std::string> manifest_lists;
  std::vector<std::string> statistics_files;

  /// All of them, those first that others name.
  std::vector<std::string> All() const;
};

/// Compares the table before and after some snapshots went. Every list and manifest of `after` is
/// read; one that can't be is an error, as what it names must not be taken for unneeded. What is
/// gone of `before` is logged.
Result<UnneededFiles> FindUnneededFiles(const OperationContext& context, FileIO& io,
                                        const TableMetadata& before, const TableMetadata& after);

/// All snapshots of a table. Errors: InvalidMetadata.
Result<std::vector<const Snapshot*>> SnapshotsOf(const TableMetadata& metadata);

}  // namespace iceframe
