// SPDX-License-Identifier: Apache-2.0
// Some data files of a table as the relations of queries.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "iceframe/execution/scan_stream.h"
#include "iceframe/format/data_file.h"
#include "iceframe/query/relation.h"
#include "iceframe/table/table.h"

namespace iceframe::internal {

/// The task that reads all of a file's rows for which the filter, bound to the table, is true;
/// counts the file as scanned.
ScanTask TaskOf(const OperationContext& context, const ManifestEntry& file,
                const Expression& filter);

/// A name that no other relation has: changes are read once, and never kept.
std::string UniqueRelationName(std::string_view kind);

/// The rows of the files, without any deletes, with the state's schema.
std::shared_ptr<const Relation> MakeFilesRelation(TableState state,
                                                  std::vector<ManifestEntry> files);

}  // namespace iceframe::internal
