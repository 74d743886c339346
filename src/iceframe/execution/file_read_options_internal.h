// SPDX-License-Identifier: Apache-2.0
// What reading a data file takes from its table.
#pragma once

#include <memory>

#include "iceframe/datafile/data_file_reader.h"
#include "iceframe/execution/table_scan.h"
#include "iceframe/format/table_metadata.h"

namespace iceframe {

/// How files are read as `projection`: with the table's name mapping, all rows.
Result<ReadOptions> FileReadOptions(const TableMetadata& metadata,
                                    std::shared_ptr<const Schema> projection);
/// Adds values that the file's rows have in common: identity partition values of columns, which
/// files that other tools added may lack, and those of metadata columns.
void AddFileConstants(const TableMetadata& metadata, const DataFile& file, ReadOptions* options);

/// How a scan reads its files, but for what each task says: its filter is the whole scan's.
Result<ReadOptions> TableReadOptions(const TableState& state, const TableScanOptions& options);

}  // namespace iceframe
