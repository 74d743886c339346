// SPDX-License-Identifier: Apache-2.0
// A manifest entry's metrics from a Parquet footer. Spec: "Manifests", data_file.
#pragma once

#include <map>
#include <vector>

#include <arrow/type_fwd.h>
#include <parquet/metadata.h>

#include "iceframe/datafile/array_form_internal.h"
#include "iceframe/datafile/parquet_file_writer_internal.h"
#include "iceframe/format/data_file.h"

namespace iceframe::internal {

/// The visible NaNs of the float or double column that `path` leads to through structs.
Result<int64_t> CountNans(const arrow::RecordBatch& batch, const std::vector<int>& path,
                          arrow::MemoryPool* pool);

/// Counts, sizes, bounds and split offsets by each column's mode. Bounds only of columns that are
/// in no list or map; one whose statistics are incomplete has none.
Result<DataFile> MakeFileMetrics(const parquet::FileMetaData& metadata,
                                 const ParquetWriteSetup& setup,
                                 const std::map<FieldId, int64_t>& nan_counts);

}  // namespace iceframe::internal
