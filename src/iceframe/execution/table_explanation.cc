// SPDX-License-Identifier: Apache-2.0
// What scans of tables cost: before reading, from manifests; after it, from counters.
#include <algorithm>
#include <initializer_list>
#include <sstream>
#include <utility>

#include "iceframe/catalog/catalog_counters.h"
#include "iceframe/datafile/datafile_counters.h"
#include "iceframe/execution/execution_counters.h"
#include "iceframe/execution/table_source_internal.h"
#include "iceframe/expression/rewrite.h"
#include "iceframe/io/io_counters.h"
#include "iceframe/planning/planning_counters.h"
#include "iceframe/table/table_counters.h"

namespace iceframe {

namespace {

// -- what counters say -----------------------------------------------------------------------

void AddFileNotes(const OperationCounters& counters, OperationCount files_read,
                  ExplanationNotes* notes) {
  const auto count = [&](OperationCount what) { return counters.Get(what); };
  const int64_t by_partition = count(PlanningCount::kFilesSkippedByPartition);
  const int64_t by_bounds = count(PlanningCount::kFilesSkippedByBounds);
  std::ostringstream files;
  files << "files: " << count(files_read) << " of " << count(PlanningCount::kFilesTotal)
        << " (skipped: " << by_partition << " by partition, " << by_bounds << " by bounds";
  const int64_t by_first_rows = count(PlanningCount::kFilesSkippedByFirstRows);
  if (by_first_rows > 0) files << ", " << by_first_rows << " by first rows";
  const int64_t num_answered = count(ExecutionCount::kFilesAnsweredFromCache);
  if (num_answered > 0) files << "; answered from the cache: " << num_answered;
  files << "); manifests: "
        << count(TableCount::kManifestsRead) + count(TableCount::kManifestsFromCache) << " of "
        << count(PlanningCount::kManifestsTotal);
  notes->lines.push_back(std::move(files).str());
  Json json = Json::Object();
  for (const OperationCount what : std::initializer_list<OperationCount>{
           PlanningCount::kManifestsTotal, TableCount::kManifestsRead,
           TableCount::kManifestsFromCache, PlanningCount::kManifestsSkippedByPartition,
           PlanningCount::kFilesTotal, PlanningCount::kFilesSkippedByPartition,
           PlanningCount::kFilesSkippedByBounds, PlanningCount::kFilesSkippedByFirstRows,
           ExecutionCount::kFilesAnsweredFromCache}) {
    json.Add(std::string(what.name()), Json::Int(count(what)));
  }
  json.Add("files_scanned", Json::Int(count(files_read)));
  notes->figures.Add("planning", std::move(json));
}

void AddReadNotes(const OperationCounters& counters, ExplanationNotes* notes) {
  const auto count = [&](OperationCount what) { return counters.Get(what); };
  std::ostringstream text;
  text << "row groups: " << count(DataFileCount::kRowGroupsScanned) << " of "
       << count(DataFileCount::kRowGroupsTotal)
       << " (skipped: " << count(DataFileCount::kRowGroupsSkippedByBounds) << " by bounds";
  const int64_t num_by_bloom = count(DataFileCount::kRowGroupsSkippedByBloom);
  if (num_by_bloom > 0) text << ", " << num_by_bloom << " by bloom filter";
  const int64_t num_by_dictionary = count(DataFileCount::kRowGroupsSkippedByDictionary);
  if (num_by_dictionary > 0) text << ", " << num_by_dictionary << " by dictionary";
  text << "); rows read: " << count(DataFileCount::kRowsScanned)
       << "; data read: " << ByteText(count(DataFileCount::kDataBytesRead)) << " in "
       << count(IoCount::kIoRequests) << " requests";
  notes->lines.push_back(std::move(text).str());
  Json json = Json::Object();
  for (const OperationCount what : std::initializer_list<OperationCount>{
           DataFileCount::kRowGroupsTotal, DataFileCount::kRowGroupsSkippedByBounds,
           DataFileCount::kRowGroupsSkippedByBloom, DataFileCount::kRowGroupsSkippedByDictionary,
           DataFileCount::kRowGroupsScanned, DataFileCount::kRowsScanned,
           DataFileCount::kDataBytesRead, CatalogCount::kMetadataBytesRead, IoCount::kIoRequests}) {
    json.Add(std::string(what.name()), Json::Int(count(what)));
  }
  notes->figures.Add("reading", std::move(json));
}

// -- before reading --------------------------------------------------------------------------

struct PlannedFiles {
  int64_t num_files = 0;
  int64_t num_rows = 0;
  int64_t num_bytes = 0;
  int64_t num_row_groups = 0;
  bool is_exact = true;
};

Result<PlannedFiles> PlanRead(const OperationContext& context, const TableSide& side,
                              const RelationRead& read) {
  TableScanOptions options{read};
  options.with_statistics = read.first.has_value();
  ICEFRAME_ASSIGN_OR_RETURN(TaskSource tasks, PlanTableScan(context, side.state, options));
  if (read.first) tasks = TasksOfFirstRows(std::move(tasks), *read.first);
  PlannedFiles planned;
  while (true) {
    ICEFRAME_ASSIGN_OR_RETURN(std::optional<ScanTask> task, tasks(context));
    if (!task) return planned;
    ++planned.num_files;
    planned.num_rows += task->data_file.record_count;
    planned.num_bytes += task->data_file.file_size_in_bytes;
    planned.num_row_groups +=
        std::max<int64_t>(1, static_cast<int64_t>(task->data_file.split_offsets.size()));
    planned.is_exact = planned.is_exact && task->residual.is_true() && task->delete_files.empty();
  }
}

// How many files each predicate of the filter would skip if it were alone.
Status AddPredicates(const OperationContext& context, const TableSide& side,
                     const RelationRead& read, ExplanationNotes* notes) {
  Json json = Json::Array();
  for (const Expression& predicate : Conjuncts(read.rows.filter)) {
    RelationRead alone = read;
    alone.rows.filter = predicate;
    alone.rows.limit.reset();
    alone.first.reset();
    OperationContext own = context;
    own.counters = std::make_shared<OperationCounters>();
    ICEFRAME_RETURN_NOT_OK(PlanRead(own, side, alone).status());
    const int64_t by_partition = own.counters->Get(PlanningCount::kFilesSkippedByPartition);
    const int64_t by_bounds = own.counters->Get(PlanningCount::kFilesSkippedByBounds);
    notes->lines.push_back("alone, " + predicate.ToString() + " skips " +
                           std::to_string(by_partition + by_bounds) + " of " +
                           std::to_string(own.counters->Get(PlanningCount::kFilesTotal)) +
                           " files (" + std::to_string(by_partition) + " by partition, " +
                           std::to_string(by_bounds) + " by bounds)");
    Json entry = Json::Object();
    entry.Add("predicate", Json::String(predicate.ToString()));
    entry.Add("files_skipped_by_partition", Json::Int(by_partition));
    entry.Add("files_skipped_by_bounds", Json::Int(by_bounds));
    json.Append(std::move(entry));
  }
  notes->figures.Add("predicates", std::move(json));
  return Status::OK();
}

}  // namespace

Status ExplainTableRead(const OperationContext& context, const TableSide& side,
                        const RelationRead& read, ExplanationNotes* notes) {
  notes->figures.Add("table", Json::String(side.name));
  if (read.rows.filter.is_false()) {
    notes->lines.emplace_back("nothing is read: the filter is never true");
    return Status::OK();
  }
  ICEFRAME_ASSIGN_OR_RETURN(const PlannedFiles planned, PlanRead(context, side, read));
  AddFileNotes(*context.counters, PlanningCount::kFilesPlanned, notes);
  notes->lines.push_back(
      "rows: " + std::string(planned.is_exact ? "" : "at most ") +
      std::to_string(planned.num_rows) + "; row groups: about " +
      std::to_string(planned.num_row_groups) +
      " before their own statistics; files' size: " + ByteText(planned.num_bytes));
  notes->figures.Add("rows", Json::Int(planned.num_rows));
  notes->figures.Add("rows_are_exact", Json::Bool(planned.is_exact));
  notes->figures.Add("row_groups_estimate", Json::Int(planned.num_row_groups));
  notes->figures.Add("file_bytes", Json::Int(planned.num_bytes));
  if (read.rows.filter.is_true()) return Status::OK();
  return AddPredicates(context, side, read, notes);
}

Status ExplainTableDone(const OperationContext& context, const TableSide& side,
                        const RelationRead& read, const OperationCounters& counters,
                        ExplanationNotes* notes) {
  AddFileNotes(counters, DataFileCount::kFilesScanned, notes);
  AddReadNotes(counters, notes);
  notes->figures.Add("table", Json::String(side.name));
  if (read.rows.filter.is_true() || read.rows.filter.is_false()) return Status::OK();
  return AddPredicates(context, side, read, notes);
}

}  // namespace iceframe
