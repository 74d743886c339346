// SPDX-License-Identifier: Apache-2.0
// What a manifest tells of how much of its files a row filter takes.
#pragma once

#include <vector>

#include "iceframe/expression/expression.h"
#include "iceframe/format/columnar_manifest.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/table/file_match.h"

namespace iceframe::internal {

/// Tells it by partition and column bounds, which is all that manifests know: kSome is then
/// "perhaps some". `filter` is bound to the table's current schema and simplified. Item i is about
/// entry i; entries that are not live are kNone.
Result<std::vector<FileMatch>> MatchFiles(const TableMetadata& metadata, const Expression& filter,
                                          const ManifestFile& file,
                                          const ColumnarManifest& manifest);

/// Whether any file of the manifest may hold a matching row, by its partition summary.
Result<bool> ManifestMayHoldMatches(const TableMetadata& metadata, const Expression& filter,
                                    const ManifestFile& file);

}  // namespace iceframe::internal
