// SPDX-License-Identifier: Apache-2.0
// Metadata files: reading (cached by location, immutable) and writing.
#pragma once

#include <memory>
#include <string>

#include "iceframe/base/result.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/io/file_io.h"

namespace iceframe {

/// Reads and parses a metadata file ("….metadata.json", gzip by name or content); parsed metadata
/// is shared per location, in the memory budget.
Result<std::shared_ptr<const TableMetadata>> ReadTableMetadata(const OperationContext& context,
                                                               FileIO& io,
                                                               const std::string& location);

/// Writes metadata to a new file "{location}/metadata/{version:05}-{uuid}.metadata.json" (or below
/// write.metadata.path; gzip by write.metadata.compression-codec) and returns where.
/// `base_location` gives the version to count from; empty: 0.
Result<std::string> WriteTableMetadata(const OperationContext& context, FileIO& io,
                                       const TableMetadata& metadata,
                                       const std::string& base_location);

}  // namespace iceframe
