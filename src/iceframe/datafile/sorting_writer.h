// SPDX-License-Identifier: Apache-2.0
// Batches in any order in, data files in the table's sort order out. Spec: "Sorting".
#pragma once

#include <memory>

#include "iceframe/base/result.h"
#include "iceframe/datafile/data_file_writer.h"
#include "iceframe/format/sort_order.h"

namespace iceframe {

/// A writer whose every file is sorted as a whole and says so by `order`'s id.
///
/// Rows are gathered up to `options.max_open_bytes` in memory (an eighth of the memory limit where
/// that is less), sorted, and written to files of their own: a longer stream gives several files a
/// partition, each sorted. Rows of equal keys keep their order. An order that no rows can be put
/// in (unsorted, a dropped column, an unknown transform) gives a plain writer without an order's
/// id.
/// Errors: those of MakeDataFileWriter.
Result<std::unique_ptr<DataFileWriter>> MakeSortingWriter(const OperationContext& context,
                                                          std::shared_ptr<FileIO> io,
                                                          WriteOptions options,
                                                          const SortOrder& order);

}  // namespace iceframe
