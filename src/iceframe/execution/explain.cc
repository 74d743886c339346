// SPDX-License-Identifier: Apache-2.0
// Plans with figures beside them: before reading, from manifests; after it, from the operators.
#include <algorithm>
#include <iomanip>
#include <sstream>
#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/execution/query_execution.h"
#include "iceframe/execution/scan_operator.h"

namespace iceframe {

namespace {

// A line of the tree, the figures below it, the inputs.
struct Line {
  std::string text;
  ExplanationNotes notes;
  std::vector<Line> inputs;
};

std::string Milliseconds(std::chrono::nanoseconds time) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << static_cast<double>(time.count()) / 1e6 << " ms";
  return std::move(text).str();
}

void AppendLine(const Line& line, size_t depth, std::string* text) {
  const std::string indent(depth * 2, ' ');
  *text += indent + line.text + "\n";
  for (const std::string& note : line.notes.lines) *text += indent + "    " + note + "\n";
  for (const Line& input : line.inputs) AppendLine(input, depth + 1, text);
}

Json ToJson(Line line) {
  Json inputs = Json::Array();
  for (Line& input : line.inputs) inputs.Append(ToJson(std::move(input)));
  Json json = Json::Object();
  json.Add("operation", Json::String(line.text));
  for (auto& [key, value] : line.notes.figures.members()) json.Add(key, std::move(value));
  json.Add("inputs", std::move(inputs));
  return json;
}

// -- before reading --------------------------------------------------------------------------

// What the operators of a plan will offer to its scans, as they do when they are opened.
std::optional<FirstRows> OfferedTo(const PlanNode& plan, size_t i, std::optional<FirstRows> first) {
  if (const auto* sort = plan.as<SortNode>()) {
    const SortKey& key = sort->keys[0];
    if (!sort->fetch || key.expression.as<ColumnNode>() == nullptr) return std::nullopt;
    return FirstRows{key.expression, key.descending, key.nulls_last, *sort->fetch};
  }
  if (!first) return std::nullopt;
  if (plan.as<UnionNode>() != nullptr) {
    auto over = OverUnionInput(plan, i, first->key);
    if (!over || over->as<ColumnNode>() == nullptr) return std::nullopt;
    first->key = *std::move(over);
    return first;
  }
  const bool is_handed_on =
      plan.as<ProjectNode>() != nullptr && internal::IsOver(first->key, *plan.inputs[i]->schema);
  return is_handed_on ? first : std::nullopt;
}

Status DescribeScan(const OperationContext& context, const ScanNode& scan,
                    const std::shared_ptr<const Schema>& schema,
                    const std::optional<FirstRows>& first, ExplanationNotes* notes) {
  ICEFRAME_ASSIGN_OR_RETURN(const RelationSource* source, SourceOf(scan));
  OperationContext own = context;
  own.counters = std::make_shared<OperationCounters>();
  ICEFRAME_ASSIGN_OR_RETURN(RelationRead read, ToRelationRead(scan, schema));
  if (first && !scan.limit) {
    read.first = first;
    read.first->key = OverRelation(scan, first->key);
  }
  return source->ExplainRead(own, read, notes);
}

Result<Line> DescribePlan(const OperationContext& context, const PlanNode& plan,
                          const std::optional<FirstRows>& first = std::nullopt) {
  Line line;
  line.text = DescribeOperation(plan);
  if (const auto* scan = plan.as<ScanNode>()) {
    ICEFRAME_RETURN_NOT_OK(DescribeScan(context, *scan, plan.schema, first, &line.notes));
  }
  for (size_t i = 0; i < plan.inputs.size(); ++i) {
    ICEFRAME_ASSIGN_OR_RETURN(Line below,
                              DescribePlan(context, *plan.inputs[i], OfferedTo(plan, i, first)));
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
  line.notes.lines.push_back("rows: " + std::to_string(metrics.num_rows) +
                             "; time: " + Milliseconds(OwnTime(op)) + " (with inputs " +
                             Milliseconds(metrics.total_time) +
                             "); peak memory: " + ByteText(metrics.peak_bytes));
  line.notes.figures.Add("rows", Json::Int(metrics.num_rows));
  line.notes.figures.Add("batches", Json::Int(metrics.num_batches));
  line.notes.figures.Add("own_time_ns", Json::Int(OwnTime(op).count()));
  line.notes.figures.Add("total_time_ns", Json::Int(metrics.total_time.count()));
  line.notes.figures.Add("peak_memory_bytes", Json::Int(metrics.peak_bytes));
  for (const auto& input : op.inputs()) line.inputs.push_back(DescribeRun(*input));
  return line;
}

// What each relation says of the read that ran.
Status AddReads(const OperationContext& context, const PlanNode& plan, const Operator& op,
                Line* line) {
  if (const auto* scan = plan.as<ScanNode>()) {
    ICEFRAME_ASSIGN_OR_RETURN(const RelationSource* source, SourceOf(*scan));
    ICEFRAME_ASSIGN_OR_RETURN(const RelationRead read, ToRelationRead(*scan, plan.schema));
    return source->ExplainDone(context, read, *op.counters(), &line->notes);
  }
  // An aggregate that stands for its scan.
  if (op.inputs().empty()) return AddReads(context, *plan.inputs[0], op, line);
  for (size_t i = 0; i < plan.inputs.size(); ++i) {
    ICEFRAME_RETURN_NOT_OK(AddReads(context, *plan.inputs[i], *op.inputs()[i], &line->inputs[i]));
  }
  return Status::OK();
}

Json TextsOf(const std::vector<std::string>& texts) {
  Json json = Json::Array();
  for (const std::string& text : texts) json.Append(Json::String(text));
  return json;
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

Result<Explanation> AnalyzePlan(const OperationContext& context, const PlanPtr& plan,
                                const PlanResources& resources) {
  OperatorPtr root = MakeOperators(plan, resources);
  ICEFRAME_RETURN_NOT_OK(root->Open(context));
  while (true) {
    ICEFRAME_ASSIGN_OR_RETURN(auto batch, root->Next());
    if (batch == nullptr) break;
  }
  Line line = DescribeRun(*root);
  ICEFRAME_RETURN_NOT_OK(AddReads(context, *plan, *root, &line));
  return Finish(std::move(line));
}

void AppendRules(const std::vector<RuleEffect>& effects, Explanation* explanation) {
  Json json = Json::Array();
  for (const RuleEffect& effect : effects) {
    explanation->text += "rule " + std::string(effect.rule) + ":\n";
    for (const std::string& line : effect.before) explanation->text += "  - " + line + "\n";
    for (const std::string& line : effect.after) explanation->text += "  + " + line + "\n";
    for (const std::string& line : effect.reasons) explanation->text += "  because: " + line + "\n";
    Json entry = Json::Object();
    entry.Add("rule", Json::String(std::string(effect.rule)));
    entry.Add("before", TextsOf(effect.before));
    entry.Add("after", TextsOf(effect.after));
    if (!effect.reasons.empty()) entry.Add("reasons", TextsOf(effect.reasons));
    json.Append(std::move(entry));
  }
  explanation->json.Add("rules", std::move(json));
}

}  // namespace iceframe
