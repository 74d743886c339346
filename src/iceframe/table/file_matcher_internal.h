// SPDX-License-Identifier: Apache-2.0
// How much of each file of a manifest a row filter takes: nothing, some rows, or all.
#pragma once

#include <cstdint>
#include <vector>

#include "iceframe/expression/expression.h"
#include "iceframe/format/columnar_manifest.h"
#include "iceframe/format/table_metadata.h"

namespace iceframe::internal {

enum class FileMatch : uint8_t { kNone, kSome, kAll };

/// Tells it by partition and column bounds, which is all that manifests know. `filter` is bound
/// to the table's current schema and simplified. Item i is about entry i; entries that are not
/// live are kNone.
Result<std::vector<FileMatch>> MatchFiles(const TableMetadata& metadata, const Expression& filter,
                                          const ManifestFile& file,
                                          const ColumnarManifest& manifest);

/// Whether any file of the manifest may hold a matching row, by its partition summary.
Result<bool> ManifestMayHoldMatches(const TableMetadata& metadata, const Expression& filter,
                                    const ManifestFile& file);

}  // namespace iceframe::internal
