// SPDX-License-Identifier: Apache-2.0
// How many rows the files hold that a filter leaves, for plans to be chosen by.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/io/file_io.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/types/schema.h"

namespace iceframe {

struct RowsInFilesOptions {
  std::shared_ptr<const TableMetadata> metadata;
  /// One of the metadata's.
  const Snapshot* snapshot = nullptr;
  std::shared_ptr<const Schema> schema;
  /// Bound to the schema and simplified.
  Expression filter;
};

/// Returns the rows of the data files that a scan would not skip, deleted rows included; nullopt
/// where manifests don't count theirs.
///
/// Reads the manifest list, then as many manifests as are few and small, which a scan reads too;
/// of more, the counts beside their partition summaries are taken.
/// Errors: those of reading; Cancelled.
Result<std::optional<int64_t>> CountRowsInFiles(const OperationContext& context, FileIO& io,
                                                const RowsInFilesOptions& options);

}  // namespace iceframe
