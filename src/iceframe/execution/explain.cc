// SPDX-License-Identifier: Apache-2.0
// Plans with figures beside them: before reading, from manifests; after it, from the operators.
#include <algorithm>
#include <iomanip>
#include <sstream>
#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/execution/query_execution.h"
#include "iceframe/execution/table_read_internal.h"
#include "iceframe/expression/binder.h"
#include "iceframe/expression/rewrite.h"

namespace iceframe {

namespace {

// A line of the tree, the figures below it, the inputs.
struct Line {
  std::string text;
  std::vector<std::string> notes;
  Json json = Json::Object();
  std::vector<Line> inputs;
};

std::string Bytes(int64_t count) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(count);
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
  std::ostringstream text;
  text << std::fixed << std::setprecision(unit == 0 ? 0 : 1) << value << ' ' << kUnits[unit];
  return std::move(text).str();
}

std::string Milliseconds(std::chrono::nanoseconds time) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << static_cast<double>(time.count()) / 1e6 << " ms";
  return std::move(text).str();
}

void AppendLine(const Line& line, size_t depth, std::string* text) {
  const std::string indent(depth * 2, ' ');
  *text += indent + line.text + "\n";
  for (const std::string& note : line.notes) *text += indent + "    " + note + "\n";
  for (const Line& input : line.inputs) AppendLine(input, depth + 1, text);
}

Json ToJson(Line line) {
  Json inputs = Json::Array();
  for (Line& input : line.inputs) inputs.Append(ToJson(std::move(input)));
  Json json = Json::Object();
  json.Add("operation", Json::String(line.text));
  for (auto& [key, value] : line.json.members()) json.Add(key, std::move(value));
  json.Add("inputs", std::move(inputs));
  return json;
}

// -- what counters say -----------------------------------------------------------------------

void AddFileNotes(const OperationCounters& counters, Line* line) {
  const auto count = [&](OperationCount what) { return counters.Get(what); };
  const int64_t by_partition = count(OperationCount::kFilesSkippedByPartition);
  const int64_t by_bounds = count(OperationCount::kFilesSkippedByBounds);
  std::ostringstream files;
  files << "files: " << count(OperationCount::kFilesScanned) << " of "
        << count(OperationCount::kFilesTotal) << " (skipped: " << by_partition << " by partition, "
        << by_bounds << " by bounds); manifests: "
        << count(OperationCount::kManifestsRead) + count(OperationCount::kManifestsFromCache)
        << " of " << count(OperationCount::kManifestsTotal);
  line->notes.push_back(std::move(files).str());
  Json json = Json::Object();
  for (const OperationCount what :
       {OperationCount::kManifestsTotal, OperationCount::kManifestsRead,
        OperationCount::kManifestsFromCache, OperationCount::kManifestsSkippedByPartition,
        OperationCount::kFilesTotal, OperationCount::kFilesSkippedByPartition,
        OperationCount::kFilesSkippedByBounds, OperationCount::kFilesScanned}) {
    json.Add(std::string(ToString(what)), Json::Int(count(what)));
  }
  line->json.Add("planning", std::move(json));
}

void AddReadNotes(const OperationCounters& counters, Line* line) {
  const auto count = [&](OperationCount what) { return counters.Get(what); };
  std::ostringstream text;
  text << "row groups: " << count(OperationCount::kRowGroupsScanned) << " of "
       << count(OperationCount::kRowGroupsTotal)
       << " (skipped: " << count(OperationCount::kRowGroupsSkippedByBounds)
       << " by bounds); rows read: " << count(OperationCount::kRowsScanned)
       << "; data read: " << Bytes(count(OperationCount::kDataBytesRead)) << " in "
       << count(OperationCount::kIoRequests) << " requests";
  line->notes.push_back(std::move(text).str());
  Json json = Json::Object();
  for (const OperationCount what :
       {OperationCount::kRowGroupsTotal, OperationCount::kRowGroupsSkippedByBounds,
        OperationCount::kRowGroupsScanned, OperationCount::kRowsScanned,
        OperationCount::kDataBytesRead, OperationCount::kMetadataBytesRead,
        OperationCount::kIoRequests}) {
    json.Add(std::string(ToString(what)), Json::Int(count(what)));
  }
  line->json.Add("reading", std::move(json));
}

// -- before reading --------------------------------------------------------------------------

struct PlannedFiles {
  int64_t num_files = 0;
  int64_t num_rows = 0;
  int64_t num_bytes = 0;
  int64_t num_row_groups = 0;
  bool is_exact = true;
};

