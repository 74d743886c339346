// SPDX-License-Identifier: Apache-2.0
// What reading a data file takes from its table.
#pragma once

#include <memory>

#include "iceframe/datafile/data_file_reader.h"
#include "iceframe/format/table_metadata.h"

namespace iceframe {

/// How files are read as `projection`: with the table's name mapping, all rows.
Result<ReadOptions> FileReadOptions(const TableMetadata& metadata,
                                    std::shared_ptr<const Schema> projection);
/// Adds identity partition values of columns: files that other tools added may lack such columns.
void AddPartitionConstants(const TableMetadata& metadata, const DataFile& file,
                           ReadOptions* options);

}  // namespace iceframe
