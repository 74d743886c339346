// SPDX-License-Identifier: Apache-2.0
// What a Parquet column chunk's statistics say, in terms of an Iceberg type.
#pragma once

#include <optional>
#include <string_view>

#include <parquet/metadata.h>
#include <parquet/schema.h>

#include "iceframe/datafile/page_header_internal.h"
#include "iceframe/skipping/evaluators.h"
#include "iceframe/types/type.h"

namespace iceframe::internal {

/// Whether a value that has to be rounded to the type's unit is rounded down or up.
enum class BoundSide : uint8_t { kLower, kUpper };

/// Reads a plain-encoded Parquet minimum or maximum of the column as a value of `type` (to which
/// the column's own type may have been promoted); nullopt where it says nothing reliable (NaN,
/// wrong length, INT96, a type that does not fit).
std::optional<Value> DecodeParquetBound(const parquet::ColumnDescriptor& column, const Type& type,
                                        std::string_view bytes, BoundSide side);

/// The bounds and counts of one data page, of a chunk whose own statistics are reliable.
ColumnBounds PageBounds(const PageHeader& page, const parquet::ColumnDescriptor& column,
                        const Type& type);

/// The bounds and counts of one column chunk; what is unknown is absent. Never throws.
ColumnBounds ChunkBounds(const parquet::ColumnChunkMetaData& chunk,
                         const parquet::ColumnDescriptor& column, const Type& type);

}  // namespace iceframe::internal