Result<PlannedFiles> PlanScan(const OperationContext& context, const TableRead& read) {
  ICEFRAME_ASSIGN_OR_RETURN(TaskSource tasks, PlanTableScan(context, *read.table, read.options));
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

void AddTable(const ScanNode& scan, Line* line) {
  line->json.Add("table", Json::String(scan.relation->name()));
}

// How many files each predicate of the filter would skip if it were alone.
Status AddPredicates(const OperationContext& context, const ScanNode& scan, const PlanNode& plan,
                     Line* line) {
  Json json = Json::Array();
  for (const Expression& predicate : Conjuncts(scan.filter)) {
    ScanNode alone = scan;
    alone.filter = predicate;
    alone.limit.reset();
    OperationContext own = context;
    own.counters = std::make_shared<OperationCounters>();
    ICEFRAME_RETURN_NOT_OK(PlanScan(own, ToTableRead(alone, *plan.schema)).status());
    const int64_t by_partition = own.counters->Get(OperationCount::kFilesSkippedByPartition);
    const int64_t by_bounds = own.counters->Get(OperationCount::kFilesSkippedByBounds);
    line->notes.push_back("alone, " + predicate.ToString() + " skips " +
                          std::to_string(by_partition + by_bounds) + " of " +
                          std::to_string(own.counters->Get(OperationCount::kFilesTotal)) +
                          " files (" + std::to_string(by_partition) + " by partition, " +
                          std::to_string(by_bounds) + " by bounds)");
    Json entry = Json::Object();
    entry.Add("predicate", Json::String(predicate.ToString()));
    entry.Add("files_skipped_by_partition", Json::Int(by_partition));
    entry.Add("files_skipped_by_bounds", Json::Int(by_bounds));
    json.Append(std::move(entry));
  }
  line->json.Add("predicates", std::move(json));
  return Status::OK();
}

Status DescribeScan(const OperationContext& context, const ScanNode& scan, const PlanNode& plan,
                    Line* line) {
  AddTable(scan, line);
  OperationContext own = context;
  own.counters = std::make_shared<OperationCounters>();
  if (scan.filter.is_false()) {
    line->notes.emplace_back("nothing is read: the filter is never true");
    return Status::OK();
  }
  ICEFRAME_ASSIGN_OR_RETURN(PlannedFiles planned, PlanScan(own, ToTableRead(scan, *plan.schema)));
  AddFileNotes(*own.counters, line);
  line->notes.push_back("rows: " + std::string(planned.is_exact ? "" : "at most ") +
                        std::to_string(planned.num_rows) + "; row groups: about " +
                        std::to_string(planned.num_row_groups) +
                        " before their own statistics; files' size: " + Bytes(planned.num_bytes));
  line->json.Add("rows", Json::Int(planned.num_rows));
  line->json.Add("rows_are_exact", Json::Bool(planned.is_exact));
  line->json.Add("row_groups_estimate", Json::Int(planned.num_row_groups));
  line->json.Add("file_bytes", Json::Int(planned.num_bytes));
  if (scan.filter.is_true()) return Status::OK();
  return AddPredicates(context, scan, plan, line);
}

Result<Line> DescribePlan(const OperationContext& context, const PlanNode& plan) {
  Line line;
  line.text = DescribeOperation(plan);
  if (const auto* scan = plan.as<ScanNode>()) {
    ICEFRAME_RETURN_NOT_OK(DescribeScan(context, *scan, plan, &line));
  }
  for (const PlanPtr& input : plan.inputs) {
    ICEFRAME_ASSIGN_OR_RETURN(Line below, DescribePlan(context, *input));
    line.inputs.push_back(std::move(below));
  }
  return line;
}

// -- after reading ---------------------------------------------------------------------------

std::chrono::nanoseconds OwnTime(const Operator& op) {
  std::chrono::nanoseconds time = op.metrics().total_time;
  for (const auto& input : op.inputs()) time -= input->metrics().total_time;
  return std::max(time, std::chrono::nanoseconds{0});
}

Line DescribeRun(const Operator& op) {
  Line line;
  const OperatorMetrics& metrics = op.metrics();
  line.text = op.name();
  line.notes.push_back("rows: " + std::to_string(metrics.num_rows) +
                       "; time: " + Milliseconds(OwnTime(op)) + " (with inputs " +
                       Milliseconds(metrics.total_time) +
                       "); peak memory: " + Bytes(metrics.peak_bytes));
  line.json.Add("rows", Json::Int(metrics.num_rows));
  line.json.Add("batches", Json::Int(metrics.num_batches));
  line.json.Add("own_time_ns", Json::Int(OwnTime(op).count()));
  line.json.Add("total_time_ns", Json::Int(metrics.total_time.count()));
  line.json.Add("peak_memory_bytes", Json::Int(metrics.peak_bytes));
  if (op.counters() != nullptr) {
    AddFileNotes(*op.counters(), &line);
    AddReadNotes(*op.counters(), &line);
  }
  for (const auto& input : op.inputs()) line.inputs.push_back(DescribeRun(*input));
  return line;
}

// The table, and which predicate skipped what, beside each scan that ran.
Status AddScans(const OperationContext& context, const PlanNode& plan, Line* line) {
  if (const auto* scan = plan.as<ScanNode>()) {
    AddTable(*scan, line);
    if (scan->filter.is_true() || scan->filter.is_false()) return Status::OK();
    return AddPredicates(context, *scan, plan, line);
  }
  // An aggregate that stands for its scan.
  if (line->inputs.empty()) return AddScans(context, *plan.inputs[0], line);
  for (size_t i = 0; i < plan.inputs.size(); ++i) {
    ICEFRAME_RETURN_NOT_OK(AddScans(context, *plan.inputs[i], &line->inputs[i]));
  }
  return Status::OK();
}

Explanation Finish(Line line) {
  Explanation explanation;
  AppendLine(line, 0, &explanation.text);
  explanation.json = ToJson(std::move(line));
  return explanation;
}

}  // namespace

Result<Explanation> ExplainPlan(const OperationContext& context, const PlanPtr& plan) {
  ICEFRAME_ASSIGN_OR_RETURN(Line line, DescribePlan(context, *plan));
  return Finish(std::move(line));
}

Result<Explanation> AnalyzePlan(const OperationContext& context, const PlanPtr& plan) {
  OperatorPtr root = MakeOperators(plan);
  ICEFRAME_RETURN_NOT_OK(root->Open(context));
  while (true) {
    ICEFRAME_ASSIGN_OR_RETURN(auto batch, root->Next());
    if (batch == nullptr) break;
  }
  Line line = DescribeRun(*root);
  ICEFRAME_RETURN_NOT_OK(AddScans(context, *plan, &line));
  return Finish(std::move(line));
}

}  // namespace iceframe
