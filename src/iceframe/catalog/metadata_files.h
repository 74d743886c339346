// SPDX-License-Identifier: Apache-2.0
// Metadata files: reading (cached by location, immutable) and writing.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "iceframe/base/result.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/io/file_io.h"

namespace iceframe {

/// Reads and parses a metadata file ("….metadata.json", gzip by content). What is named by version
/// and uuid is parsed once and shared by the process, in the memory budget, until a later version
/// of the table takes its place. Errors: those of FileIO; InvalidMetadata; ResourceExhausted for a
/// file that is, or inflates to, more than the setting metadata.max_size.
Result<std::shared_ptr<const TableMetadata>> ReadTableMetadata(const OperationContext& context,
                                                               FileIO& io,
                                                               const std::string& location);

/// Writes metadata to a new file "{location}/metadata/{version:05}-{uuid}.metadata.json" (or below
/// write.metadata.path; ".gz.metadata.json" by write.metadata.compression-codec) and returns where.
/// `base_location` gives the version to count from; empty: the first, 0.
Result<std::string> WriteTableMetadata(const OperationContext& context, FileIO& io,
                                       const std::shared_ptr<const TableMetadata>& metadata,
                                       const std::string& base_location);

/// Drops what is kept of a file that no table came to point at.
void ForgetTableMetadata(const std::string& location);

/// Estimates the memory that parsed metadata takes per byte of its text, snapshots included.
inline constexpr int64_t kMetadataBytesPerTextByte = 3;

/// Returns the version in a metadata file's name ("…/00003-<uuid>.metadata.json" → 3), or -1 for
/// another form of name.
int64_t MetadataVersionOf(std::string_view metadata_location);

}  // namespace iceframe
