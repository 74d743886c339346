// SPDX-License-Identifier: Apache-2.0
// Keys of data files' answers.
#pragma once

#include <string>
#include <string_view>

#include "iceframe/datafile/data_file_reader.h"
#include "iceframe/execution/file_stream.h"
#include "iceframe/execution/plan_resources.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/planning/scan_task.h"
#include "iceframe/query/logical_plan.h"

namespace iceframe {

/// The answers to what a plan of row by row operations over a scan, or an aggregate over these,
/// does with a file's rows. What the scan itself does is not counted in, as its files' keys have
/// it; names of columns don't matter. `kind`: what the answers are.
WantedAnswers WantAnswers(std::string_view kind, const PlanNode& plan,
                          const PlanResources& resources);

/// All that decides which rows a table's files give when they are read as `options` say: the
/// columns with their types and defaults, and how they are found in a file.
std::string FilesReadKey(const TableMetadata& metadata, const ReadOptions& options);
/// All that decides which rows one file gives: the file, what deletes from it, which of its rows
/// are asked for (the task's residual) and what its partition tells of them.
std::string FileKey(const ScanTask& task, const ReadOptions& options);

}  // namespace iceframe
