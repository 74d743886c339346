// SPDX-License-Identifier: Apache-2.0
// How much of a data file a row filter takes.
#pragma once

#include <cstdint>
#include <functional>

#include "iceframe/expression/expression.h"
#include "iceframe/format/data_file.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// Of a file's rows: none, all, or some and not others.
enum class FileMatch : uint8_t { kNone, kSome, kAll };

/// Tells it by reading the file's rows, deleted ones included. `filter` is bound to the current
/// schema of the metadata and simplified.
using FileRowsMatcher = std::function<Result<FileMatch>(
    const OperationContext&, const TableMetadata&, const DataFile&, const Expression& filter)>;

}  // namespace iceframe
