// SPDX-License-Identifier: Apache-2.0
// Whether a filter takes all rows of a data file, by reading them.
#pragma once

#include <memory>

#include "iceframe/io/file_io.h"
#include "iceframe/table/file_match.h"

namespace iceframe {

/// Reads the filter's columns of a file until rows of both kinds were seen, or to its end.
/// `filter`: bound to the metadata's current schema, simplified; null counts as no match.
/// Errors: those of reading; InvalidArgument where the filter fails (overflow, casts).
Result<FileMatch> MatchFileRows(const OperationContext& context, std::shared_ptr<FileIO> io,
                                const TableMetadata& metadata, const DataFile& file,
                                const Expression& filter);

}  // namespace iceframe
