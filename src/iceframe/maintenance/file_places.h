// SPDX-License-Identifier: Apache-2.0
// Telling files apart whatever way their locations are written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/io/file_io.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// Returns a text that is the same for all spellings of one location: "/a//b", "file:/a/b" and
/// "file:///a/b"; "s3a://b/k" and "s3://b/k". What is no location is its own.
std::string PlaceOf(std::string_view location);

/// The place without its scheme: equal for locations that a changed scheme alone tells apart.
std::string_view PathOfPlace(std::string_view place);

/// Whether a place is a folder's, or below it.
bool IsBelow(std::string_view place, std::string_view folder);

/// The folders that a table's files are made in: its location, and where its properties
/// write.data.path and write.metadata.path say. As places.
std::vector<std::string> FoldersOf(const TableMetadata& metadata);

/// Deletes files, several at once; returns those that could not be deleted, which are logged too.
/// Goes on after a failure; ends early, with the rest returned, when cancelled.
std::vector<std::string> DeleteFiles(const OperationContext& context, FileIO& io,
                                     const std::vector<std::string>& locations, int max_parallel);

}  // namespace iceframe
